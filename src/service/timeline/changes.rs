use std::collections::BTreeMap;

use crate::service::Json;
use crate::service::leads::Lead;
use crate::service::timeline::FieldChange;

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
