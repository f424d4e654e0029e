//! Bulk changes: mixed ids and filters, as a dry run and for real.

use std::collections::HashMap;

use serde_json::json;
use uuid::Uuid;

use crm::service::leads::{AssignLeads, Lead};
use crm::service::users::UserRole;
use crm::service::{LeadId, UserId};

use crate::proofs::{naive, same};

use super::codes::{column, sorted};
use super::world::{Viewer, World, bulk, ids};

/// Name, what is its own, and whether archived leads, or others, are what it is for.
const BULKS: [(&str, &str, bool); 6] = [
    ("bulkUpdateStatus", "status: CALLBACK", false),
    ("bulkTag", "add: [\"marked\"]", false),
    ("bulkArchive", "", false),
    ("bulkRestore", "", true),
    ("assignLeads", "", false),
    ("assignLeads", "userId: $heir", false),
];

pub(super) async fn check(world: &mut World, index: usize) -> Result<(), String> {
    let viewer = world.viewer(index);
    for (name, own, for_archived) in BULKS {
        check_ids(viewer, name, own, for_archived).await?;
        check_filters(viewer, name, own, for_archived).await?;
    }
    check_assignees(viewer).await?;
    check_for_real(world, index).await
}

fn document(name: &str, own: &str) -> String {
    let heir = if own.contains("$heir") {
        ", $heir: ID"
    } else {
        ""
    };
    format!(
        "mutation ($ids: [ID!], $filter: LeadFilter, $search: String, $dry: Boolean!{heir}) {{
            {name}(input: {{ ids: $ids, filter: $filter, search: $search, dryRun: $dry {own} }}) {{
                total succeeded failed dryRun
                results {{ index id error {{ code }} lead {{ id }} }} }} }}"
    )
}

fn may_assign(viewer: Viewer<'_>) -> bool {
    viewer.person().role != UserRole::Agent
}

/// What becomes of one row.
fn verdict(viewer: Viewer<'_>, lead: &Lead, for_archived: bool) -> Option<&'static str> {
    if !viewer.sees(lead) {
        Some("PERMISSION_DENIED")
    } else if lead.is_archived() != for_archived {
        Some("CONFLICT")
    } else {
        None
    }
}

/// Every lead there is and one that is not: each has its row, and its verdict.
async fn check_ids(
    viewer: Viewer<'_>,
    name: &str,
    own: &str,
    for_archived: bool,
) -> Result<(), String> {
    let mut all = ids(&viewer.world.leads);
    all.insert(1, json!(Uuid::now_v7()));
    let variables = json!({ "ids": all, "dry": true, "heir": viewer.person().id });
    let response = viewer.ask(&document(name, own), variables).await;
    if name == "assignLeads" && !may_assign(viewer) {
        let code = response["errors"][0]["extensions"]["code"].clone();
        return same("assigning at all", code, json!("PERMISSION_DENIED"));
    }
    let result = &response["data"][name];
    let mut expected: Vec<Option<&str>> = Vec::new();
    expected.extend(
        viewer
            .world
            .leads
            .iter()
            .map(|lead| verdict(viewer, lead, for_archived)),
    );
    expected.insert(1, Some("LEAD_NOT_FOUND"));
    let failed = expected.iter().flatten().count();
    let counts = json!([
        result["total"],
        result["succeeded"],
        result["failed"],
        result["dryRun"]
    ]);
    same(
        name,
        counts,
        json!([all.len(), all.len() - failed, failed, true]),
    )?;
    // A dry run shows all that would fail and the first twenty others.
    let mut shown = 0;
    let rows = expected.iter().enumerate().filter(|(_, code)| {
        shown += usize::from(code.is_none());
        code.is_some() || shown <= 20
    });
    let rows = rows.map(|(index, code)| {
        let seen = viewer
            .visible()
            .iter()
            .any(|lead| json!(lead.id) == all[index]);
        json!({
            "index": index, "id": all[index], "error": code.map(|code| json!({ "code": code })),
            "lead": seen.then(|| json!({ "id": all[index] })),
        })
    });
    same(name, result["results"].clone(), rows.collect())
}

/// A filter selects what the same list has, and nobody's row besides.
async fn check_filters(
    viewer: Viewer<'_>,
    name: &str,
    own: &str,
    for_archived: bool,
) -> Result<(), String> {
    if name == "assignLeads" && !may_assign(viewer) {
        return Ok(());
    }
    // A few of them for each; over all changes and viewers each has its turn.
    let filters = super::lists::filters(viewer).into_iter().skip(4);
    let turn = viewer.index + name.len() + own.len();
    for (filter, search) in filters.skip(turn % 4).step_by(4) {
        let heir = viewer.person().id;
        let variables = json!({ "filter": filter, "search": search, "dry": true, "heir": heir });
        let result = viewer.data(&document(name, own), variables).await[name].clone();
        let mut selected = viewer.visible();
        selected.retain(|lead| naive::selects(&filter, &search, lead));
        let failed = selected
            .iter()
            .filter(|lead| verdict(viewer, lead, for_archived).is_some());
        let (total, failed) = (selected.len(), failed.count());
        let counts = json!([result["total"], result["succeeded"], result["failed"]]);
        same(
            &format!("{name} of {filter}"),
            counts,
            json!([total, total - failed, failed]),
        )?;
        let known = ids(viewer.visible());
        let strange = column(&result["results"], "/id")
            .into_iter()
            .filter(|id| !known.contains(id));
        same("rows of others", strange.collect::<Vec<_>>(), Vec::new())?;
    }
    Ok(())
}

/// A manager hands leads to the team and to nobody else; an administrator to whoever is active.
async fn check_assignees(viewer: Viewer<'_>) -> Result<(), String> {
    let heirs = viewer.world.people.iter().map(|person| {
        let is_reached = may_assign(viewer) && viewer.reaches(Some(person.id));
        let refusal = if is_reached {
            "INVALID_DATA"
        } else {
            "PERMISSION_DENIED"
        };
        (
            person.id,
            (!is_reached || !person.is_active).then_some(refusal),
        )
    });
    // Whoever does not reach everybody does not learn who exists.
    let is_admin = viewer.person().role == UserRole::Admin;
    let unknown = if is_admin {
        "USER_NOT_FOUND"
    } else {
        "PERMISSION_DENIED"
    };
    let heirs = heirs.chain([(UserId::generate(), Some(unknown))]);
    for (heir, refusal) in heirs {
        let lead = viewer
            .world
            .leads
            .iter()
            .find(|lead| !lead.is_archived())
            .unwrap();
        let variables = json!({ "ids": [lead.id], "dry": true, "heir": heir });
        let response = viewer
            .ask(&document("assignLeads", "userId: $heir"), variables)
            .await;
        let code = response["errors"][0]["extensions"]["code"].as_str();
        same(&format!("assigning to {heir}"), code, refusal)?;
    }
    Ok(())
}

/// For real: by ids of all leads, by a filter, and an assignment. Exactly those change that the
/// viewer reaches; they are as before in the end.
async fn check_for_real(world: &mut World, index: usize) -> Result<(), String> {
    let all = ids(&world.leads);
    let tag = format!("real-{index}");
    let add = document("bulkTag", &format!("add: [\"{tag}\"]"));
    world
        .viewer(index)
        .data(&add, json!({ "ids": all, "dry": false }))
        .await;
    check_changed(world, index, |lead| lead.tags.contains(&tag)).await?;
    let remove = document("bulkTag", &format!("remove: [\"{tag}\"]"));
    let filter = json!({ "tags": { "any": [tag, "nobody-has-this"] } });
    world
        .viewer(index)
        .data(&remove, json!({ "filter": filter, "dry": false }))
        .await;
    check_changed(world, index, |lead| !lead.tags.contains(&tag)).await?;
    if !may_assign(world.viewer(index)) {
        return Ok(());
    }
    // Back to somebody who is not active they could not go.
    let gone = Some(world.people[9].id);
    let all = ids(world.leads.iter().filter(|lead| lead.assigned_to != gone));
    let owners: Vec<(LeadId, Option<UserId>)> =
        world.leads.iter().map(|l| (l.id, l.assigned_to)).collect();
    let heir = world.people[index].id;
    let assign = document("assignLeads", "userId: $heir");
    let before = world
        .viewer(index)
        .visible()
        .into_iter()
        .filter(|lead| !lead.is_archived() && lead.assigned_to != gone);
    let expected = sorted(ids(before));
    world
        .viewer(index)
        .data(&assign, json!({ "ids": all, "dry": false, "heir": heir }))
        .await;
    world.look().await;
    let former: HashMap<_, _> = owners.iter().copied().collect();
    let taken = world
        .leads
        .iter()
        .filter(|lead| !lead.is_archived() && lead.assigned_to == Some(heir));
    same("leads that were taken over", sorted(ids(taken)), expected)?;
    for lead in &world.leads {
        let to = former[&lead.id];
        if lead.assigned_to != to {
            world
                .operate(AssignLeads {
                    bulk: bulk(vec![lead.id]),
                    to,
                })
                .await;
        }
    }
    world.look().await;
    Ok(())
}

async fn check_changed(
    world: &mut World,
    index: usize,
    is_changed: impl Fn(&Lead) -> bool,
) -> Result<(), String> {
    let versions: HashMap<LeadId, i32> = world.leads.iter().map(|l| (l.id, l.version)).collect();
    world.look().await;
    for lead in &world.leads {
        let is_reached = world.viewer(index).sees(lead) && !lead.is_archived();
        let changed = lead.version - versions[&lead.id];
        same(
            &format!("version of {}", lead.id),
            changed,
            i32::from(is_reached),
        )?;
        same("the change itself", is_reached && !is_changed(lead), false)?;
    }
    Ok(())
}
