use std::collections::BTreeMap;

use uuid::Uuid;

use crate::service::leads::Lead;
use crate::service::{Json, UserId};

/// One field that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The field's API name.
    pub field: String,
    /// Its value before; null if there was none.
    pub before: Json,
    /// Its value after; null if there is none.
    pub after: Json,
}

/// The fields that every write changes, and those that never change: no news in the timeline.
const SILENT: [&str; 3] = ["id", "updatedAt", "version"];

/// The fields in which a lead differs from what it was; of a new lead, all that have a value.
pub(crate) fn changes(before: Option<&Lead>, after: &Lead) -> Vec<FieldChange> {
    let before = before.map(fields).unwrap_or_default();
    fields(after)
        .into_iter()
        .filter(|(field, _)| !SILENT.contains(&field.as_str()))
        .filter_map(|(field, new)| {
            let old = before.get(&field).cloned().unwrap_or_default();
            (old != new).then_some(FieldChange {
                field,
                before: old,
                after: new,
            })
        })
        .collect()
}

impl FieldChange {
    /// The changes as they are stored, an object by field: the values before and after; or, where there
    /// was none before, the one after alone, unless that is a list itself. Of all that is kept about a
    /// new lead its timeline is the largest part.
    pub fn to_json(changes: &[Self]) -> Json {
        let stored = changes.iter().map(|change| {
            let is_alone = change.before.is_null() && !change.after.is_array();
            let values = match is_alone {
                true => change.after.clone(),
                false => Json::of(&[&change.before, &change.after]),
            };
            (change.field.as_str(), values)
        });
        Json::of(&stored.collect::<BTreeMap<_, _>>())
    }

    /// The changes that are stored, in the order of the fields' names.
    pub fn from_json(stored: &Json) -> Vec<Self> {
        let stored: BTreeMap<String, Json> =
            serde_json::from_str(stored.as_str()).unwrap_or_default();
        let change = |(field, values): (String, Json)| {
            let [before, after] =
                serde_json::from_str(values.as_str()).unwrap_or_else(|_| [Json::default(), values]);
            Self {
                field,
                before,
                after,
            }
        };
        stored.into_iter().map(change).collect()
    }

    /// The user whom a value of this field names, if it is such a field.
    pub fn user_in(&self, value: &Json) -> Option<UserId> {
        if self.field != "assignedTo" {
            return None;
        }
        serde_json::from_str::<Uuid>(value.as_str())
            .ok()
            .map(UserId)
    }
}

/// Makes the changes on a lead's fields, by their API names: replayed in the order of their
/// positions, a lead's changes give its present fields.
pub fn replay<'a>(
    fields: &mut BTreeMap<String, Json>,
    changes: impl IntoIterator<Item = &'a FieldChange>,
) {
    for change in changes {
        fields.insert(change.field.clone(), change.after.clone());
    }
}

/// The fields of a lead by their API names.
pub(crate) fn fields(lead: &Lead) -> BTreeMap<String, Json> {
    serde_json::from_str(Json::of(lead).as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::FieldChange;
    use crate::service::Json;

    #[test]
    fn what_is_stored_tells_each_change() {
        let change = |field: &str, before: &str, after: &str| FieldChange {
            field: field.to_owned(),
            before: Json::of_text(before),
            after: Json::of_text(after),
        };
        for (changes, stored) in [
            (vec![], "{}"),
            (
                vec![change("company", "null", r#""Acme""#)],
                r#"{"company":"Acme"}"#,
            ),
            (
                vec![change("leadScore", "7", "8")],
                r#"{"leadScore":[7,8]}"#,
            ),
            (
                vec![change("phone", r#""+1""#, "null")],
                r#"{"phone":["+1",null]}"#,
            ),
            (
                vec![change("tags", "null", r#"["a","b"]"#)],
                r#"{"tags":[null,["a","b"]]}"#,
            ),
            (
                vec![change("customFields", "null", r#"{"a":[1,2]}"#)],
                r#"{"customFields":{"a":[1,2]}}"#,
            ),
            (
                vec![
                    change("customFields", r#"{"a":1}"#, "{}"),
                    change("status", r#""NEW""#, r#""WON""#),
                ],
                r#"{"customFields":[{"a":1},{}],"status":["NEW","WON"]}"#,
            ),
        ] {
            let json = FieldChange::to_json(&changes);
            assert_eq!(json.as_str(), stored);
            assert_eq!(FieldChange::from_json(&json), changes, "{stored}");
        }
    }
}
