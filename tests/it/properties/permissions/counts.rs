//! Everything that `leadStatistics` and `leadTags` count.

use std::collections::BTreeMap;

use chrono::Utc;
use serde_json::{Value, json};

use crm::service::leads::{Lead, LeadSource, LeadStatus};

use crate::properties::same;

use super::codes::sorted;
use super::lists::{expected, filters};
use super::viewer::Viewer;

const COUNTS: &str = "query ($filter: LeadFilter, $search: String) {
    leadStatistics(filter: $filter, search: $search) {
        totalLeads averageLeadScore hotLeadsCount conversionRate overdueFollowUps
        leadsByStatus { status count } leadsBySource { source count }
        leadsByAgent { user { id } totalLeads wonLeads conversionRate averageLeadScore }
        days: createdOverTime { start count }
        months: createdOverTime(bucket: MONTH, timeZone: \"UTC\") { start count } } }";

pub(super) async fn check(viewer: &Viewer<'_>) -> Result<(), String> {
    for (filter, search) in filters(*viewer) {
        let variables = json!({ "filter": filter, "search": search });
        let mut got = viewer.data(COUNTS, variables).await["leadStatistics"].clone();
        let by_id = &json!({ "field": "CREATED_AT", "direction": "ASC" });
        let leads = expected(*viewer, &filter, &search, by_id);
        let what = format!("statistics of {filter} and {search:?}");
        let by_agent = got["leadsByAgent"].take();
        let (days, months) = (got["days"].take(), got["months"].take());
        same(&what, got, totals(&leads))?;
        same(
            &what,
            sorted(by_agent.as_array().unwrap().clone()),
            agents(&leads),
        )?;
        same(&what, series(&days), created(&leads, "%Y-%m-%d"))?;
        same(&what, series(&months), created(&leads, "%Y-%m-01"))?;
    }
    check_tags(*viewer).await
}

async fn check_tags(viewer: Viewer<'_>) -> Result<(), String> {
    let query = "{ leadTags(first: 100) { tag count { value isExact } } }";
    let got = viewer.data(query, Value::Null).await["leadTags"].clone();
    let order = json!({ "field": "CREATED_AT", "direction": "ASC" });
    let leads = expected(viewer, &json!({}), "", &order);
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for tag in leads.iter().flat_map(|lead| &lead.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    // A map has its keys in the order of the alphabet, and sorting keeps those of equal counts in it.
    let mut counts: Vec<(&str, i64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| -count);
    let rows = counts
        .into_iter()
        .map(|(tag, count)| json!({ "tag": tag, "count": { "value": count, "isExact": true } }));
    same("tags", got, json!(rows.collect::<Vec<_>>()))
}

/// To two decimals, halves up.
fn ratio(part: i64, whole: usize) -> f64 {
    let whole = whole as i64;
    if whole == 0 {
        return 0.0;
    }
    ((part * 200 + whole) / (2 * whole)) as f64 / 100.0
}

fn count(leads: &[&Lead], rule: impl Fn(&Lead) -> bool) -> usize {
    leads.iter().filter(|lead| rule(lead)).count()
}

fn totals(leads: &[&Lead]) -> Value {
    let score: i32 = leads.iter().map(|lead| lead.lead_score).sum();
    let won = count(leads, |lead| lead.status == LeadStatus::Won);
    let is_open = |lead: &Lead| !matches!(lead.status, LeadStatus::Won | LeadStatus::Lost);
    let is_late = |lead: &Lead| lead.next_follow_up.is_some_and(|at| at < Utc::now());
    let statuses = LeadStatus::ALL.iter().map(
        |&status| json!({ "status": status, "count": count(leads, |lead| lead.status == status) }),
    );
    let sources = LeadSource::ALL.iter().map(
        |&source| json!({ "source": source, "count": count(leads, |lead| lead.source == source) }),
    );
    json!({
        "totalLeads": leads.len(),
        "averageLeadScore": ratio(score.into(), leads.len()),
        "hotLeadsCount": count(leads, |lead| lead.lead_score > 70),
        "conversionRate": ratio(won as i64 * 100, leads.len()),
        "overdueFollowUps": count(leads, |lead| is_open(lead) && is_late(lead)),
        "leadsByStatus": statuses.collect::<Vec<_>>(),
        "leadsBySource": sources.collect::<Vec<_>>(),
        "leadsByAgent": null, "days": null, "months": null,
    })
}

fn agents(leads: &[&Lead]) -> Vec<Value> {
    let mut of_agents: BTreeMap<_, Vec<&Lead>> = BTreeMap::new();
    for lead in leads {
        of_agents.entry(lead.assigned_to).or_default().push(lead);
    }
    let rows = of_agents.into_iter().map(|(agent, theirs)| {
        let score: i32 = theirs.iter().map(|lead| lead.lead_score).sum();
        let won = count(&theirs, |lead| lead.status == LeadStatus::Won);
        json!({
            "user": agent.map(|id| json!({ "id": id })),
            "totalLeads": theirs.len(),
            "wonLeads": won,
            "conversionRate": ratio(won as i64 * 100, theirs.len()),
            "averageLeadScore": ratio(score.into(), theirs.len()),
        })
    });
    sorted(rows.collect())
}

/// The periods of a series in which leads were created.
fn series(rows: &Value) -> BTreeMap<String, i64> {
    let rows = rows.as_array().unwrap().iter();
    let rows = rows.map(|row| {
        (
            row["start"].as_str().unwrap().to_owned(),
            row["count"].as_i64().unwrap(),
        )
    });
    rows.filter(|(_, count)| *count > 0).collect()
}

fn created(leads: &[&Lead], format: &str) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for lead in leads {
        *counts
            .entry(lead.created_at.format(format).to_string())
            .or_default() += 1;
    }
    counts
}
