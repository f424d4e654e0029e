//! Single objects and what hangs on them: lead, node, user, notes, and the way from each to the
//! others.

use serde_json::{Value, json};
use uuid::Uuid;

use crm::service::leads::Lead;
use crm::service::users::UserRole;

use crate::properties::same;

use super::codes::{Said, column, each, sorted};
use super::lists::check_their_leads;
use super::population::ids;
use super::timelines::{self, ENTRY, TIMELINE};
use super::viewer::Viewer;

const THEIR_LEADS: &str =
    "id leads(first: 100, filter: { archived: INCLUDE }) { totalCount nodes { id } }";
const DETAILS: &str = "fullName email role isActive createdAt";

pub(super) async fn check(viewer: &Viewer<'_>) -> Result<(), String> {
    let viewer = *viewer;
    check_leads(viewer).await?;
    check_nodes(viewer).await?;
    check_duplicates(viewer).await?;
    check_ways_round(viewer).await
}

/// `lead` and `node` of every lead, and of one that is not there.
async fn check_leads(viewer: Viewer<'_>) -> Result<(), String> {
    let (mut fields, mut expected) = (Vec::new(), Vec::new());
    for lead in &viewer.population.leads {
        let (id, name) = (
            lead.id,
            json!({ "id": lead.id, "fullName": lead.full_name() }),
        );
        fields.push(format!("lead(id: \"{id}\") {{ id fullName }}"));
        fields.push(format!(
            "node(id: \"{id}\") {{ id ... on Lead {{ fullName }} }}"
        ));
        let said = match viewer.sees(lead) {
            true => Said::Value(name),
            false => Said::code("PERMISSION_DENIED"),
        };
        expected.extend([said.clone(), said]);
    }
    same(
        "leads by id",
        each(viewer, "query", &fields).await,
        expected,
    )?;
    let nobody = Uuid::now_v7();
    let fields = [
        format!("lead(id: \"{nobody}\") {{ id }}"),
        format!("user(id: \"{nobody}\") {{ id }}"),
        format!("node(id: \"{nobody}\") {{ id }}"),
    ];
    let expected = vec![
        Said::code("LEAD_NOT_FOUND"),
        Said::code("USER_NOT_FOUND"),
        Said::Value(Value::Null),
    ];
    same(
        "what is not there",
        each(viewer, "query", &fields).await,
        expected,
    )
}

/// `node` of every user and every note.
async fn check_nodes(viewer: Viewer<'_>) -> Result<(), String> {
    let people = viewer
        .population
        .people
        .iter()
        .map(|person| (person.id.0, viewer.reaches(Some(person.id))));
    let notes = viewer
        .population
        .log
        .iter()
        .map(|note| (note.id.0, viewer.sees_note(note)));
    let all: Vec<(Uuid, bool)> = people.chain(notes).collect();
    let fields: Vec<String> = all
        .iter()
        .map(|(id, _)| format!("node(id: \"{id}\") {{ id }}"))
        .collect();
    let expected = all.iter().map(|(id, is_visible)| match is_visible {
        true => Said::Value(json!({ "id": id })),
        false => Said::code("PERMISSION_DENIED"),
    });
    same(
        "nodes",
        each(viewer, "query", &fields).await,
        expected.collect(),
    )?;
    let leads = viewer.population.leads.iter();
    let leads = leads.map(|lead| (lead.id.0, viewer.sees(lead)));
    for some in leads.chain(all).collect::<Vec<_>>().chunks(100) {
        let ids: Vec<&Uuid> = some.iter().map(|(id, _)| id).collect();
        let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let got = viewer.ask(query, json!({ "ids": ids })).await;
        let expected = some.iter().map(|(id, is_visible)| match is_visible {
            true => json!({ "id": id }),
            false => json!(null),
        });
        let nodes = got["data"]["nodes"].clone();
        same("many nodes", nodes, Value::Array(expected.collect()))?;
        let errors = got["errors"].as_array();
        let denied = |error: &Value| error["extensions"]["code"] == "PERMISSION_DENIED";
        let all_denied = errors.is_none_or(|errors| errors.iter().all(denied));
        same("why not", all_denied, true)?;
        let is_any_hidden = some.iter().any(|(_, is_visible)| !is_visible);
        same("that something is hidden", errors.is_some(), is_any_hidden)?;
    }
    Ok(())
}

/// `duplicateLeads` by every address and number there is, with and without archived leads.
async fn check_duplicates(viewer: Viewer<'_>) -> Result<(), String> {
    for known in viewer.population.leads.iter().step_by(4) {
        for with_archived in [false, true] {
            let query = "query ($email: String, $phone: String, $all: Boolean!) {
                duplicateLeads(email: $email, phone: $phone, includeArchived: $all) { id } }";
            let asked = json!({ "email": known.email, "phone": known.phone, "all": with_archived });
            let got = viewer.data(query, asked).await["duplicateLeads"].clone();
            let mut alike = viewer.visible();
            alike.retain(|lead| with_archived || !lead.is_archived());
            alike.retain(|lead| is_alike(lead, known));
            alike.sort_by_key(|lead| std::cmp::Reverse((lead.created_at, lead.id)));
            alike.truncate(25);
            same("duplicates", column(&got, "/id"), ids(alike))?;
        }
    }
    Ok(())
}

fn is_alike(lead: &Lead, known: &Lead) -> bool {
    let address = |lead: &Lead| lead.email.as_deref().map(str::to_lowercase);
    lead.email.is_some() && address(lead) == address(known)
        || lead.phone.is_some() && lead.phone == known.phone
}

/// From a visible lead to its assignee, to all of theirs, to their manager, to all of theirs; to
/// its timeline and notes, their authors and back to the lead.
async fn check_ways_round(viewer: Viewer<'_>) -> Result<(), String> {
    let query = format!(
        "query ($offset: Int) {{
        leads(first: 10, offset: $offset, filter: {{ archived: INCLUDE }}) {{ nodes {{ id
            assignedTo {{ {THEIR_LEADS} {DETAILS} manager {{ {THEIR_LEADS} {DETAILS} }} }}
            viewerCan {{ update assign archive delete }} {TIMELINE} }} }} }} {ENTRY}"
    );
    for offset in (0..viewer.visible().len()).step_by(10) {
        let page = viewer.data(&query, json!({ "offset": offset })).await["leads"]["nodes"].clone();
        for lead in page.as_array().unwrap() {
            let fact = viewer
                .population
                .leads
                .iter()
                .find(|fact| json!(fact.id) == lead["id"])
                .unwrap();
            same(
                "assignee",
                lead["assignedTo"]["id"].clone(),
                json!(fact.assigned_to),
            )?;
            let is_admin = viewer.person().role == UserRole::Admin;
            let is_agent = viewer.person().role == UserRole::Agent;
            let expected = json!({ "update": !fact.is_archived(),
                "assign": !is_agent && !fact.is_archived(), "archive": true, "delete": is_admin });
            same("what may be done", lead["viewerCan"].clone(), expected)?;
            if let Some(owner) = fact.assigned_to {
                check_user(viewer, &lead["assignedTo"], viewer.population.person(owner))?;
            }
            timelines::check(viewer, lead, fact)?;
        }
    }
    Ok(())
}

fn check_user(viewer: Viewer<'_>, user: &Value, index: usize) -> Result<(), String> {
    let leads_of = |index: usize| {
        let owner = Some(viewer.population.people[index].id);
        let theirs = viewer
            .visible()
            .into_iter()
            .filter(|lead| lead.assigned_to == owner);
        sorted(ids(theirs))
    };
    check_their_leads(user, leads_of(index))?;
    check_details(viewer, user, index)?;
    let manager = manager_of(viewer, index);
    same(
        "manager",
        user["manager"]["id"].clone(),
        json!(manager.map(|index| viewer.population.people[index].id)),
    )?;
    match manager {
        Some(manager) => {
            check_their_leads(&user["manager"], leads_of(manager))?;
            check_details(viewer, &user["manager"], manager)
        }
        None => Ok(()),
    }
}

/// Of whom the viewer does not reach there is only the name.
fn check_details(viewer: Viewer<'_>, user: &Value, index: usize) -> Result<(), String> {
    let person = &viewer.population.people[index];
    let details = json!([
        user["email"],
        user["role"],
        user["isActive"],
        user["createdAt"].is_string()
    ]);
    let expected = match viewer.reaches(Some(person.id)) {
        true => json!([person.signed.email, person.role, person.is_active, true]),
        false => json!([null, null, null, false]),
    };
    same("name", user["fullName"].clone(), json!(person.name))?;
    same("details of a user", details, expected)
}

/// The manager of a user, if the viewer may know them.
pub(super) fn manager_of(viewer: Viewer<'_>, index: usize) -> Option<usize> {
    let person = &viewer.population.people[index];
    person.manager.filter(|_| viewer.reaches(Some(person.id)))
}
