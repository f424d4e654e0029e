//! `createLeads`: up to a thousand at once, each row with its verdict.

use serde_json::{Value, json};

use super::{Team, UNKNOWN, called, jan};
use crate::support::Api;

fn verdicts(result: &Value) -> Vec<(Value, Value)> {
    let rows = result["results"].as_array().unwrap().iter();
    rows.map(|row| (row["error"]["code"].clone(), row["error"]["fields"].clone()))
        .collect()
}

#[tokio::test]
async fn good_rows_are_created_and_each_bad_one_says_why() {
    let Team {
        api, mia, ann, bea, ..
    } = &Team::new().await;
    let leads = json!([
        jan(
            json!({ "lastName": "First", "assignedTo": ann.id, "source": "REFERRAL", "jobTitle": "CTO" })
        ),
        jan(json!({ "firstName": " ", "email": "x", "jobTitle": "x".repeat(101) })),
        jan(json!({ "assignedTo": bea.id })),
        jan(json!({ "lastName": "Last", "email": "a@acme.example" })),
        jan(json!({ "assignedTo": UNKNOWN })),
    ]);
    let input = json!({ "leads": leads });
    let result = api.change(mia, "createLeads", input).await;
    for (field, value) in [("total", 5), ("succeeded", 2), ("failed", 3)] {
        assert_eq!(result[field], value);
    }
    let nothing = (json!(null), json!(null));
    let faults = json!([
        { "field": "input.leads.1.firstName" }, { "field": "input.leads.1.email" },
        { "field": "input.leads.1.jobTitle" }]);
    let denied = (json!("PERMISSION_DENIED"), json!([]));
    assert_eq!(
        verdicts(&result),
        [
            nothing.clone(),
            (json!("INVALID_DATA"), faults),
            denied.clone(),
            nothing,
            denied
        ]
    );
    assert_eq!(api.found(mia, json!({})).await, ["First", "Last"]);
    let first = api
        .read(mia, result["results"][0]["id"].as_str().unwrap())
        .await;
    assert_eq!(
        (&first["leadScore"], &first["lastName"], &first["jobTitle"]),
        (&json!(70), &json!("First"), &json!("CTO"))
    );
    assert_eq!(
        api.timeline(mia, first["id"].as_str().unwrap()).await.len(),
        1
    );
    let last = api
        .read(mia, result["results"][3]["id"].as_str().unwrap())
        .await;
    assert_eq!(last["leadScore"], 60);
    assert_eq!(result["results"][1]["id"], json!(null));
}

#[tokio::test]
async fn all_or_nothing_creates_none_of_them() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let leads = json!([jan(json!({})), jan(json!({ "email": "x" })), jan(json!({}))]);
    let input = json!({ "leads": leads, "mode": "ALL_OR_NOTHING" });
    let result = api.change(&ada, "createLeads", input).await;
    assert_eq!(
        (&result["succeeded"], &result["failed"]),
        (&json!(0), &json!(3))
    );
    let codes: Vec<_> = verdicts(&result)
        .into_iter()
        .map(|(code, _)| code)
        .collect();
    assert_eq!(codes, ["NOT_APPLIED", "INVALID_DATA", "NOT_APPLIED"]);
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 0);
    assert_eq!(result["results"][0]["id"], json!(null));
}

#[tokio::test]
async fn a_dry_run_creates_nothing_and_names_no_ids() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let leads = json!([jan(json!({})), jan(json!({ "email": "x" }))]);
    let input = json!({ "leads": leads, "dryRun": true });
    let result = api.change(&ada, "createLeads", input).await;
    assert_eq!(
        (&result["succeeded"], &result["failed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(result["results"][0]["id"], json!(null));
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 0);
}

#[tokio::test]
async fn a_thousand_leads_are_taken_and_one_more_is_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let names: Vec<String> = (0..1001).map(|n| format!("Lead {n:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let input = json!({ "leads": called(&names) });
    assert_eq!(api.faults(&ada, "createLeads", input).await, ["leads"]);
    let input = json!({ "leads": called(&names[..1000]) });
    let result = api.change(&ada, "createLeads", input).await;
    assert_eq!(
        (&result["total"], &result["succeeded"]),
        (&json!(1000), &json!(1000))
    );
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 1000);
    assert_eq!(api.count("SELECT count(*) FROM lead_notes").await, 1000);
}

#[tokio::test]
async fn no_leads_are_no_rows() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let result = api
        .change(&ada, "createLeads", json!({ "leads": [] }))
        .await;
    assert_eq!(
        (&result["total"], &result["results"]),
        (&json!(0), &json!([]))
    );
}

#[tokio::test]
async fn a_row_whose_assignee_is_no_id_is_named_by_its_number() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let leads = json!([jan(json!({})), jan(json!({ "assignedTo": "x" }))]);
    let input = json!({ "leads": leads });
    let result = api.change(&ada, "createLeads", input).await;
    let faults = &result["results"][1]["error"]["fields"];
    assert_eq!(faults, &json!([{ "field": "input.leads.1.assignedTo" }]));
    assert_eq!(result["succeeded"], 1);
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 1);
}

#[tokio::test]
async fn what_an_agent_creates_in_bulk_is_the_agents_own() {
    let Team { api, ann, abe, .. } = &Team::new().await;
    let leads = json!([jan(json!({})), jan(json!({ "assignedTo": abe.id }))]);
    let result = api
        .change(ann, "createLeads", json!({ "leads": leads }))
        .await;
    let codes: Vec<_> = verdicts(&result)
        .into_iter()
        .map(|(code, _)| code)
        .collect();
    assert_eq!(codes, [json!(null), json!("PERMISSION_DENIED")]);
    let id = result["results"][0]["id"].as_str().unwrap();
    assert_eq!(api.read(ann, id).await["assignedTo"]["id"], json!(ann.id));
}
