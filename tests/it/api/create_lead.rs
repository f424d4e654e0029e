//! `createLead`: what is taken, what is refused, and who may.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Team, jan};
use crate::support::Api;

#[tokio::test]
async fn a_lead_of_the_least_that_is_needed_has_the_documented_defaults() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = api.lead(&ada, json!({})).await;
    for (field, value) in [
        ("fullName", json!("Jan Kowalski")),
        ("email", json!("jan@gmail.com")),
        ("phone", json!(null)),
        ("company", json!(null)),
        ("jobTitle", json!(null)),
        ("source", json!("OTHER")),
        ("status", json!("NEW")),
        ("assignedTo", json!(null)),
        ("leadScore", json!(50)),
        ("scoreIsManual", json!(false)),
        ("isHotLead", json!(false)),
        ("hasBusinessEmail", json!(false)),
        ("conversionProbability", json!(0.0)),
        ("lastContactDate", json!(null)),
        ("daysSinceLastContact", json!(null)),
        ("nextFollowUp", json!(null)),
        ("callAttempts", json!(0)),
        ("tags", json!([])),
        ("customFields", json!({})),
        ("daysSinceCreated", json!(0)),
        ("version", json!(1)),
        ("isArchived", json!(false)),
        ("archivedAt", json!(null)),
        ("statusBeforeArchive", json!(null)),
    ] {
        assert_eq!(lead[field], value, "{field}");
    }
    assert_eq!(lead["createdAt"], lead["updatedAt"]);
    assert_eq!(api.read(&ada, lead["id"].as_str().unwrap()).await, lead);
}

#[tokio::test]
async fn everything_that_can_be_said_of_a_lead_is_kept_in_its_normal_form() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let three_days_ago = (Utc::now() - TimeDelta::hours(73)).to_rfc3339();
    let lead = api
        .lead(
            ada,
            json!({ "firstName": "  Łucja 🦀 ", "lastName": "O'Neil-Ñandú", "email": " Łucja.X@ACME.Example ",
            "phone": "0048 (601) 234-567", "company": " Acme & Söhne ", "jobTitle": " Head of  Säles\u{200b} ", "source": "INSTAGRAM",
            "status": "PROPOSAL", "assignedTo": ann.id, "conversionProbability": 0.25,
            "lastContactDate": three_days_ago, "nextFollowUp": "2150-01-02T03:04:05.678+02:00",
            "tags": [" VIP ", "vip", "Ärzte"], "customFields": { "size": "L", "n": [1, { "a": null }] } }),
        )
        .await;
    for (field, value) in [
        ("fullName", json!("Łucja 🦀 O'Neil-Ñandú")),
        ("email", json!("Łucja.X@acme.example")),
        ("phone", json!("+48601234567")),
        ("company", json!("Acme & Söhne")),
        ("jobTitle", json!("Head of  Säles")),
        ("source", json!("INSTAGRAM")),
        ("status", json!("PROPOSAL")),
        ("assignedTo", json!({ "id": ann.id })),
        ("conversionProbability", json!(0.25)),
        ("daysSinceLastContact", json!(3)),
        ("nextFollowUp", json!("2150-01-02T01:04:05.678+00:00")),
        ("tags", json!(["vip", "ärzte"])),
        (
            "customFields",
            json!({ "size": "L", "n": [1, { "a": null }] }),
        ),
        ("hasBusinessEmail", json!(true)),
        ("leadScore", json!(80)),
        ("isHotLead", json!(true)),
    ] {
        assert_eq!(lead[field], value, "{field}");
    }
}

#[tokio::test]
async fn a_phone_number_alone_is_enough_and_blank_means_absent() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let input =
        json!({ "email": "  ", "phone": "+48 601 234 567", "company": " ", "jobTitle": "" });
    let lead = api.lead(&ada, input).await;
    assert_eq!(lead["email"], json!(null));
    assert_eq!(lead["company"], json!(null));
    assert_eq!(lead["jobTitle"], json!(null));
    assert_eq!(lead["phone"], "+48601234567");
}

#[tokio::test]
async fn texts_may_be_as_long_as_they_may_be_counted_in_characters() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let (name, company, tag) = ("Ż".repeat(100), "字".repeat(200), "é".repeat(50));
    let tags: Vec<String> = (0..49).map(|n| format!("tag {n}")).chain([tag]).collect();
    let input = json!({ "firstName": name, "lastName": name, "company": company, "jobTitle": name, "tags": tags });
    let lead = api.lead(&ada, input).await;
    assert_eq!(lead["lastName"], json!(name));
    assert_eq!(lead["company"], json!(company));
    assert_eq!(lead["jobTitle"], json!(name));
    assert_eq!(lead["tags"], json!(tags));
}

/// A field, and what it must not be.
fn bad_values() -> Vec<(&'static str, Value)> {
    let tomorrow = (Utc::now() + TimeDelta::days(1)).to_rfc3339();
    let many_tags: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    let large = json!({ "text": "x".repeat(17_000) });
    vec![
        ("firstName", json!("")),
        ("firstName", json!(" \t\n ")),
        ("firstName", json!("x".repeat(101))),
        ("firstName", json!("J\0n")),
        ("lastName", json!("   ")),
        ("lastName", json!("Ż".repeat(101))),
        ("lastName", json!("Kow\u{7}alski")),
        ("email", json!("nobody")),
        ("email", json!("a@b")),
        ("email", json!("a@@b.com")),
        ("email", json!("a b@c.com")),
        ("email", json!("a\0@b.com")),
        ("email", json!(format!("{}@b.com", "x".repeat(255)))),
        ("phone", json!("601 234 567")),
        ("phone", json!("+48 12")),
        ("phone", json!("+48 601 234 567\0")),
        ("phone", json!("+".repeat(1000))),
        ("company", json!("x".repeat(201))),
        ("company", json!("Ac\0me")),
        ("jobTitle", json!("Ż".repeat(101))),
        ("jobTitle", json!("C\0O")),
        ("conversionProbability", json!(-0.01)),
        ("conversionProbability", json!(1.01)),
        ("lastContactDate", json!(tomorrow)),
        ("lastContactDate", json!("1899-12-31T23:59:59Z")),
        ("nextFollowUp", json!("2200-01-01T00:00:00Z")),
        ("tags", json!([""])),
        ("tags", json!(["a\0"])),
        ("tags", json!(["x".repeat(51)])),
        ("tags", json!(["archived"])),
        ("tags", json!(["ARCHIVED "])),
        ("tags", json!(many_tags)),
        ("customFields", json!([1])),
        ("customFields", json!("text")),
        ("customFields", json!({ "a\0": 1 })),
        ("customFields", json!({ "a": ["\0"] })),
        ("customFields", large),
        ("assignedTo", json!("x")),
        ("idempotencyKey", json!("")),
    ]
}

#[tokio::test]
async fn each_bad_value_is_refused_under_its_fields_name() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (field, bad) in bad_values() {
        let mut input = jan(json!({}));
        input[field] = bad.clone();
        assert_eq!(
            api.faults(&ada, "createLead", input).await,
            [field],
            "{bad}"
        );
    }
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 0);
}

#[tokio::test]
async fn all_faults_of_one_input_are_reported_together() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let bad = json!({ "firstName": " ", "lastName": "x".repeat(101), "email": "nobody", "phone": "1",
        "company": "\0", "jobTitle": "\0", "conversionProbability": 2.0, "lastContactDate": "2199-01-01T00:00:00Z",
        "nextFollowUp": "1000-01-01T00:00:00Z", "tags": [" "], "customFields": 1 });
    let refusal = api.refused(&ada, "createLead", bad, "INVALID_DATA").await;
    assert_eq!(
        super::fields_of(&refusal),
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
            "tags",
        ]
        .map(|field| format!("input.{field}"))
    );
    let faults = refusal["extensions"]["fields"].as_array().unwrap();
    let first = json!({ "field": "input.firstName", "message": "must not be blank" });
    assert!(faults.contains(&first), "{faults:?}");
}

#[tokio::test]
async fn one_name_or_a_company_is_enough_and_the_lead_is_called_by_what_is_there() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (names, called) in [
        (json!({ "firstName": "Zoë", "lastName": null }), "Zoë"),
        (json!({ "firstName": null, "company": "Acme" }), "Kowalski"),
        (
            json!({ "firstName": null, "lastName": null, "company": "Öresund Marine" }),
            "Öresund Marine",
        ),
    ] {
        let lead = api.lead(&ada, names.clone()).await;
        assert_eq!(lead["fullName"], called);
        for name in ["firstName", "lastName", "company"] {
            if let Some(expected) = names.get(name) {
                assert_eq!(lead[name], *expected);
            }
        }
        let id = &lead["id"];
        let found = api.leads(&ada, json!({ "search": called })).await;
        assert_eq!(
            super::strings(&found["nodes"], "id"),
            [id.as_str().unwrap()]
        );
    }
    // Mistyped, in what it is called by; a company beside a name is not.
    for (search, called) in [("kowalsky", "Kowalski"), ("oresnud", "Öresund Marine")] {
        let found = api.leads(&ada, json!({ "search": search })).await;
        assert_eq!(super::strings(&found["nodes"], "fullName"), [called]);
    }
}

#[tokio::test]
async fn a_lead_with_nothing_to_be_called_by_is_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for company in [json!(null), json!(" ")] {
        let input = jan(json!({ "firstName": null, "lastName": null, "company": company }));
        assert_eq!(
            api.faults(&ada, "createLead", input.clone()).await,
            ["firstName"]
        );
        let rows = json!({ "leads": [input] });
        let result = api.change(&ada, "createLeads", rows).await;
        assert_eq!(
            result["results"][0]["error"]["fields"][0]["field"],
            "input.leads.0.firstName"
        );
    }
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 0);
}

#[tokio::test]
async fn a_lead_that_cannot_be_reached_is_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for input in [
        json!({ "email": null }),
        json!({ "email": "", "phone": " " }),
    ] {
        let faults = api.faults(&ada, "createLead", jan(input)).await;
        assert_eq!(faults, ["email"]);
    }
}
