//! `updateLead`: the named fields, and only these.

use serde_json::{Value, json};

use super::with;
use crate::support::{Api, SignedIn};

async fn full_lead(api: &Api, who: &SignedIn) -> Value {
    let input = json!({ "phone": "+48 601 234 567", "company": "Acme", "jobTitle": "Buyer",
        "source": "WEBSITE", "status": "QUALIFIED", "conversionProbability": 0.5, "tags": ["vip"],
        "lastContactDate": "2026-01-02T03:04:05Z", "nextFollowUp": "2150-01-02T03:04:05Z",
        "customFields": { "size": "L" } });
    api.lead(who, input).await
}

#[tokio::test]
async fn each_field_can_be_changed_and_the_others_stay() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let mut before = full_lead(&api, &ada).await;
    for (field, value) in [
        ("firstName", json!("Anna")),
        ("lastName", json!("Nowak")),
        ("email", json!("anna@gmail.com")),
        ("phone", json!("+48222345678")),
        ("company", json!("Bolt")),
        ("jobTitle", json!("Head of Purchasing")),
        ("status", json!("WON")),
        ("conversionProbability", json!(1.0)),
        ("lastContactDate", json!("2026-02-02T03:04:05+00:00")),
        ("nextFollowUp", json!("2151-02-02T03:04:05+00:00")),
        ("tags", json!(["a", "b"])),
        ("customFields", json!({ "colour": "red" })),
        ("source", json!("FACEBOOK")),
    ] {
        let mut input = json!({ "id": before["id"] });
        input[field] = value.clone();
        let after = api.edit(&ada, "updateLead", input).await;
        assert_eq!(after[field], value, "{field}");
        let follow = json!({ "version": after["version"], "updatedAt": after["updatedAt"],
            "fullName": after["fullName"], "leadScore": after["leadScore"],
            "scoreBreakdown": after["scoreBreakdown"], "isHotLead": after["isHotLead"],
            "daysSinceLastContact": after["daysSinceLastContact"] });
        let mut expected = with(before.clone(), follow);
        expected[field] = value;
        assert_eq!(after, expected, "{field}");
        assert_eq!(
            after["version"].as_i64(),
            before["version"].as_i64().map(|v| v + 1)
        );
        before = after;
    }
}

#[tokio::test]
async fn null_empties_what_can_be_empty() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = full_lead(&api, &ada).await;
    for (field, empty) in [
        ("phone", json!(null)),
        ("company", json!(null)),
        ("jobTitle", json!(null)),
        ("lastContactDate", json!(null)),
        ("nextFollowUp", json!(null)),
    ] {
        let mut input = json!({ "id": lead["id"] });
        input[field] = empty.clone();
        let after = api.edit(&ada, "updateLead", input).await;
        assert_eq!(after[field], empty, "{field}");
    }
    let titled = json!({ "id": lead["id"], "jobTitle": "Buyer" });
    api.change(&ada, "updateLead", titled).await;
    let blank = json!({ "id": lead["id"], "jobTitle": " " });
    let after = api.edit(&ada, "updateLead", blank).await;
    assert_eq!(after["jobTitle"], json!(null));
    let input = json!({ "id": lead["id"], "tags": [], "customFields": {} });
    let after = api.edit(&ada, "updateLead", input).await;
    assert_eq!(
        (&after["tags"], &after["customFields"]),
        (&json!([]), &json!({}))
    );
}

#[tokio::test]
async fn null_is_refused_where_a_value_must_be() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = full_lead(&api, &ada).await;
    let input = json!({ "id": lead["id"], "source": null,
        "status": null, "conversionProbability": null, "tags": null, "customFields": null });
    assert_eq!(
        api.faults(&ada, "updateLead", input).await,
        [
            "conversionProbability",
            "customFields",
            "source",
            "status",
            "tags"
        ]
    );
}

#[tokio::test]
async fn the_last_name_that_a_lead_is_called_by_stays() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = full_lead(&api, &ada).await;
    let id = &lead["id"];
    let all = json!({ "id": id, "firstName": null, "lastName": null, "company": " " });
    assert_eq!(api.faults(&ada, "updateLead", all).await, ["firstName"]);
    for (emptied, called) in [
        ("lastName", "Jan"),
        ("firstName", "Acme"),
        ("lastName", "Acme"),
    ] {
        let mut input = json!({ "id": id });
        input[emptied] = json!(null);
        let after = api.edit(&ada, "updateLead", input).await;
        assert_eq!(
            (&after[emptied], &after["fullName"]),
            (&json!(null), &json!(called))
        );
    }
    for empty in [json!(null), json!("")] {
        let last = json!({ "id": id, "company": empty });
        assert_eq!(api.faults(&ada, "updateLead", last).await, ["firstName"]);
    }
    let swap = json!({ "id": id, "company": null, "firstName": "Eve" });
    let after = api.edit(&ada, "updateLead", swap).await;
    assert_eq!(
        (&after["company"], &after["fullName"]),
        (&json!(null), &json!("Eve"))
    );
}

#[tokio::test]
async fn the_last_way_to_reach_a_lead_stays() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = full_lead(&api, &ada).await;
    let both = json!({ "id": lead["id"], "email": null, "phone": "" });
    assert_eq!(api.faults(&ada, "updateLead", both).await, ["email"]);
    let one = json!({ "id": lead["id"], "email": null });
    assert_eq!(
        api.edit(&ada, "updateLead", one).await["email"],
        json!(null)
    );
    let other = json!({ "id": lead["id"], "phone": " " });
    assert_eq!(api.faults(&ada, "updateLead", other).await, ["email"]);
    let swap = json!({ "id": lead["id"], "phone": null, "email": "x@gmail.com" });
    let swapped = api.edit(&ada, "updateLead", swap).await;
    assert_eq!(
        (&swapped["phone"], &swapped["email"]),
        (&json!(null), &json!("x@gmail.com"))
    );
}

#[tokio::test]
async fn all_faults_are_reported_together_and_nothing_is_changed() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = full_lead(&api, &ada).await;
    let input = json!({ "id": lead["id"], "firstName": "\0", "lastName": " ", "email": "x",
        "phone": "1", "company": "x".repeat(201), "jobTitle": "x".repeat(101), "conversionProbability": -1,
        "lastContactDate": "2199-01-01T00:00:00Z", "nextFollowUp": "2200-01-01T00:00:00Z",
        "tags": ["archived"], "customFields": [], "status": "WON" });
    assert_eq!(
        api.faults(&ada, "updateLead", input).await,
        [
            "company",
            "conversionProbability",
            "customFields",
            "email",
            "firstName",
            "jobTitle",
            "lastContactDate",
            "lastName",
            "nextFollowUp",
            "phone",
            "tags"
        ]
    );
    assert_eq!(api.read(&ada, lead["id"].as_str().unwrap()).await, lead);
}

#[tokio::test]
async fn a_change_that_changes_nothing_leaves_version_and_timeline_alone() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = full_lead(&api, &ada).await;
    let id = lead["id"].as_str().unwrap();
    for input in [
        json!({ "id": id }),
        json!({ "id": id, "firstName": " Jan ", "phone": "0048601234567", "tags": ["VIP"] }),
    ] {
        assert_eq!(api.edit(&ada, "updateLead", input).await, lead);
    }
    assert_eq!(api.timeline(&ada, id).await.len(), 1);
}

#[tokio::test]
async fn nobody_is_assigned_by_an_update() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = full_lead(&api, &ada).await;
    let input = json!({ "id": lead["id"], "assignedTo": ada.id });
    api.refused(&ada, "updateLead", input, "GRAPHQL_VALIDATION_FAILED")
        .await;
}
