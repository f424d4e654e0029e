//! The filter's tags, texts and custom fields, alone.

use serde_json::json;

use super::filter::{check, leads};
use crate::support::Api;

#[tokio::test]
async fn by_tags_however_they_are_written() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let all = [
        ("A", json!({ "tags": ["x", "y"] })),
        ("B", json!({ "tags": ["y", "ż"] })),
        ("C", json!({ "tags": [] })),
    ];
    leads(&api, &ada, &all).await;
    let cases = [
        (json!({ "tags": { "all": ["x", "y"] } }), "A"),
        (json!({ "tags": { "all": [" Y "] } }), "AB"),
        (json!({ "tags": { "all": [] } }), "ABC"),
        (json!({ "tags": { "any": ["x", "Ż"] } }), "AB"),
        (json!({ "tags": { "any": [] } }), ""),
        (json!({ "tags": { "none": ["x"] } }), "BC"),
        (json!({ "tags": { "none": ["x", "ż"] } }), "C"),
        (json!({ "tags": { "none": [] } }), "ABC"),
        (json!({ "tags": { "all": ["y"], "none": ["x"] } }), "B"),
        (json!({ "tags": {} }), "ABC"),
        (json!({ "tags": { "all": ["%"] } }), ""),
    ];
    check(&api, &ada, &cases).await;
}

#[tokio::test]
async fn by_company_and_email_without_regard_to_case_and_their_metacharacters_mean_themselves() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let all = [
        (
            "A",
            json!({ "company": "Škoda 100%", "email": "a_b@acme.example" }),
        ),
        (
            "B",
            json!({ "company": "skoda 100x", "email": "axb@acme.example" }),
        ),
        ("C", json!({ "company": "a\\b", "email": "c@bolt.example" })),
        ("D", json!({ "email": "Łóś@bolt.example" })),
        ("E", json!({ "email": null, "phone": "+48601234567" })),
    ];
    leads(&api, &ada, &all).await;
    let cases = [
        (json!({ "company": { "equals": "SKODA 100%" } }), "A"),
        (json!({ "company": { "equals": " Škoda 100% " } }), "A"),
        (json!({ "company": { "equals": "škoda" } }), ""),
        (json!({ "company": { "startsWith": "škoda" } }), "AB"),
        (json!({ "company": { "startsWith": "skoda 100%" } }), "A"),
        (json!({ "company": { "startsWith": "skoda_" } }), ""),
        (json!({ "company": { "startsWith": "a\\" } }), "C"),
        (json!({ "company": { "startsWith": "" } }), "ABC"),
        (json!({ "email": { "equals": " A_B@ACME.example" } }), "A"),
        (json!({ "email": { "startsWith": "a_" } }), "A"),
        (json!({ "email": { "startsWith": "A" } }), "AB"),
        (json!({ "email": { "startsWith": "%" } }), ""),
        (json!({ "email": { "startsWith": "łÓŚ@" } }), "D"),
        (json!({ "email": { "equals": "łóś@bolt.example" } }), "D"),
        (json!({ "email": { "equals": "", "startsWith": "a" } }), ""),
        (
            json!({ "email": { "startsWith": "c" }, "company": { "startsWith": "A" } }),
            "C",
        ),
    ];
    check(&api, &ada, &cases).await;
}

#[tokio::test]
async fn by_custom_fields_at_any_depth() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let all = [
        (
            "A",
            json!({ "customFields": { "size": "L", "deal": { "eur": 5, "parts": [1, 2] } } }),
        ),
        (
            "B",
            json!({ "customFields": { "size": "M", "deal": { "eur": 5 } } }),
        ),
        ("C", json!({ "customFields": {} })),
    ];
    leads(&api, &ada, &all).await;
    let cases = [
        (json!({ "customFields": { "size": "L" } }), "A"),
        (json!({ "customFields": { "deal": { "eur": 5 } } }), "AB"),
        (json!({ "customFields": { "deal": { "parts": [2] } } }), "A"),
        (json!({ "customFields": { "deal": { "eur": 5.0 } } }), "AB"),
        (json!({ "customFields": { "deal": { "eur": "5" } } }), ""),
        (json!({ "customFields": { "size": null } }), ""),
        (json!({ "customFields": {} }), "ABC"),
        (json!({ "customFields": null }), "ABC"),
    ];
    check(&api, &ada, &cases).await;
}
