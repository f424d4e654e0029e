//! Each field of the filter, alone.

use serde_json::{Value, json};

use super::{Team, jan};
use crate::support::{Api, SignedIn};

/// Leads called by a letter, each with what is said of it.
pub(super) async fn leads(api: &Api, who: &SignedIn, leads: &[(&str, Value)]) {
    let input =
        |(name, more): &(&str, Value)| super::with(jan(more.clone()), json!({ "lastName": name }));
    let input: Vec<Value> = leads.iter().map(input).collect();
    let result = api
        .change(who, "createLeads", json!({ "leads": input }))
        .await;
    assert_eq!(result["failed"], 0, "{result:#}");
}

pub(super) async fn check(api: &Api, who: &SignedIn, cases: &[(Value, &str)]) {
    for (filter, expected) in cases {
        let found = api.found(who, filter.clone()).await.concat();
        assert_eq!(&found, expected, "{filter}");
        let arguments = json!({ "filter": filter });
        let total = api.leads(who, arguments).await["totalCount"].clone();
        assert_eq!(total, expected.len(), "{filter}");
    }
}

#[tokio::test]
async fn by_status_and_source() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let all = [
        ("A", json!({ "status": "NEW", "source": "WEBSITE" })),
        ("B", json!({ "status": "WON", "source": "WEBSITE" })),
        ("C", json!({ "status": "LOST", "source": "REFERRAL" })),
    ];
    leads(&api, &ada, &all).await;
    let cases = [
        (json!({ "status": ["NEW", "LOST"] }), "AC"),
        (json!({ "status": ["CALLBACK"] }), ""),
        (json!({ "status": [] }), ""),
        (json!({ "source": ["WEBSITE"] }), "AB"),
        (
            json!({ "source": ["WEBSITE"], "status": ["WON", "LOST"] }),
            "B",
        ),
    ];
    check(&api, &ada, &cases).await;
}

#[tokio::test]
async fn by_assignee_and_by_having_none() {
    let team = Team::new().await;
    let Team {
        api, ada, ann, bea, ..
    } = &team;
    for (owner, name) in [(Some(ann), "A"), (Some(bea), "B"), (None, "C")] {
        team.lead_of(owner, name).await;
    }
    let cases = [
        (json!({ "assignedTo": [ann.id] }), "A"),
        (json!({ "assignedTo": [ann.id, bea.id] }), "AB"),
        (json!({ "assignedTo": [] }), ""),
        (json!({ "assignedTo": [super::UNKNOWN] }), ""),
        (json!({ "unassigned": true }), "C"),
        (json!({ "unassigned": false }), "AB"),
        (json!({ "assignedTo": [ann.id], "unassigned": true }), "AC"),
        (json!({ "assignedTo": [ann.id], "unassigned": false }), "A"),
        (json!({ "assignedTo": [], "unassigned": true }), "C"),
        (json!({ "assignedTo": [], "unassigned": false }), ""),
    ];
    check(api, ada, &cases).await;
    let foreign = json!({ "assignedTo": [bea.id] });
    assert_eq!(api.found(ann, foreign).await, [""; 0]);
    let bad = json!({ "filter": { "assignedTo": ["x"] } });
    assert_eq!(api.leads_faults(ada, bad).await, ["filter.assignedTo.0"]);
}

#[tokio::test]
async fn by_dates_whose_beginning_counts_and_whose_end_does_not() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let day = |day: u32| json!(format!("2026-03-{day:02}T12:00:00Z"));
    let all = [
        (
            "A",
            json!({ "lastContactDate": day(1), "nextFollowUp": day(11) }),
        ),
        (
            "B",
            json!({ "lastContactDate": day(2), "nextFollowUp": day(12) }),
        ),
        ("C", json!({ "lastContactDate": day(3) })),
        ("D", json!({})),
    ];
    leads(&api, &ada, &all).await;
    let cases = [
        (json!({ "lastContactDate": { "from": day(2) } }), "BC"),
        (json!({ "lastContactDate": { "to": day(2) } }), "A"),
        (
            json!({ "lastContactDate": { "from": day(2), "to": day(3) } }),
            "B",
        ),
        (
            json!({ "lastContactDate": { "from": day(3), "to": day(2) } }),
            "",
        ),
        (
            json!({ "lastContactDate": { "from": "2026-03-02T14:00:00.000001+02:00" } }),
            "C",
        ),
        (json!({ "nextFollowUp": { "from": day(12) } }), "B"),
        (json!({ "nextFollowUp": { "isSet": true } }), "AB"),
        (json!({ "nextFollowUp": { "isSet": false } }), "CD"),
        (json!({ "lastContactDate": { "isSet": true } }), "ABC"),
        (json!({ "lastContactDate": { "isSet": false } }), "D"),
        (
            json!({ "not": { "lastContactDate": { "isSet": true } } }),
            "D",
        ),
        (
            json!({ "lastContactDate": { "isSet": true, "from": day(3) } }),
            "C",
        ),
        (
            json!({ "lastContactDate": { "isSet": false, "from": day(1) } }),
            "",
        ),
        (
            json!({ "nextFollowUp": { "to": day(12) }, "lastContactDate": { "to": day(9) } }),
            "A",
        ),
    ];
    check(&api, &ada, &cases).await;
}

#[tokio::test]
async fn by_when_a_lead_came_and_with_dates_that_can_be() {
    let api = Api::new().await;
    let ada = api.admin().await;
    leads(&api, &ada, &[("A", json!({})), ("B", json!({}))]).await;
    let cases = [
        (json!({ "createdAt": { "to": "2026-01-01T00:00:00Z" } }), ""),
        (
            json!({ "createdAt": { "from": "2026-01-01T00:00:00Z" } }),
            "AB",
        ),
        (json!({ "updatedAt": { "to": "2026-01-01T00:00:00Z" } }), ""),
        (
            json!({ "updatedAt": { "from": "2026-01-01T00:00:00Z" } }),
            "AB",
        ),
    ];
    check(&api, &ada, &cases).await;
    for bad in ["1000-01-01T00:00:00Z", "9999-01-01T00:00:00Z"] {
        let filter = json!({ "filter": { "createdAt": { "from": bad } } });
        assert_eq!(
            api.leads_faults(&ada, filter).await,
            ["filter.createdAt.from"]
        );
    }
}

#[tokio::test]
async fn by_when_a_lead_was_changed() {
    let api = Api::new().await;
    let ada = api.admin().await;
    leads(
        &api,
        &ada,
        &[("A", json!({ "company": "first" })), ("B", json!({}))],
    )
    .await;
    let id = api.leads(&ada, json!({ "search": "first" })).await["nodes"][0]["id"].clone();
    let before = api.read(&ada, id.as_str().unwrap()).await["createdAt"].clone();
    let update = json!({ "id": id, "company": "Acme" });
    let after = api.edit(&ada, "updateLead", update).await["updatedAt"].clone();
    let cases = [
        (json!({ "updatedAt": { "from": after } }), "A"),
        (json!({ "updatedAt": { "to": after } }), "B"),
        (json!({ "createdAt": { "to": after } }), "AB"),
        (json!({ "createdAt": { "to": before } }), ""),
    ];
    check(&api, &ada, &cases).await;
}

#[tokio::test]
async fn by_score_and_probability_whose_both_ends_count() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let all = [
        ("A", json!({ "conversionProbability": 0.0 })),
        (
            "B",
            json!({ "conversionProbability": 0.25, "source": "REFERRAL" }),
        ),
        (
            "C",
            json!({ "conversionProbability": 1.0, "source": "REFERRAL", "company": "x" }),
        ),
    ];
    leads(&api, &ada, &all).await;
    let cases = [
        (json!({ "leadScore": { "min": 70 } }), "BC"),
        (json!({ "leadScore": { "max": 70 } }), "AB"),
        (json!({ "leadScore": { "min": 70, "max": 70 } }), "B"),
        (json!({ "leadScore": { "min": 71, "max": 70 } }), ""),
        (
            json!({ "leadScore": { "min": -2147483648, "max": 2147483647 } }),
            "ABC",
        ),
        (json!({ "isHotLead": true }), "C"),
        (json!({ "isHotLead": false }), "AB"),
        (
            json!({ "isHotLead": true, "leadScore": { "min": 10 } }),
            "C",
        ),
        (
            json!({ "isHotLead": false, "leadScore": { "min": 70 } }),
            "B",
        ),
        (json!({ "not": { "isHotLead": false } }), "C"),
        (json!({ "isHotLead": true, "leadScore": { "max": 70 } }), ""),
        (json!({ "conversionProbability": { "min": 0.25 } }), "BC"),
        (json!({ "conversionProbability": { "max": 0.25 } }), "AB"),
        (
            json!({ "conversionProbability": { "min": -5, "max": 1e300 } }),
            "ABC",
        ),
    ];
    check(&api, &ada, &cases).await;
}

#[tokio::test]
async fn by_ids_of_leads_that_the_viewer_may_see() {
    let team = Team::new().await;
    let Team {
        api, ada, ann, bea, ..
    } = &team;
    let mut ids = Vec::new();
    for (owner, name) in [(Some(ann), "A"), (Some(bea), "B"), (None, "C")] {
        ids.push(team.lead_of(owner, name).await);
    }
    let cases = [
        (json!({ "ids": [] }), ""),
        (json!({ "ids": [ids[1]] }), "B"),
        (
            json!({ "ids": [ids[2], ids[0], ids[0], super::UNKNOWN] }),
            "AC",
        ),
        (json!({ "ids": ids, "unassigned": true }), "C"),
        (json!({ "not": { "ids": [ids[0]] } }), "BC"),
        (json!({ "not": { "ids": [] } }), "ABC"),
    ];
    check(api, ada, &cases).await;
    assert_eq!(api.found(ann, json!({ "ids": ids })).await, ["A"]);
    let more: Vec<&str> = vec![super::UNKNOWN; 1001];
    for (bad, fault) in [
        (json!({ "ids": [ids[0], "x"] }), "filter.ids.1"),
        (json!({ "ids": more }), "filter.ids"),
    ] {
        let bad = json!({ "filter": bad });
        assert_eq!(api.leads_faults(ada, bad).await, [fault]);
    }
}
