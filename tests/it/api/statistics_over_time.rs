//! `createdOverTime`: the number of leads created in each period.

use serde_json::{Value, json};

use crm::service::leads::{CreateLead, NewLead};
use crm::service::{Actor, perform};

use crate::support::{Api, SignedIn};

/// Leads that are known since then, as an import makes them.
async fn created_at(api: &Api, times: &[&str]) {
    for time in times {
        let lead = NewLead {
            first_name: Some("Jan".into()),
            last_name: Some("Kowalski".into()),
            email: Some("jan@gmail.com".into()),
            created_at: Some(time.parse().unwrap()),
            ..NewLead::default()
        };
        let created = perform(api.db(), &Actor::operator(), CreateLead(lead)).await;
        assert!(created.is_ok());
    }
}

async fn series(api: &Api, who: &SignedIn, arguments: Value) -> String {
    let query = "query ($bucket: TimeBucket!, $timeZone: String!, $filter: LeadFilter) {
        leadStatistics(filter: $filter) {
            createdOverTime(bucket: $bucket, timeZone: $timeZone) { start count } } }";
    let data = api.data(who, query, arguments).await;
    let series = data["leadStatistics"]["createdOverTime"]
        .as_array()
        .unwrap();
    let stretch = |s: &Value| format!("{} {}", s["start"].as_str().unwrap(), s["count"]);
    series.iter().map(stretch).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn leads_are_counted_by_day_week_and_month_without_gaps() {
    let api = Api::new().await;
    let ada = api.admin().await;
    // Wednesday, the same day's last moment, Sunday, Monday, and a month later.
    let times = [
        "2026-01-28T00:00:00Z",
        "2026-01-28T23:59:59.999999Z",
        "2026-02-01T12:00:00Z",
        "2026-02-02T00:00:00Z",
        "2026-03-02T12:00:00Z",
    ];
    created_at(&api, &times).await;
    let utc = |bucket: &str| json!({ "bucket": bucket, "timeZone": "UTC" });
    let filter = json!({ "createdAt": { "to": "2026-02-03T00:00:00Z" } });
    let days = super::with(utc("DAY"), json!({ "filter": filter }));
    assert_eq!(
        series(&api, &ada, days).await,
        "2026-01-28 2, 2026-01-29 0, 2026-01-30 0, 2026-01-31 0, 2026-02-01 1, 2026-02-02 1"
    );
    assert_eq!(
        series(&api, &ada, utc("WEEK")).await,
        "2026-01-26 3, 2026-02-02 1, 2026-02-09 0, 2026-02-16 0, 2026-02-23 0, 2026-03-02 1"
    );
    assert_eq!(
        series(&api, &ada, utc("MONTH")).await,
        "2026-01-01 2, 2026-02-01 2, 2026-03-01 1"
    );
}

#[tokio::test]
async fn a_day_begins_on_the_clocks_of_the_zone_asked_for_also_when_they_change() {
    let api = Api::new().await;
    let ada = api.admin().await;
    // Around midnight in Warsaw before, and after, the clocks went forward on 29 March 2026.
    let times = [
        "2026-03-28T22:59:00Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T21:59:00Z",
        "2026-03-29T22:00:00Z",
    ];
    created_at(&api, &times).await;
    for (zone, expected) in [
        ("UTC", "2026-03-28 2, 2026-03-29 2"),
        ("Europe/Warsaw", "2026-03-28 1, 2026-03-29 2, 2026-03-30 1"),
        ("America/New_York", "2026-03-28 2, 2026-03-29 2"),
        ("Pacific/Kiritimati", "2026-03-29 2, 2026-03-30 2"),
        ("Asia/Kolkata", "2026-03-29 2, 2026-03-30 2"),
    ] {
        let arguments = json!({ "bucket": "DAY", "timeZone": zone });
        assert_eq!(series(&api, &ada, arguments).await, expected, "{zone}");
    }
    let month = json!({ "bucket": "MONTH", "timeZone": "Europe/Warsaw" });
    assert_eq!(series(&api, &ada, month).await, "2026-03-01 4");
}

#[tokio::test]
async fn a_day_that_the_clocks_skip_or_repeat_is_counted_as_they_show_it() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let times = [
        // In Newfoundland 23:59 on the 6th, a minute of the 7th, the 6th once more, the 7th.
        "2010-11-07T02:29:59Z",
        "2010-11-07T02:30:30Z",
        "2010-11-07T02:31:00Z",
        "2010-11-07T03:29:59Z",
        "2010-11-07T03:30:00Z",
        // In Samoa the 29th, and then the 31st.
        "2011-12-30T09:59:59Z",
        "2011-12-30T10:00:00Z",
    ];
    created_at(&api, &times).await;
    let filter = json!({ "createdAt": { "to": "2010-12-01T00:00:00Z" } });
    for zone in ["America/St_Johns", "Canada/Newfoundland"] {
        let arguments = json!({ "bucket": "DAY", "timeZone": zone, "filter": filter });
        let expected = "2010-11-06 3, 2010-11-07 2";
        assert_eq!(series(&api, &ada, arguments).await, expected, "{zone}");
    }
    let filter = json!({ "createdAt": { "from": "2011-12-01T00:00:00Z" } });
    let samoa = json!({ "bucket": "DAY", "timeZone": "Pacific/Apia", "filter": filter });
    let expected = "2011-12-29 1, 2011-12-30 0, 2011-12-31 1";
    assert_eq!(series(&api, &ada, samoa).await, expected);
}

#[tokio::test]
async fn several_series_and_the_rest_come_in_one_answer() {
    let api = Api::new().await;
    let ada = api.admin().await;
    created_at(&api, &["2026-01-31T23:30:00Z", "2026-01-01T00:00:00Z"]).await;
    let query = "{ leadStatistics { totalLeads ...Series
        berlin: createdOverTime(bucket: MONTH, timeZone: \"Europe/Berlin\") { start count } } }
        fragment Series on LeadStatistics { createdOverTime(bucket: MONTH) { start count } }";
    let data = api.data(&ada, query, json!({})).await;
    let month = |start: &str, count: i64| json!({ "start": start, "count": count });
    assert_eq!(
        data["leadStatistics"],
        json!({ "totalLeads": 2,
            "createdOverTime": [month("2026-01-01", 2)],
            "berlin": [month("2026-01-01", 1), month("2026-02-01", 1)] })
    );
}

#[tokio::test]
async fn an_unknown_zone_is_refused_and_leaves_the_rest_of_the_answer() {
    let api = Api::new().await;
    let ada = api.admin().await;
    created_at(&api, &["2026-01-01T00:00:00Z"]).await;
    let query = "query ($zone: String!) { leadStatistics { totalLeads
        createdOverTime(timeZone: $zone) { count } } }";
    for bad in [
        "",
        "Mars/Olympus",
        "+02:00",
        "\0",
        "🦀",
        "'; --",
        "europe warsaw",
    ] {
        let variables = json!({ "zone": bad });
        let refusal = api.refusal(Some(&ada), query, variables.clone(), "INVALID_DATA");
        assert_eq!(super::fields_of(&refusal.await), ["timeZone"], "{bad}");
        let answer = api.ask(Some(&ada), query, variables).await;
        let rest = json!({ "totalLeads": 1, "createdOverTime": null });
        assert_eq!(answer["data"]["leadStatistics"], rest);
    }
}

#[tokio::test]
async fn a_series_of_too_many_stretches_is_refused_with_what_to_do() {
    let api = Api::new().await;
    let ada = api.admin().await;
    created_at(&api, &["1990-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]).await;
    let query = "{ leadStatistics { createdOverTime { count } } }";
    let refusal = api
        .refusal(Some(&ada), query, json!({}), "INVALID_DATA")
        .await;
    let message = "bucket would give more than 5000 values: filter by created";
    assert_eq!(refusal["message"], message);
    let months = "{ leadStatistics { createdOverTime(bucket: MONTH) { count } } }";
    let data = api.data(&ada, months, json!({})).await;
    let months = data["leadStatistics"]["createdOverTime"]
        .as_array()
        .unwrap();
    assert_eq!(months.len(), 36 * 12 + 1);
}
