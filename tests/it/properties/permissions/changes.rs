//! Every change of one lead, on leads of every kind, and the notes on them.

use std::collections::HashSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crm::service::LeadId;
use crm::service::leads::{CreateLead, Lead};
use crm::service::timeline::{Entry, EntryType};
use crm::service::users::UserRole;

use crate::properties::same;

use super::codes::{Said, each};
use super::population::Population;
use super::viewer::Viewer;

/// The changes of a lead, in an order that leaves it as archived as it was: name, arguments.
const CHANGES: [(&str, &str); 6] = [
    ("updateLead", ", company: \"Changed\""),
    ("addTag", ", tag: \"fresh\""),
    ("removeTag", ", tag: \"fresh\""),
    ("recordCallAttempt", ", note: \"busy\""),
    ("updateScore", ", score: 12"),
    ("rescoreLead", ""),
];

pub(super) async fn check(population: &mut Population, index: usize) -> Result<(), String> {
    let seen = |lead: &Lead| population.viewer(index).sees(lead);
    let hidden: HashSet<LeadId> = population
        .leads
        .iter()
        .filter(|lead| !seen(lead))
        .map(|lead| lead.id)
        .collect();
    let before = of(population, &hidden);
    let (seen, unseen): (Vec<Lead>, Vec<Lead>) =
        one_of_each_kind(population).into_iter().partition(seen);
    // Of those that all are refused alike, others for each viewer.
    let unseen = unseen.into_iter().skip(index % 3).step_by(3);
    let every = if seen.len() > 6 { 3 } else { 1 };
    for lead in seen.into_iter().step_by(every).chain(unseen) {
        check_changes(population.viewer(index), &lead).await?;
    }
    check_notes(population.viewer(index)).await?;
    check_missing(population.viewer(index)).await?;
    check_deleting(population, index).await?;
    population.look().await;
    let after = of(population, &hidden);
    same(
        "leads that the viewer does not see, and their logs",
        after,
        before,
    )
}

/// These leads and their logs.
fn of(population: &Population, ids: &HashSet<LeadId>) -> (Vec<Lead>, Vec<Entry>) {
    let leads = population
        .leads
        .iter()
        .filter(|lead| ids.contains(&lead.id))
        .cloned();
    let log = population
        .log
        .iter()
        .filter(|note| ids.contains(&note.lead_id))
        .cloned();
    (leads.collect(), log.collect())
}

/// A lead of every owner and of nobody, some of them archived.
pub(super) fn one_of_each_kind(population: &Population) -> Vec<Lead> {
    let mut kinds = HashSet::new();
    let mut leads = population.leads.clone();
    leads.retain(|lead| kinds.insert((lead.assigned_to, lead.is_archived())));
    leads
}

async fn check_changes(viewer: Viewer<'_>, lead: &Lead) -> Result<(), String> {
    let id = lead.id;
    let change = |name: &str, rest: &str| {
        format!("{name}(input: {{ id: \"{id}\"{rest} }}) {{ lead {{ id }} }}")
    };
    let note = format!(
        "addNote(input: {{ id: \"{id}\", content: \"seen\" }}) {{ note {{ lead {{ id }} }} }}"
    );
    let mut fields: Vec<String> = CHANGES
        .iter()
        .map(|(name, rest)| change(name, rest))
        .collect();
    fields.push(note);
    let round = match lead.is_archived() {
        true => ["archiveLead", "restoreLead", "archiveLead"],
        false => ["restoreLead", "archiveLead", "restoreLead"],
    };
    fields.extend(round.map(|name| change(name, "")));
    let changed = Said::Value(json!({ "lead": { "id": id } }));
    let expected = if viewer.sees(lead) {
        let resting = match lead.is_archived() {
            true => Said::code("CONFLICT"),
            false => changed.clone(),
        };
        let mut expected = vec![resting; CHANGES.len()];
        expected.push(Said::Value(json!({ "note": { "lead": { "id": id } } })));
        expected.extend([Said::code("CONFLICT"), changed.clone(), changed]);
        expected
    } else {
        vec![Said::code("PERMISSION_DENIED"); fields.len()]
    };
    let what = format!("changes of {id}, assigned to {:?}", lead.assigned_to);
    same(&what, each(viewer, "mutation", &fields).await, expected)
}

/// Every note is edited by its author alone, and only while they see its lead.
async fn check_notes(viewer: Viewer<'_>) -> Result<(), String> {
    let replaced = viewer.population.replaced();
    let notes: Vec<&Entry> = viewer.population.log.iter().step_by(3).collect();
    let fields: Vec<String> = notes
        .iter()
        .map(|note| {
            let id = note.id;
            format!(
                "editNote(input: {{ id: \"{id}\", content: \"edited\" }}) {{ note {{ content }} }}"
            )
        })
        .collect();
    let expected = notes.iter().map(|note| {
        let is_own =
            note.author_id == Some(viewer.person().id) && note.entry_type != EntryType::Change;
        match (
            is_own && viewer.sees_note(note),
            replaced.contains_key(&note.id),
        ) {
            (false, _) => Said::code("PERMISSION_DENIED"),
            (true, true) => Said::code("CONFLICT"),
            (true, false) => Said::Value(json!({ "note": { "content": "edited" } })),
        }
    });
    same(
        "edits of notes",
        each(viewer, "mutation", &fields).await,
        expected.collect(),
    )
}

/// A missing object is not found, whoever the viewer is.
async fn check_missing(viewer: Viewer<'_>) -> Result<(), String> {
    let id = Uuid::now_v7();
    let names = CHANGES.iter().copied();
    let names = names.chain(["archiveLead", "restoreLead"].map(|name| (name, "")));
    let mut fields: Vec<String> = names
        .map(|(name, rest)| format!("{name}(input: {{ id: \"{id}\"{rest} }}) {{ lead {{ id }} }}"))
        .collect();
    fields.push(format!(
        "deleteLead(input: {{ id: \"{id}\" }}) {{ deletedLeadId }}"
    ));
    fields.push(format!(
        "addNote(input: {{ id: \"{id}\", content: \"x\" }}) {{ note {{ id }} }}"
    ));
    let mut expected = vec![Said::code("LEAD_NOT_FOUND"); fields.len()];
    fields.push(format!(
        "editNote(input: {{ id: \"{id}\", content: \"x\" }}) {{ note {{ id }} }}"
    ));
    expected.push(Said::code("NOTE_NOT_FOUND"));
    same(
        "changes of nothing",
        each(viewer, "mutation", &fields).await,
        expected,
    )
}

/// Only administrators delete; nobody else, not even their own leads.
async fn check_deleting(population: &Population, index: usize) -> Result<(), String> {
    let viewer = population.viewer(index);
    let mut leads = one_of_each_kind(population);
    let is_admin = viewer.person().role == UserRole::Admin;
    if is_admin {
        // The others are still needed.
        let new = population.another_lead();
        leads = vec![population.operate(CreateLead(new)).await];
    }
    let fields: Vec<String> = leads
        .iter()
        .map(|lead| {
            format!(
                "deleteLead(input: {{ id: \"{}\" }}) {{ deletedLeadId }}",
                lead.id
            )
        })
        .collect();
    let expected = leads.iter().map(|lead| match is_admin {
        true => Said::Value(json!({ "deletedLeadId": lead.id })),
        false => Said::code("PERMISSION_DENIED"),
    });
    same(
        "deletions",
        each(viewer, "mutation", &fields).await,
        expected.collect(),
    )?;
    match (is_admin, leads.first()) {
        (true, Some(lead)) => {
            let query = format!("{{ node(id: \"{}\") {{ id }} }}", lead.id);
            same(
                "a deleted lead",
                viewer.data(&query, Value::Null).await["node"].clone(),
                Value::Null,
            )
        }
        _ => Ok(()),
    }
}
