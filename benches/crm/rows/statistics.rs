//! A dashboard's figures.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::facts::{Who, array};
use crate::measure::{Ask, Expect, Row};
use crate::rows::LISTED;
use crate::{Bench, Result};

const STATISTICS: &str = "
    query ($filter: LeadFilter) {
      leadStatistics(filter: $filter) {
        totalLeads conversionRate averageLeadScore hotLeadsCount overdueFollowUps
        leadsByStatus { status count } leadsBySource { source count }
        leadsByAgent { user { id fullName } totalLeads wonLeads conversionRate averageLeadScore }
      }
    }";

const OVER_TIME: &str = "
    query ($filter: LeadFilter) {
      leadStatistics(filter: $filter) { totalLeads createdOverTime(bucket: DAY) { start count } } }";

pub async fn rows(bench: &mut Bench<'_>) -> Result<()> {
    let facts = &bench.facts;
    let (agent, team) = (facts.agent(), &facts.team);
    let newest = "SELECT to_char(max(created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
                  FROM leads";
    let now: DateTime<Utc> = bench.database.sql().text(newest).await?.parse()?;
    let (month, month_sql) = span(now - TimeDelta::days(45), now);
    // From an odd minute to an odd minute: neither end is a midnight.
    let (year, year_sql) = span(
        now - TimeDelta::minutes(400 * 1440 + 617),
        now - TimeDelta::minutes(35 * 1440 + 211),
    );
    let mine = format!("assigned_to = ANY ('{{{agent}}}')");
    let all: Vec<(&str, Who, Value, String)> = vec![
        ("all", Who::Admin, json!({}), "true".to_owned()),
        (
            "one agent's",
            Who::Admin,
            json!({ "assignedTo": [agent] }),
            mine.clone(),
        ),
        (
            "a team's",
            Who::Admin,
            json!({ "assignedTo": team }),
            format!("assigned_to = ANY ({})", array(team)),
        ),
        (
            "as a manager",
            Who::Manager,
            json!({}),
            facts.visible(Who::Manager),
        ),
        (
            "as an agent",
            Who::Agent,
            json!({}),
            facts.visible(Who::Agent),
        ),
        (
            "45 days",
            Who::Admin,
            json!({ "created": month }),
            month_sql.clone(),
        ),
        (
            "a year, ragged ends",
            Who::Admin,
            json!({ "created": year }),
            year_sql.clone(),
        ),
        (
            "one agent's 45 days",
            Who::Admin,
            json!({ "assignedTo": [agent], "created": month }),
            format!("{mine} AND {month_sql}"),
        ),
        (
            "a team's year",
            Who::Admin,
            json!({ "assignedTo": team, "created": year }),
            format!("assigned_to = ANY ({}) AND {year_sql}", array(team)),
        ),
        (
            "source and hot",
            Who::Admin,
            json!({ "source": ["REFERRAL"], "hotOnly": true }),
            "source = ANY ('{REFERRAL}') AND lead_score >= 71".to_owned(),
        ),
    ];
    for (name, by, filter, condition) in all {
        measure(bench, name, by, STATISTICS, filter, &condition, grouped).await;
    }
    for (name, filter, condition) in [
        ("all", json!({}), "true"),
        ("45 days", json!({ "created": month }), &month_sql),
    ] {
        let name = format!("over time, {name}");
        measure(
            bench,
            &name,
            Who::Admin,
            OVER_TIME,
            filter,
            condition,
            by_day,
        )
        .await;
    }
    Ok(())
}

async fn measure(
    bench: &mut Bench<'_>,
    name: &str,
    by: Who,
    query: &'static str,
    filter: Value,
    condition: &str,
    sql: fn(&str) -> String,
) {
    let total = format!("SELECT count(*) FROM leads WHERE {LISTED} AND {condition}");
    bench
        .measure(Row {
            name: format!("statistics: {name}"),
            clients: bench.options.few,
            ask: Ask::one(by, query, json!({ "filter": filter })),
            sql: Some(sql(condition)),
            expect: Expect::Number("/leadStatistics/totalLeads", total),
            targets: &[],
        })
        .await;
}

/// All figures in one pass over the leads.
fn grouped(condition: &str) -> String {
    format!(
        "SELECT assigned_to, status, source, count(*), sum(lead_score), \
         count(*) FILTER (WHERE lead_score > 70), \
         count(*) FILTER (WHERE next_follow_up < now() AND status <> ALL ('{{WON,LOST}}')) \
         FROM leads WHERE {LISTED} AND {condition} GROUP BY assigned_to, status, source;\n"
    )
}

fn by_day(condition: &str) -> String {
    format!(
        "SELECT (created_at AT TIME ZONE 'UTC')::date, count(*) FROM leads \
         WHERE {LISTED} AND {condition} GROUP BY 1 ORDER BY 1;\n"
    )
}

/// A range of time, for a filter and in SQL.
fn span(from: DateTime<Utc>, to: DateTime<Utc>) -> (Value, String) {
    let (from, to) = (from.to_rfc3339(), to.to_rfc3339());
    let condition = format!("created_at >= '{from}' AND created_at < '{to}'");
    (json!({ "from": from, "to": to }), condition)
}
