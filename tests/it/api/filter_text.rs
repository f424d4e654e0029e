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
        (json!({ "tags": { "any": ["x", "Ż"] } }), "AB"),
        (json!({ "tags": { "any": [] } }), ""),
        (json!({ "tags": { "none": ["x"] } }), "BC"),
        (json!({ "tags": { "none": ["x", "ż"] } }), "C"),
        (json!({ "tags": { "all": ["y"], "none": ["x"] } }), "B"),
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
        (json!({ "email": { "equals": " A_B@ACME.example" } }), "A"),
        (json!({ "email": { "startsWith": "a_" } }), "A"),
        (json!({ "email": { "startsWith": "A" } }), "AB"),
        (json!({ "email": { "startsWith": "%" } }), ""),
        (json!({ "email": { "startsWith": "łÓŚ@" } }), "D"),
        (json!({ "email": { "equals": "łóś@bolt.example" } }), "D"),
        (json!({ "email": { "equals": "", "startsWith": "a" } }), ""),
        (
            json!({ "company": { "in": ["skoda 100X", " A\\B "] } }),
            "BC",
        ),
        (json!({ "company": { "in": [] } }), ""),
        (json!({ "company": { "in": ["100%", "%", ""] } }), ""),
        (json!({ "company": { "isSet": true } }), "ABC"),
        (json!({ "company": { "isSet": false } }), "DE"),
        (
            json!({ "company": { "isSet": true, "startsWith": "a" } }),
            "C",
        ),
        (
            json!({ "company": { "isSet": false, "equals": "a\\b" } }),
            "",
        ),
        (json!({ "not": { "company": { "isSet": true } } }), "DE"),
        (
            json!({ "email": { "in": ["ŁÓŚ@bolt.example", "c@BOLT.example", "los@bolt.example"] } }),
            "CD",
        ),
        (json!({ "email": { "in": [] } }), ""),
        (json!({ "email": { "isSet": false } }), "E"),
        (
            json!({ "email": { "isSet": true, "in": ["c@bolt.example", "e"] } }),
            "C",
        ),
        (
            json!({ "email": { "startsWith": "c" }, "company": { "startsWith": "A" } }),
            "C",
        ),
    ];
    check(&api, &ada, &cases).await;
}

#[tokio::test]
async fn by_job_title_without_regard_to_case_and_accents() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let all = [
        ("A", json!({ "jobTitle": "Président 100%" })),
        ("B", json!({ "jobTitle": "president 100x" })),
        ("C", json!({ "jobTitle": "CTO", "company": "President" })),
        ("D", json!({})),
    ];
    leads(&api, &ada, &all).await;
    let cases = [
        (json!({ "jobTitle": { "equals": " PRESIDENT 100% " } }), "A"),
        (json!({ "jobTitle": { "equals": "president" } }), ""),
        (json!({ "jobTitle": { "startsWith": "Présid" } }), "AB"),
        (json!({ "jobTitle": { "startsWith": "president_" } }), ""),
        (
            json!({ "jobTitle": { "in": ["cto", "president 100X"] } }),
            "BC",
        ),
        (json!({ "jobTitle": { "in": [] } }), ""),
        (json!({ "jobTitle": { "isSet": true } }), "ABC"),
        (json!({ "jobTitle": { "isSet": false } }), "D"),
        (
            json!({ "not": { "jobTitle": { "startsWith": "p" } } }),
            "CD",
        ),
        (
            json!({ "jobTitle": { "equals": "cto" }, "company": { "isSet": false } }),
            "",
        ),
    ];
    check(&api, &ada, &cases).await;
    let blank = json!({ "filter": { "jobTitle": { "startsWith": " " } } });
    let fault = api.leads_faults(&ada, blank).await;
    assert_eq!(fault, ["filter.jobTitle.startsWith"]);
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
    ];
    check(&api, &ada, &cases).await;
}

#[tokio::test]
async fn by_phone_however_it_is_written_internationally() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let all = [
        ("A", json!({ "phone": "+48 601 234 567" })),
        ("B", json!({ "phone": "+48 601 299 999" })),
        ("C", json!({ "phone": "+49 30 901820" })),
        ("D", json!({})),
    ];
    leads(&api, &ada, &all).await;
    let cases = [
        (json!({ "phone": { "equals": "0048 (601) 234-567" } }), "A"),
        (json!({ "phone": { "equals": "+49 (0)30 901820" } }), "C"),
        (json!({ "phone": { "equals": "+48 601 234 568" } }), ""),
        (
            json!({ "phone": { "in": ["+48601234567", "004930901820"] } }),
            "AC",
        ),
        (json!({ "phone": { "in": [] } }), ""),
        (json!({ "phone": { "startsWith": "+48" } }), "AB"),
        (json!({ "phone": { "startsWith": "0048 601-2" } }), "AB"),
        (json!({ "phone": { "startsWith": "+48 601 29" } }), "B"),
        (json!({ "phone": { "startsWith": "4860123456" } }), "A"),
        (json!({ "phone": { "startsWith": "+4" } }), "ABC"),
        (json!({ "phone": { "startsWith": "+49 (0)30" } }), "C"),
        (json!({ "phone": { "startsWith": "+9" } }), ""),
        (json!({ "phone": { "isSet": true } }), "ABC"),
        (json!({ "phone": { "isSet": false } }), "D"),
        (json!({ "not": { "phone": { "startsWith": "+48" } } }), "CD"),
    ];
    check(&api, &ada, &cases).await;
    for (phone, fault) in [
        (json!({ "equals": "601 234 567" }), "filter.phone.equals"),
        (json!({ "equals": "" }), "filter.phone.equals"),
        (json!({ "in": ["+48601234567", "x"] }), "filter.phone.in.1"),
        (json!({ "startsWith": "+" }), "filter.phone.startsWith"),
        (json!({ "startsWith": "+48 x" }), "filter.phone.startsWith"),
        (json!({ "startsWith": "+48%" }), "filter.phone.startsWith"),
    ] {
        let filter = json!({ "filter": { "phone": phone } });
        assert_eq!(api.leads_faults(&ada, filter).await, [fault], "{phone}");
    }
}
