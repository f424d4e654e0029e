//! A dashboard's figures.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::facts::{Facts, Who, array};
use crate::measure::{Ask, Expect, Row};
use crate::rows::{Choice, LISTED};
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
    let newest = "SELECT to_char(max(created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
                  FROM leads";
    let now: DateTime<Utc> = bench.database.sql().text(newest).await?.parse()?;
    for choice in choices(&bench.facts, now) {
        measure(bench, &choice, STATISTICS, grouped).await;
    }
    let (days, days_sql) = last_days(now);
    for choice in [
        Choice::new("over time, all", json!({}), "true"),
        Choice::new("over time, 45 days", json!({ "created": days }), days_sql),
    ] {
        measure(bench, &choice, OVER_TIME, by_day).await;
    }
    Ok(())
}

fn choices(facts: &Facts, now: DateTime<Utc>) -> Vec<Choice> {
    let (agent, team) = (facts.agent(), &facts.team);
    let mine = format!("assigned_to = ANY ('{{{agent}}}')");
    let ours = format!("assigned_to = ANY ({})", array(team));
    let hot = json!({ "source": ["REFERRAL"], "hotOnly": true });
    let hot_sql = "source = ANY ('{REFERRAL}') AND lead_score >= 71";
    let (days, days_sql) = last_days(now);
    // From an odd minute to an odd minute: neither end is a midnight.
    let ago = |days: i64, minutes: i64| now - TimeDelta::minutes(days * 24 * 60 + minutes);
    let (year, year_sql) = span(ago(400, 617), ago(35, 211));
    let (my_days, our_year) = (
        json!({ "assignedTo": [agent], "created": days }),
        json!({ "assignedTo": team, "created": year }),
    );
    vec![
        Choice::new("all", json!({}), "true"),
        Choice::new("one agent's", json!({ "assignedTo": [agent] }), &mine),
        Choice::new("a team's", json!({ "assignedTo": team }), &ours),
        Choice::visible("as a manager", Who::Manager, facts),
        Choice::visible("as an agent", Who::Agent, facts),
        Choice::new("45 days", json!({ "created": days }), &days_sql),
        Choice::new("a year, ragged ends", json!({ "created": year }), &year_sql),
        Choice::new(
            "one agent's 45 days",
            my_days,
            format!("{mine} AND {days_sql}"),
        ),
        Choice::new("a team's year", our_year, format!("{ours} AND {year_sql}")),
        Choice::new("source and hot", hot, hot_sql),
    ]
}

async fn measure(
    bench: &mut Bench<'_>,
    choice: &Choice,
    query: &'static str,
    sql: fn(&str) -> String,
) {
    let condition = &choice.condition;
    let total = format!("SELECT count(*) FROM leads WHERE {LISTED} AND {condition}");
    bench
        .measure(Row {
            name: format!("statistics: {}", choice.name),
            clients: bench.options.few,
            ask: Ask::one(choice.by, query, json!({ "filter": choice.filter })),
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

fn last_days(now: DateTime<Utc>) -> (Value, String) {
    span(now - TimeDelta::days(45), now)
}

/// A range of time, for a filter and in SQL.
fn span(from: DateTime<Utc>, to: DateTime<Utc>) -> (Value, String) {
    let (from, to) = (from.to_rfc3339(), to.to_rfc3339());
    let condition = format!("created_at >= '{from}' AND created_at < '{to}'");
    (json!({ "from": from, "to": to }), condition)
}
