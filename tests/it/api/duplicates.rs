//! `duplicateLeads`: ask before creating another.

use serde_json::{Value, json};

use super::{Team, strings};
use crate::support::{Api, SignedIn};

const QUERY: &str = "query ($email: String, $phone: String) {
    duplicateLeads(email: $email, phone: $phone) { lastName } }";

async fn found(api: &Api, who: &SignedIn, asked: Value) -> Vec<String> {
    let data = api.data(who, QUERY, asked).await;
    strings(&data["duplicateLeads"], "lastName")
}

#[tokio::test]
async fn a_lead_with_the_same_address_or_number_is_found_however_they_are_written() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (name, email, phone) in [
        ("Both", json!("Jan.K@Acme.Example"), json!("+48601234567")),
        ("Phone", json!(null), json!("+48 601 234 567")),
        ("Other", json!("jan.k@bolt.example"), json!("+48601234568")),
    ] {
        let input = json!({ "lastName": name, "email": email, "phone": phone });
        api.lead(&ada, input).await;
    }
    let nothing: [&str; 0] = [];
    let both = json!({ "email": "jan.k@bolt.example", "phone": "+48601234567" });
    for (asked, expected) in [
        (json!({ "email": " JAN.K@acme.EXAMPLE " }), vec!["Both"]),
        (
            json!({ "phone": "0048 (601) 234-567" }),
            vec!["Phone", "Both"],
        ),
        (both, vec!["Other", "Phone", "Both"]),
        (json!({ "email": "jan@acme.example" }), nothing.to_vec()),
        (json!({ "email": "jan_k@acme.example" }), nothing.to_vec()),
        (json!({}), nothing.to_vec()),
        (json!({ "email": " ", "phone": "" }), nothing.to_vec()),
        (
            json!({ "email": "", "phone": "+48601234568" }),
            vec!["Other"],
        ),
    ] {
        assert_eq!(found(&api, &ada, asked.clone()).await, expected, "{asked}");
    }
}

#[tokio::test]
async fn only_leads_that_the_viewer_may_see_are_told_of() {
    let team = Team::new().await;
    for (owner, name) in [
        (Some(&team.ann), "Anns"),
        (Some(&team.bea), "Beas"),
        (None, "Nobodys"),
    ] {
        team.lead_of(owner, name).await;
    }
    for (who, expected) in [
        (&team.ada, vec!["Nobodys", "Beas", "Anns"]),
        (&team.mia, vec!["Nobodys", "Anns"]),
        (&team.ann, vec!["Anns"]),
        (&team.abe, vec![]),
    ] {
        let asked = json!({ "email": "jan@gmail.com" });
        assert_eq!(found(&team.api, who, asked).await, expected);
    }
}

#[tokio::test]
async fn what_is_neither_address_nor_number_is_refused_both_at_once() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (asked, faults) in [
        (
            json!({ "email": "x", "phone": "1" }),
            vec!["email", "phone"],
        ),
        (json!({ "email": "a\0@b.com" }), vec!["email"]),
        (json!({ "phone": "601 234 567" }), vec!["phone"]),
        (json!({ "phone": "🦀" }), vec!["phone"]),
    ] {
        let refusal = api.refusal(Some(&ada), QUERY, asked, "INVALID_DATA").await;
        assert_eq!(super::fields_of(&refusal), faults);
    }
}
