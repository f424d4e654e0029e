//! `leadStatistics`: what is counted over leads.

use serde_json::{Value, json};

use super::Team;
use crate::support::{Api, SignedIn};

const QUERY: &str = "query ($filter: LeadFilter, $search: String) {
    leadStatistics(filter: $filter, search: $search) { totalLeads averageLeadScore hotLeadsCount
        conversionRate leadsByStatus { status count } leadsBySource { source count }
        leadsByAgent { user { id } totalLeads wonLeads conversionRate averageLeadScore }
        overdueFollowUps createdOverTime { count } } }";

async fn statistics(api: &Api, who: &SignedIn, arguments: Value) -> Value {
    api.data(who, QUERY, arguments).await["leadStatistics"].clone()
}

fn counts(list: &Value, key: &str) -> String {
    let list = list.as_array().unwrap().iter();
    let count = |entry: &Value| format!("{} {}", entry[key].as_str().unwrap(), entry["count"]);
    list.map(count).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn without_leads_everything_is_zero_and_every_status_and_source_is_there() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let none = statistics(&api, &ada, json!({})).await;
    for (field, value) in [
        ("totalLeads", json!(0)),
        ("averageLeadScore", json!(0.0)),
        ("hotLeadsCount", json!(0)),
        ("conversionRate", json!(0.0)),
        ("leadsByAgent", json!([])),
        ("overdueFollowUps", json!(0)),
        ("createdOverTime", json!([])),
    ] {
        assert_eq!(none[field], value, "{field}");
    }
    assert_eq!(
        counts(&none["leadsByStatus"], "status"),
        "NEW 0, CONTACTED 0, QUALIFIED 0, PROPOSAL 0, NEGOTIATION 0, WON 0, LOST 0, CALLBACK 0"
    );
    assert_eq!(
        counts(&none["leadsBySource"], "source"),
        "WEBSITE 0, FACEBOOK 0, INSTAGRAM 0, WHATSAPP 0, REFERRAL 0, OTHER 0"
    );
}

/// Ann: 50 WON and 60 NEW; Bea: 70 WON, 80 LOST, 65 NEW; nobody: 50 NEW.
async fn six_leads(team: &Team) {
    let (ann, bea) = (json!(team.ann.id), json!(team.bea.id));
    let past = "2026-01-01T00:00:00Z";
    for lead in [
        json!({ "assignedTo": ann, "status": "WON", "nextFollowUp": past }),
        json!({ "assignedTo": ann, "company": "Acme", "nextFollowUp": past }),
        json!({ "assignedTo": bea, "status": "WON", "source": "REFERRAL" }),
        json!({ "assignedTo": bea, "status": "LOST", "source": "REFERRAL", "company": "A",
            "nextFollowUp": past }),
        json!({ "assignedTo": bea, "source": "WEBSITE", "nextFollowUp": past }),
        json!({ "nextFollowUp": "2150-01-01T00:00:00Z" }),
    ] {
        team.api.lead(&team.ada, lead).await;
    }
}

#[tokio::test]
async fn everything_is_counted_over_the_leads_that_the_viewer_may_see() {
    let team = Team::new().await;
    six_leads(&team).await;
    let all = statistics(&team.api, &team.ada, json!({})).await;
    for (field, value) in [
        ("totalLeads", json!(6)),
        ("averageLeadScore", json!(62.5)),
        ("hotLeadsCount", json!(1)),
        ("conversionRate", json!(33.33)),
        ("overdueFollowUps", json!(2)),
        ("createdOverTime", json!([{ "count": 6 }])),
    ] {
        assert_eq!(all[field], value, "{field}");
    }
    assert_eq!(
        counts(&all["leadsByStatus"], "status"),
        "NEW 3, CONTACTED 0, QUALIFIED 0, PROPOSAL 0, NEGOTIATION 0, WON 2, LOST 1, CALLBACK 0"
    );
    assert_eq!(
        counts(&all["leadsBySource"], "source"),
        "WEBSITE 1, FACEBOOK 0, INSTAGRAM 0, WHATSAPP 0, REFERRAL 2, OTHER 3"
    );
    let agent = |user: Value, total: i64, won: i64, rate: f64, score: f64| {
        json!({ "user": user, "totalLeads": total, "wonLeads": won, "conversionRate": rate,
            "averageLeadScore": score })
    };
    let bea = agent(json!({ "id": team.bea.id }), 3, 1, 33.33, 71.67);
    let ann = agent(json!({ "id": team.ann.id }), 2, 1, 50.0, 55.0);
    let nobody = agent(json!(null), 1, 0, 0.0, 50.0);
    assert_eq!(all["leadsByAgent"], json!([bea, ann, nobody]));
    for (who, total, agents) in [
        (&team.mia, 3, json!([ann, nobody])),
        (&team.max, 4, json!([bea, nobody])),
        (&team.ann, 2, json!([ann])),
        (&team.abe, 0, json!([])),
    ] {
        let seen = statistics(&team.api, who, json!({})).await;
        assert_eq!(
            (&seen["totalLeads"], &seen["leadsByAgent"]),
            (&json!(total), &agents)
        );
    }
}

#[tokio::test]
async fn filter_and_search_narrow_what_is_counted() {
    let team = Team::new().await;
    six_leads(&team).await;
    for (arguments, total, rate, overdue) in [
        (json!({ "filter": { "status": ["WON"] } }), 2, 100.0, 0),
        (json!({ "filter": { "source": ["REFERRAL"] } }), 2, 50.0, 0),
        (
            json!({ "filter": { "assignedTo": [team.bea.id] } }),
            3,
            33.33,
            1,
        ),
        (json!({ "filter": { "unassigned": true } }), 1, 0.0, 0),
        (json!({ "search": "acme" }), 1, 0.0, 1),
        (json!({ "search": "nobody" }), 0, 0.0, 0),
        (
            json!({ "filter": { "isHotLead": true }, "search": "kowalski" }),
            1,
            0.0,
            0,
        ),
    ] {
        let counted = statistics(&team.api, &team.ada, arguments.clone()).await;
        assert_eq!(counted["totalLeads"], total, "{arguments}");
        assert_eq!(counted["conversionRate"], json!(rate), "{arguments}");
        assert_eq!(counted["overdueFollowUps"], overdue, "{arguments}");
        let by_status = counted["leadsByStatus"].as_array().unwrap();
        assert_eq!(by_status.len(), 8);
        let sum: i64 = by_status.iter().map(|s| s["count"].as_i64().unwrap()).sum();
        assert_eq!(sum, total);
    }
}

#[tokio::test]
async fn rates_are_rounded_half_up_to_two_decimals() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = |status: &str| super::jan(json!({ "status": status }));
    let mut leads = vec![lead("NEW"); 799];
    leads.push(lead("WON"));
    api.change(&ada, "createLeads", json!({ "leads": leads }))
        .await;
    // 1 of 800 is 0.125 %.
    let counted = statistics(&api, &ada, json!({})).await;
    assert_eq!(counted["conversionRate"], json!(0.13));
}
