//! A dashboard's figures.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::facts::{Facts, Who, array};
use crate::measure::{Ask, Expect, Row, Target};
use crate::rows::{Choice, LISTED};
use crate::{Bench, Result};

/// Everything that is counted over leads.
const STATISTICS: &str = "
    query ($filter: LeadFilter) {
      leadStatistics(filter: $filter) {
        totalLeads conversionRate averageLeadScore hotLeadsCount overdueFollowUps
        leadsByStatus { status count } leadsBySource { source count }
        leadsByAgent { user { id fullName } totalLeads wonLeads conversionRate averageLeadScore }
      }
    }";

/// The sum of rollups takes at most so long, in milliseconds.
const ROLLUPS: &[Target] = &[Target::P50(5.0)];

const OVER_TIME: &str = "
    query ($filter: LeadFilter) {
      leadStatistics(filter: $filter) { totalLeads createdOverTime(bucket: DAY) { start count } } }";

pub async fn rows(bench: &mut Bench<'_>) -> Result<()> {
    let newest = "SELECT to_char(max(created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
                  FROM leads";
    let now: DateTime<Utc> = bench.database.sql().text(newest).await?.parse()?;
    let others = Choice::new(
        "source and hot",
        json!({ "source": ["REFERRAL"], "isHotLead": true }),
        "source = ANY ('{REFERRAL}') AND lead_score >= 71",
    );
    measure(bench, &others, (STATISTICS, grouped), &[]).await;
    for choice in choices(&bench.facts, now) {
        measure(bench, &choice, (STATISTICS, grouped), ROLLUPS).await;
    }
    let (days, days_sql) = last_days(now);
    for choice in [
        Choice::new("over time, all", json!({}), "true"),
        Choice::new("over time, 45 days", json!({ "createdAt": days }), days_sql),
    ] {
        measure(bench, &choice, (OVER_TIME, by_day), ROLLUPS).await;
    }
    Ok(())
}

/// Selections whose statistics are sums of rollups.
fn choices(facts: &Facts, now: DateTime<Utc>) -> Vec<Choice> {
    let (agent, team) = (facts.agent(), &facts.team);
    let mine = format!("assigned_to = ANY ('{{{agent}}}')");
    let ours = format!("assigned_to = ANY ({})", array(team));
    let mut choices = vec![
        Choice::new("all", json!({}), "true"),
        Choice::new("one agent's", json!({ "assignedTo": [agent] }), &mine),
        Choice::new("a team's", json!({ "assignedTo": team }), &ours),
        Choice::visible("as a manager", Who::Manager, facts),
        Choice::visible("as an agent", Who::Agent, facts),
    ];
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    // From an odd minute to an odd minute: neither end is a midnight.
    let ago = |days: i64, minutes: i64| now - TimeDelta::minutes(days * 24 * 60 + minutes);
    let whole = |days| span(midnight - TimeDelta::days(days), midnight);
    let year = span(ago(400, 617), ago(35, 211));
    for ([name, my_name, our_name], (range, sql)) in [
        (
            ["45 days", "one agent's 45 days", "a team's 45 days"],
            whole(45),
        ),
        (["a year", "one agent's year", "a team's year"], whole(365)),
        (
            [
                "a year, not at midnight",
                "one agent's year, not at midnight",
                "a team's year, not at midnight",
            ],
            year,
        ),
    ] {
        let (of_mine, of_ours) = (
            json!({ "assignedTo": [agent], "createdAt": range }),
            json!({ "assignedTo": team, "createdAt": range }),
        );
        choices.extend([
            Choice::new(name, json!({ "createdAt": range }), &sql),
            Choice::new(my_name, of_mine, format!("{mine} AND {sql}")),
            Choice::new(our_name, of_ours, format!("{ours} AND {sql}")),
        ]);
    }
    choices
}

/// A condition's statement, for the bare SQL.
type ToSql = fn(&str) -> String;

async fn measure(
    bench: &mut Bench<'_>,
    choice: &Choice,
    (query, sql): (&'static str, ToSql),
    targets: &'static [Target],
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
            targets,
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
