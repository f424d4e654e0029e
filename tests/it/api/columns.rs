//! A list reads only the columns that the query names: whatever is named must be there.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::Team;

/// A field with its selection set, if it is an object.
fn named(field: &str) -> String {
    match field {
        "assignedTo" => "assignedTo { id fullName role manager { id } }".into(),
        "scoreBreakdown" => "scoreBreakdown { rule { id name } points }".into(),
        "viewerCan" => "viewerCan { update assign archive delete }".into(),
        "notes" => "notes { nodes { content by { fullName } } }".into(),
        "timeline" => "timeline { nodes { id by { fullName } } }".into(),
        field => field.into(),
    }
}

/// Every way to ask for a page of leads.
fn ways(fields: &str) -> [(String, &'static str); 5] {
    let list = |page: &str| format!("{{ leads(filter: {{ archived: INCLUDE }}) {{ {page} }} }}");
    [
        (list(&format!("nodes {{ {fields} }}")), "/leads/nodes/0"),
        (
            list(&format!("edges {{ node {{ {fields} }} }}")),
            "/leads/edges/0/node",
        ),
        (
            list("nodes { ...f }") + &format!(" fragment f on Lead {{ {fields} }}"),
            "/leads/nodes/0",
        ),
        (
            list(&format!(
                "edges {{ cursor ... {{ node {{ ... on Lead {{ {fields} }} }} }} }}"
            )),
            "/leads/edges/0/node",
        ),
        (
            list(&format!(
                "nodes {{ id }} more: nodes @include(if: true) {{ {fields} }}"
            )),
            "/leads/more/0",
        ),
    ]
}

#[tokio::test]
async fn every_field_of_a_lead_is_the_same_alone_in_a_list_and_together_on_the_lead() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.ann), "Łęcka").await;
    let update = json!({
        "id": lead, "company": "Główny Sp. z o.o.", "phone": "+48601234567", "source": "REFERRAL",
        "status": "PROPOSAL", "conversionProbability": 0.25, "tags": ["vip"],
        "lastContactDate": "2024-05-01T10:00:00Z", "nextFollowUp": "2031-05-01T10:00:00Z",
        "customFields": { "budget": 1000 },
    });
    team.api.change(&team.ada, "updateLead", update).await;
    let archive = json!({ "id": lead });
    team.api.change(&team.ada, "archiveLead", archive).await;

    let types = r#"{ __type(name: "Lead") { fields { name } } }"#;
    let types = team.api.data(&team.ada, types, json!({})).await;
    let fields = super::strings(&types["__type"]["fields"], "name");
    assert!(fields.len() >= 28, "{fields:?}");
    let all = fields.iter().map(|field| named(field)).collect::<Vec<_>>();
    let whole = format!(
        "query ($id: ID!) {{ lead(id: $id) {{ {} }} }}",
        all.join(" ")
    );
    let whole = team
        .api
        .data(&team.ada, &whole, json!({ "id": lead }))
        .await["lead"]
        .clone();
    for (field, asked) in fields.iter().zip(&all) {
        for (query, place) in ways(asked) {
            let answer = team.api.data(&team.ada, &query, json!({})).await;
            let got = answer.pointer(place).unwrap_or(&Value::Null);
            assert_eq!(got[field], whole[field], "{query}");
        }
    }
    assert_eq!(whole["statusBeforeArchive"], "PROPOSAL");
}

#[tokio::test]
async fn fields_are_answered_in_the_order_they_are_asked_for() {
    let team = Team::new().await;
    team.lead_of(Some(&team.ann), "Kowalska").await;
    let query = "{ leads { nodes { lastName assignedTo { fullName id } id again: lastName } } }";
    let body = json!({ "query": query }).to_string();
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", team.ada.token));
    let (_, _, text) = team.api.send(request.body(Body::from(body)).unwrap()).await;
    let names = ["lastName", "assignedTo", "fullName", "again"];
    let places: Vec<usize> = names.iter().filter_map(|name| text.find(name)).collect();
    assert!(places.len() == names.len() && places.is_sorted(), "{text}");
}
