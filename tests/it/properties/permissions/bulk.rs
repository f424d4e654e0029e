//! Bulk changes: mixed ids and filters, as a dry run and for real.

use serde_json::json;
use uuid::Uuid;

use crm::service::leads::Lead;
use crm::service::users::UserRole;

use crate::properties::{reference_model, same};

use super::codes::column;
use super::population::ids;
use super::viewer::Viewer;

/// Name, what is its own, and whether archived leads, or others, are what it is for.
const BULKS: [(&str, &str, bool); 6] = [
    ("bulkUpdateStatus", "status: CALLBACK", false),
    ("bulkTag", "add: [\"marked\"]", false),
    ("bulkArchive", "", false),
    ("bulkRestore", "", true),
    ("assignLeads", "to: { nobody: true }", false),
    ("assignLeads", "to: { userId: $heir }", false),
];

pub(super) async fn check(viewer: Viewer<'_>) -> Result<(), String> {
    for (name, own, for_archived) in BULKS {
        check_ids(viewer, name, own, for_archived).await?;
        check_filters(viewer, name, own, for_archived).await?;
    }
    Ok(())
}

pub(super) fn document(name: &str, own: &str) -> String {
    let heir = if own.contains("$heir") {
        ", $heir: ID!"
    } else {
        ""
    };
    format!(
        "mutation ($leads: LeadSelection!, $dry: Boolean!{heir}) {{
            {name}(input: {{ leads: $leads, dryRun: $dry {own} }}) {{
                total succeeded failed dryRun
                results {{ index id error {{ code }} lead {{ id }} }} }} }}"
    )
}

pub(super) fn may_assign(viewer: Viewer<'_>) -> bool {
    viewer.person().role != UserRole::Agent
}

/// The outcome of one row.
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
    let mut all = ids(&viewer.population.leads);
    all.insert(1, json!(Uuid::now_v7()));
    let variables = json!({ "leads": { "ids": all }, "dry": true, "heir": viewer.person().id });
    let response = viewer.ask(&document(name, own), variables).await;
    if name == "assignLeads" && !may_assign(viewer) {
        let code = response["errors"][0]["extensions"]["code"].clone();
        return same("assigning at all", code, json!("PERMISSION_DENIED"));
    }
    let result = &response["data"][name];
    let verdicts = viewer.population.leads.iter();
    let verdicts = verdicts.map(|lead| verdict(viewer, lead, for_archived));
    let mut expected: Vec<Option<&str>> = verdicts.collect();
    expected.insert(1, Some("LEAD_NOT_FOUND"));
    let failed = expected.iter().flatten().count();
    let counts = json!({
        "total": all.len(), "succeeded": all.len() - failed, "failed": failed, "dryRun": true,
    });
    let mut got = result.clone();
    got.as_object_mut().unwrap().remove("results");
    same(name, got, counts)?;
    // A dry run shows all that would fail and the first twenty others.
    let mut shown = 0;
    let rows = expected.iter().enumerate().filter(|(_, code)| {
        shown += usize::from(code.is_none());
        code.is_some() || shown <= 20
    });
    let rows = rows.map(|(index, code)| {
        let seen = ids(viewer.visible()).contains(&all[index]);
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
        let leads = reference_model::selection(&filter, &search);
        let variables = json!({ "leads": leads, "dry": true, "heir": heir });
        let answer = viewer.ask(&document(name, own), variables).await;
        if !reference_model::narrows(&filter, &search) && leads != json!({ "all": true }) {
            let code = answer["errors"][0]["extensions"]["code"].clone();
            same(&format!("{name} of {filter}"), code, json!("INVALID_DATA"))?;
            continue;
        }
        let result = &answer["data"][name];
        let mut meant = filter.clone();
        if for_archived && meant["archived"].is_null() {
            meant["archived"] = json!("ONLY");
        }
        let mut selected = viewer.visible();
        selected.retain(|lead| reference_model::selects(&meant, &search, lead));
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
