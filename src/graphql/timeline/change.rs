use async_graphql::parser::types::Field;
use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::graphql::error::answer;
use crate::graphql::execute::sync_object::SyncObject;
use crate::graphql::json::JsonValue;
use crate::graphql::loaders::Loaders;
use crate::graphql::objects::{Change, Lead, User};
use crate::graphql::timeline::{Position, entry};
use crate::service::Json;
use crate::service::timeline;

impl SyncObject for Change {
    type Child = User;

    fn is_ready(&self, field: &Field) -> bool {
        !matches!(field.name.node.as_str(), "by" | "lead" | "changes")
    }
}

/// A change of a lead, recorded in the same transaction as the change. The first one of a lead has all
/// its initial values.
#[Object]
impl Change {
    /// The change's id.
    pub async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The change's position in the log of all leads: `timeline(after: …)` returns later entries.
    pub async fn position(&self) -> Position {
        Position(self.0.position)
    }

    /// The time of the change.
    pub async fn at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The user who made it; null if the system did.
    pub async fn by(&self, ctx: &Context<'_>) -> Option<User> {
        entry::by(ctx, &self.0).await
    }

    /// The lead that changed; null if the viewer may no longer see it.
    pub async fn lead(&self, ctx: &Context<'_>) -> Option<Lead> {
        entry::lead(ctx, &self.0).await
    }

    /// The fields that changed, at least one.
    async fn changes(&self) -> Vec<FieldChange> {
        self.0.changes().into_iter().map(FieldChange).collect()
    }
}

/// A changed field.
pub struct FieldChange(timeline::FieldChange);

/// A changed field.
#[Object]
impl FieldChange {
    /// The name of the lead's field.
    async fn field(&self) -> &str {
        &self.0.field
    }

    /// Its value before; null if there was none.
    async fn before(&self, ctx: &Context<'_>) -> Option<FieldValue> {
        self.value(ctx, &self.0.before).await
    }

    /// Its value after; null if there is none.
    async fn after(&self, ctx: &Context<'_>) -> Option<FieldValue> {
        self.value(ctx, &self.0.after).await
    }
}

impl FieldChange {
    async fn value(&self, ctx: &Context<'_>, value: &Json) -> Option<FieldValue> {
        if value.is_null() {
            return None;
        }
        let user = self.0.user_in(value);
        let user = user.filter(|_| ctx.look_ahead().field("display").exists());
        let user = match user {
            Some(id) => answer(ctx, ctx.data_unchecked::<Loaders>().load_one(id).await)?,
            None => None,
        };
        Some(FieldValue {
            value: JsonValue(value.clone()),
            display: user.map_or_else(|| text(value), |user| user.full_name.clone()),
        })
    }
}

/// A value of a field.
#[derive(SimpleObject)]
pub struct FieldValue {
    /// The value as in the lead; for a user the id.
    value: JsonValue,
    /// The value as text to show: for a user the name, which every viewer of the lead may read; tags
    /// separated by commas; a time in RFC 3339; an enum value by its name; anything else as JSON.
    display: String,
}

fn text(value: &Json) -> String {
    let json = value.as_str();
    if let Ok(text) = serde_json::from_str(json) {
        return text;
    }
    match serde_json::from_str::<Vec<String>>(json) {
        Ok(items) => items.join(", "),
        Err(_) => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::text;

    #[test]
    fn a_value_is_shown_as_a_text() {
        for (value, shown) in [
            (json!("NEGOTIATION"), "NEGOTIATION"),
            (json!("2031-05-02T10:00:00Z"), "2031-05-02T10:00:00Z"),
            (json!(70), "70"),
            (json!(0.25), "0.25"),
            (json!(true), "true"),
            (json!(["fleet", "hot"]), "fleet, hot"),
            (json!([]), ""),
            (json!({ "trucks": [40, 2] }), r#"{"trucks":[40,2]}"#),
        ] {
            assert_eq!(text(&value.into()), shown);
        }
    }
}
