//! Bulk changes for real, and to whom leads are handed.

use std::collections::HashMap;

use serde_json::json;

use crm::service::leads::{AssignLeads, Lead};
use crm::service::users::UserRole;
use crm::service::{LeadId, UserId};

use crate::properties::{reference_model, same};

use super::bulk::{document, may_assign};
use super::population::{Population, bulk, ids};
use super::viewer::Viewer;

pub(super) async fn check(population: &mut Population, index: usize) -> Result<(), String> {
    check_assignees(population.viewer(index)).await?;
    check_tags(population, index).await?;
    match may_assign(population.viewer(index)) {
        true => check_assignment(population, index).await,
        false => Ok(()),
    }
}

/// A manager hands leads to the team and to nobody else; an administrator to whoever is active.
async fn check_assignees(viewer: Viewer<'_>) -> Result<(), String> {
    let denied = "PERMISSION_DENIED";
    let heirs = viewer.population.people.iter().map(|person| {
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
            .population
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
async fn check_tags(population: &mut Population, index: usize) -> Result<(), String> {
    let tag = format!("real-{index}");
    let add = document("bulkTag", &format!("add: [\"{tag}\"]"));
    let all = json!({ "leads": { "ids": ids(&population.leads) }, "dry": false });
    population.viewer(index).data(&add, all).await;
    check_changed(population, index, |lead| lead.tags.contains(&tag)).await?;
    let remove = document("bulkTag", &format!("remove: [\"{tag}\"]"));
    let filter = json!({ "tags": { "any": [tag, "nobody-has-this"] } });
    let tagged = json!({ "leads": reference_model::selection(&filter, ""), "dry": false });
    population.viewer(index).data(&remove, tagged).await;
    check_changed(population, index, |lead| !lead.tags.contains(&tag)).await
}

/// The viewer takes over whatever there is; everybody gets their leads back in the end.
async fn check_assignment(population: &mut Population, index: usize) -> Result<(), String> {
    // To somebody who is not active they could not go back.
    let gone = Some(population.people[9].id);
    let former = population.leads.clone();
    let all = ids(former.iter().filter(|lead| lead.assigned_to != gone));
    let heir = population.people[index].id;
    let viewer = population.viewer(index);
    let reached = former.iter().filter(|lead| viewer.sees(lead));
    let reached = reached.filter(|lead| !lead.is_archived() && lead.assigned_to != gone);
    let expected = ids(reached);
    let assign = document("assignLeads", "to: { userId: $heir }");
    let variables = json!({ "leads": { "ids": all }, "dry": false, "heir": heir });
    viewer.data(&assign, variables).await;
    population.look().await;
    let is_theirs = |lead: &&Lead| !lead.is_archived() && lead.assigned_to == Some(heir);
    let taken = ids(population.leads.iter().filter(is_theirs));
    same("leads that were taken over", taken, expected)?;
    for (lead, before) in population.leads.iter().zip(&former) {
        if lead.assigned_to != before.assigned_to {
            let (bulk, to) = (bulk(vec![lead.id]), before.assigned_to);
            population.operate(AssignLeads { bulk, to }).await;
        }
    }
    population.look().await;
    Ok(())
}

async fn check_changed(
    population: &mut Population,
    index: usize,
    is_changed: impl Fn(&Lead) -> bool,
) -> Result<(), String> {
    let versions: HashMap<LeadId, i32> =
        population.leads.iter().map(|l| (l.id, l.version)).collect();
    population.look().await;
    for lead in &population.leads {
        let is_reached = population.viewer(index).sees(lead) && !lead.is_archived();
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
