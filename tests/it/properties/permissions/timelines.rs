//! The timeline of a lead that the viewer sees: every entry, its author, and back to the lead.

use serde_json::{Value, json};

use crm::service::Json;
use crm::service::leads::Lead;
use crm::service::timeline::{Entry, EntryType, FieldChange};

use crate::properties::same;

use super::codes::column;
use super::objects::manager_of;
use super::viewer::Viewer;

/// The selected timeline of a lead, as a template.
pub(super) const TIMELINE: &str = "
    timeline(first: 100) { nodes { __typename ...entry ... on Note { earlierVersion { id } }
        ... on Change { changes { field before { value display } after { value display } } } }
        edges { node { id } } pageInfo { hasNextPage } }
    notes(first: 100) { nodes { __typename ...entry earlierVersion { id } }
        edges { node { id } } pageInfo { hasNextPage } }";

/// The selected fields of an entry.
pub(super) const ENTRY: &str = "fragment entry on TimelineEntry { id lead { id } by { id email role isActive manager { id } } }";

pub(super) fn check(viewer: Viewer<'_>, lead: &Value, fact: &Lead) -> Result<(), String> {
    let replaced = viewer.population.replaced();
    let entries = viewer.population.log.iter().rev();
    let entries = entries.filter(|entry| entry.lead_id == fact.id);
    let entries: Vec<&Entry> = entries
        .filter(|entry| !replaced.contains_key(&entry.id))
        .collect();
    let is_note = |entry: &&Entry| entry.entry_type != EntryType::Change;
    let notes: Vec<&Entry> = entries.iter().copied().filter(is_note).collect();
    for (what, expected) in [("timeline", entries), ("notes", notes)] {
        let expected: Vec<Value> = expected
            .into_iter()
            .map(|entry| as_told(viewer, entry))
            .collect();
        let ids: Vec<Value> = expected.iter().map(|entry| entry["id"].clone()).collect();
        let list = &lead[what];
        same(what, column(&list["edges"], "/node/id"), ids)?;
        same(
            what,
            list["pageInfo"].clone(),
            json!({ "hasNextPage": false }),
        )?;
        same(what, list["nodes"].clone(), Value::Array(expected))?;
    }
    Ok(())
}

fn as_told(viewer: Viewer<'_>, entry: &Entry) -> Value {
    let author = entry.author_id.map(|id| viewer.population.person(id));
    let manager = author.and_then(|author| manager_of(viewer, author));
    let mut told = json!({
        "id": entry.id,
        "lead": { "id": entry.lead_id },
        "by": author.map(|index| &viewer.population.people[index]).map(|person| json!({
            "id": person.id,
            "email": viewer.reaches(Some(person.id)).then_some(&person.signed.email),
            "role": viewer.reaches(Some(person.id)).then_some(person.role),
            "isActive": viewer.reaches(Some(person.id)).then_some(person.is_active),
            "manager": manager.map(|index| json!({ "id": viewer.population.people[index].id })),
        })),
    });
    if entry.entry_type == EntryType::Change {
        let changes = entry.changes();
        told["__typename"] = json!("Change");
        told["changes"] = changes
            .iter()
            .map(|change| change_as_told(viewer, change))
            .collect();
    } else {
        told["__typename"] = json!("Note");
        told["earlierVersion"] = json!(entry.replaces_id.map(|id| json!({ "id": id })));
    }
    told
}

/// Everybody who sees a lead reads the names of those who had it.
fn change_as_told(viewer: Viewer<'_>, change: &FieldChange) -> Value {
    let display = |value: &Value, json: &Json| match value {
        Value::String(id) if change.field == "assignedTo" => {
            let id = id.parse().expect("a user's id");
            let person = viewer.population.person(crm::service::UserId(id));
            viewer.population.people[person].name.to_owned()
        }
        Value::String(text) => text.clone(),
        Value::Array(tags) => {
            let tags: Vec<&str> = tags.iter().map(|tag| tag.as_str().unwrap()).collect();
            tags.join(", ")
        }
        // As jsonb writes it: shorter keys first.
        _ => json.as_str().to_owned(),
    };
    let side = |json: &Json| match json.as_str().parse().unwrap() {
        Value::Null => Value::Null,
        value => json!({ "value": value, "display": display(&value, json) }),
    };
    json!({ "field": change.field, "before": side(&change.before), "after": side(&change.after) })
}
