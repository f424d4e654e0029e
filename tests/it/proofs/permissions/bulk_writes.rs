//! Bulk changes for real, and to whom leads are handed.

use std::collections::HashMap;

use serde_json::json;

use crm::service::leads::{AssignLeads, Lead};
use crm::service::users::UserRole;
use crm::service::{LeadId, UserId};

use crate::proofs::{naive, same};

use super::bulk::{document, may_assign};
use super::viewer::Viewer;
use super::world::{World, bulk, ids};

pub(super) async fn check(world: &mut World, index: usize) -> Result<(), String> {
    check_assignees(world.viewer(index)).await?;
    check_tags(world, index).await?;
    match may_assign(world.viewer(index)) {
        true => check_assignment(world, index).await,
        false => Ok(()),
    }
}

/// A manager hands leads to the team and to nobody else; an administrator to whoever is active.
async fn check_assignees(viewer: Viewer<'_>) -> Result<(), String> {
    let denied = "PERMISSION_DENIED";
    let heirs = viewer.world.people.iter().map(|person| {
        let is_reached = may_assign(viewer) && viewer.reaches(Some(person.id));
        let refusal = if is_reached { "INVALID_DATA" } else { denied };
        let is_refused = !is_reached || !person.is_active;
        (person.id, is_refused.then_some(refusal))
    });
    // Whoever does not reach everybody does not learn who exists.
    let is_admin = viewer.person().role == UserRole::Admin;
    let unknown = if is_admin { "USER_NOT_FOUND" } else { denied };
    let heirs = heirs.chain([(UserId::generate(), Some(unknown))]);
    for (heir, refusal) in heirs {
        let lead = viewer
            .world
            .leads
            .iter()
            .find(|lead| !lead.is_archived())
            .unwrap();
        let variables = json!({ "leads": { "ids": [lead.id] }, "dry": true, "heir": heir });
        let response = viewer
            .ask(&document("assignLeads", "to: { userId: $heir }"), variables)
            .await;
        let code = response["errors"][0]["extensions"]["code"].as_str();
        same(&format!("assigning to {heir}"), code, refusal)?;
    }
    Ok(())
}

/// By ids of all leads, and by a filter: exactly those change that the viewer reaches.
async fn check_tags(world: &mut World, index: usize) -> Result<(), String> {
    let tag = format!("real-{index}");
    let add = document("bulkTag", &format!("add: [\"{tag}\"]"));
    let all = json!({ "leads": { "ids": ids(&world.leads) }, "dry": false });
    world.viewer(index).data(&add, all).await;
    check_changed(world, index, |lead| lead.tags.contains(&tag)).await?;
    let remove = document("bulkTag", &format!("remove: [\"{tag}\"]"));
    let filter = json!({ "tags": { "any": [tag, "nobody-has-this"] } });
    let tagged = json!({ "leads": naive::selection(&filter, ""), "dry": false });
    world.viewer(index).data(&remove, tagged).await;
    check_changed(world, index, |lead| !lead.tags.contains(&tag)).await
}

/// The viewer takes over whatever there is; everybody gets their leads back in the end.
async fn check_assignment(world: &mut World, index: usize) -> Result<(), String> {
    // To somebody who is not active they could not go back.
    let gone = Some(world.people[9].id);
    let former = world.leads.clone();
    let all = ids(former.iter().filter(|lead| lead.assigned_to != gone));
    let heir = world.people[index].id;
    let viewer = world.viewer(index);
    let reached = former.iter().filter(|lead| viewer.sees(lead));
    let reached = reached.filter(|lead| !lead.is_archived() && lead.assigned_to != gone);
    let expected = ids(reached);
    let assign = document("assignLeads", "to: { userId: $heir }");
    let variables = json!({ "leads": { "ids": all }, "dry": false, "heir": heir });
    viewer.data(&assign, variables).await;
    world.look().await;
    let is_theirs = |lead: &&Lead| !lead.is_archived() && lead.assigned_to == Some(heir);
    let taken = ids(world.leads.iter().filter(is_theirs));
    same("leads that were taken over", taken, expected)?;
    for (lead, before) in world.leads.iter().zip(&former) {
        if lead.assigned_to != before.assigned_to {
            let (bulk, to) = (bulk(vec![lead.id]), before.assigned_to);
            world.operate(AssignLeads { bulk, to }).await;
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
