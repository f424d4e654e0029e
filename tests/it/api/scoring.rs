//! The score of a lead, and its breakdown.

use serde_json::{Value, json};

use crate::support::{Api, SignedIn};

fn points(lead: &Value, rule: &str) -> Option<i64> {
    let lines = lead["scoreBreakdown"].as_array().unwrap();
    let line = lines.iter().find(|line| line["rule"]["id"] == rule)?;
    line["points"].as_i64()
}

fn adds_up(lead: &Value) -> bool {
    let lines = lead["scoreBreakdown"].as_array().unwrap();
    let sum: i64 = lines.iter().map(|l| l["points"].as_i64().unwrap()).sum();
    lead["leadScore"] == sum
}

#[tokio::test]
async fn the_score_follows_the_table_of_rules_and_the_breakdown_adds_up() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (score, input) in [
        (50, json!({})),
        (50, json!({ "source": "OTHER" })),
        (55, json!({ "source": "WHATSAPP" })),
        (60, json!({ "source": "FACEBOOK" })),
        (60, json!({ "source": "INSTAGRAM" })),
        (65, json!({ "source": "WEBSITE" })),
        (70, json!({ "source": "REFERRAL" })),
        (60, json!({ "company": "Acme" })),
        (60, json!({ "email": "jan@acme.example" })),
        (50, json!({ "email": "jan@GMX.de" })),
        (50, json!({ "email": null, "phone": "+48601234567" })),
        (65, json!({ "tags": ["Enterprise"] })),
        (65, json!({ "tags": ["hot"] })),
        (65, json!({ "tags": ["urgent", "hot", "enterprise"] })),
        (50, json!({ "tags": ["hotel"] })),
        (
            80,
            json!({ "source": "FACEBOOK", "company": "Acme", "email": "jan@acme.example" }),
        ),
        (
            90,
            json!({ "source": "REFERRAL", "company": "Acme", "email": "jan@acme.example" }),
        ),
        (
            95,
            json!({ "source": "REFERRAL", "company": "Acme", "tags": ["hot"] }),
        ),
        (
            100,
            json!({ "source": "WEBSITE", "company": "A", "email": "a@b.example", "tags": ["hot"] }),
        ),
    ] {
        let lead = api.lead(&ada, input.clone()).await;
        assert_eq!(lead["leadScore"], score, "{input}");
        assert!(adds_up(&lead), "{lead}");
        assert_eq!(lead["isHotLead"], score > 70);
    }
}

#[tokio::test]
async fn a_hundred_and_five_points_are_capped_to_a_hundred_and_the_cap_is_explained() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let input = json!({ "source": "REFERRAL", "company": "Acme", "email": "jan@acme.example",
        "tags": ["enterprise"] });
    let lead = api.lead(&ada, input).await;
    assert_eq!(lead["leadScore"], 100);
    let line = |id: &str, name: &str, points: i32| json!({ "rule": { "id": id, "name": name }, "points": points });
    assert_eq!(
        lead["scoreBreakdown"],
        json!([
            line("BASE", "Starting points", 50),
            line("SOURCE", "Source of the lead", 20),
            line("COMPANY", "Company known", 10),
            line("BUSINESS_EMAIL", "Business e-mail address", 10),
            line("URGENT_TAG", "Urgent tag", 15),
            line("CAP", "Limit of 100 points", -5),
        ])
    );
}

#[tokio::test]
async fn an_automatic_score_follows_its_inputs() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let change = async |mutation: &str, more: Value| {
        let input = super::with(json!({ "id": id }), more);
        let lead = api.edit(&ada, mutation, input).await;
        assert!(adds_up(&lead), "{lead}");
        lead["leadScore"].as_i64().unwrap()
    };
    assert_eq!(
        change("updateLead", json!({ "source": "REFERRAL" })).await,
        70
    );
    assert_eq!(change("updateLead", json!({ "company": "Acme" })).await, 80);
    assert_eq!(
        change("updateLead", json!({ "email": "a@acme.example" })).await,
        90
    );
    assert_eq!(change("addTag", json!({ "tag": "urgent" })).await, 100);
    assert_eq!(change("updateLead", json!({ "company": null })).await, 95);
    assert_eq!(
        change("updateLead", json!({ "email": "a@gmail.com" })).await,
        85
    );
    assert_eq!(change("removeTag", json!({ "tag": "urgent" })).await, 70);
    let bulk = json!({ "leads": { "ids": [id] }, "add": ["hot"] });
    api.change(&ada, "bulkTag", bulk).await;
    assert_eq!(api.read(&ada, &id).await["leadScore"], 85);
}

#[tokio::test]
async fn a_score_by_hand_stays_until_the_lead_is_rescored() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({ "source": "REFERRAL" })).await;
    api.change(&ada, "updateScore", json!({ "id": id, "score": 7 }))
        .await;
    let update = json!({ "id": id, "company": "Acme", "email": "a@acme.example" });
    let lead = api.edit(&ada, "updateLead", update).await;
    assert_eq!(
        (&lead["leadScore"], points(&lead, "MANUAL")),
        (&json!(7), Some(7))
    );
    let domains = json!({ "add": ["acme.example"] });
    api.change(&ada, "updateFreeEmailDomains", domains).await;
    let bulk = json!({ "leads": { "ids": [id] }, "add": ["hot"] });
    api.change(&ada, "bulkTag", bulk).await;
    let lead = api.read(&ada, &id).await;
    assert_eq!(
        (&lead["leadScore"], &lead["scoreIsManual"]),
        (&json!(7), &json!(true))
    );
    let lead = api.edit(&ada, "rescoreLead", json!({ "id": id })).await;
    assert_eq!(
        (&lead["leadScore"], &lead["scoreIsManual"]),
        (&json!(95), &json!(false))
    );
    assert_eq!(points(&lead, "BUSINESS_EMAIL"), Some(0));
    assert!(adds_up(&lead));
    let again = api.edit(&ada, "rescoreLead", json!({ "id": id })).await;
    assert_eq!(again, lead);
}

#[tokio::test]
async fn an_equal_score_by_hand_is_by_hand_all_the_same() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let input = json!({ "id": id, "score": 50 });
    let lead = api.edit(&ada, "updateScore", input).await;
    assert_eq!(
        (&lead["scoreIsManual"], &lead["version"]),
        (&json!(true), &json!(2))
    );
}

#[tokio::test]
async fn editing_the_free_providers_rescores_the_leads_there_and_no_others() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let acme = api
        .lead_id(&ada, json!({ "email": "jan@Acme.Example" }))
        .await;
    let sub = api
        .lead_id(&ada, json!({ "email": "jan@sub.acme.example" }))
        .await;
    let gmail = api.lead_id(&ada, json!({})).await;
    let scores = async |who: &SignedIn| {
        let mut scores = Vec::new();
        for id in [&acme, &sub, &gmail] {
            let lead = api.read(who, id).await;
            assert!(adds_up(&lead));
            scores.push((
                lead["leadScore"].as_i64().unwrap(),
                lead["version"].as_i64().unwrap(),
            ));
        }
        scores
    };
    assert_eq!(scores(&ada).await, [(60, 1), (60, 1), (50, 1)]);
    let edit = json!({ "add": [" ACME.example "], "remove": ["gmail.com"] });
    api.change(&ada, "updateFreeEmailDomains", edit).await;
    assert_eq!(scores(&ada).await, [(50, 2), (60, 1), (60, 2)]);
    let changes = &api.timeline(&ada, &acme).await[0];
    assert_eq!(changes["by"]["id"], json!(ada.id));
    assert_eq!(
        changes["changes"],
        json!([
            { "field": "hasBusinessEmail", "before": { "value": true, "display": "true" },
                "after": { "value": false, "display": "false" } },
            { "field": "leadScore", "before": { "value": 60, "display": "60" },
                "after": { "value": 50, "display": "50" } },
        ])
    );
    assert_eq!(api.lead(&ada, json!({})).await["leadScore"], 60);
}
