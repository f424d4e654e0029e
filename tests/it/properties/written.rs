//! Objects that are written as JSON when they are resolved equal, byte for byte, those of the library.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::api::Team;
use crate::support::SignedIn;

/// A field whose selection must be merged with another's makes a document go the library's way; the
/// answer is the same.
const STOCK: &str = " assignedTo { id } ";

const FIRST_NAMES: [&str; 6] = [
    "Zoë",
    "O\"Neil",
    "Back\\slash",
    "Łukasz 🦀",
    "</script>",
    "a\u{2028}b",
];
const LAST_NAMES: [&str; 3] = ["Kim", "Nowak-Śmigły", "D’Arcy/Smith"];

/// The text of an answer, without what it cost.
async fn text(team: &Team, who: &SignedIn, query: &str) -> String {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", who.token))
        .body(Body::from(json!({ "query": query }).to_string()));
    let answer = team.api.send(request.unwrap()).await.2;
    answer.split(",\"extensions\"").next().unwrap().to_owned()
}

/// The fields of a type that lead to no other object.
async fn leaves(team: &Team, name: &str) -> Vec<String> {
    let query = format!(
        "{{ __type(name: \"{name}\") {{ fields {{ name args {{ name }} \
         type {{ kind ofType {{ kind ofType {{ kind ofType {{ kind }} }} }} }} }} }} }}"
    );
    let answer = team.api.data(&team.ada, &query, json!({})).await;
    let fields = answer["__type"]["fields"].as_array().unwrap().clone();
    let is_leaf = |field: &&Value| !field["type"].to_string().contains("\"OBJECT\"");
    let name = |field: &Value| field["name"].as_str().unwrap().to_owned();
    fields.iter().filter(is_leaf).map(name).collect()
}

/// Leads with much and with little, of people with odd names.
async fn many_leads(team: &Team) {
    for number in 0..12 {
        let mut lead = json!({
            "firstName": FIRST_NAMES[number % 6],
            "lastName": LAST_NAMES[number % 3],
            "phone": "+48601234567",
        });
        if number % 2 == 0 {
            lead["email"] = json!(format!("a{number}@example.com"));
            lead["company"] = json!("R&D \"GmbH\"");
            lead["tags"] = json!(["a", "ż \"b\"", "c"]);
            lead["customFields"] = json!({ "a": [1, 2.5, 1e300, null, { "b": "\n" }] });
            lead["conversionProbability"] = json!(f64::from(number as u32) / 17.0);
            lead["nextFollowUp"] = json!("2031-05-02T10:00:00.123456Z");
        }
        if number % 3 == 0 {
            lead["assignedTo"] = json!(team.ann.id);
        }
        let id = team.api.lead_id(&team.ada, lead).await;
        if number % 4 == 0 {
            team.api
                .change(&team.ada, "archiveLead", json!({ "id": id }))
                .await;
        }
    }
}

#[tokio::test]
async fn every_field_of_a_lead_and_its_assignee_is_written_as_the_library_does() {
    let team = Team::new().await;
    many_leads(&team).await;
    let (lead, user) = (leaves(&team, "Lead").await, leaves(&team, "User").await);
    assert!(lead.len() > 20 && user.len() > 5);
    let (lead, user) = (lead.join(" "), user.join(" "));
    let plain = format!("__typename {lead} assignedTo {{ __typename {user} }}");
    let stock = format!("{plain}{STOCK}");
    for around in [
        "{ leads(first: 50, filter: {archived: INCLUDE}) { nodes { HERE } } }",
        "{ leads(first: 50, filter: {archived: INCLUDE}) { edges { cursor node { HERE } } } }",
        "{ leads(first: 50, search: \"no such lead\") { nodes { HERE } edges { cursor } } }",
    ] {
        let asked = [&plain, &stock].map(|fields| around.replace("HERE", fields));
        let written = text(&team, &team.ada, &asked[0]).await;
        let library = text(&team, &team.ada, &asked[1]).await;
        assert_eq!(written, library);
        assert!(!written.contains("errors"), "{written}");
    }
    let agents = leaves(&team, "AgentStatistics").await;
    let agents = agents.join(" ");
    let asked = ["", "user { id }"].map(|again| {
        format!(
            "{{ leadStatistics {{ leadsByAgent {{ {agents} user {{ id fullName }} {again} }} }} }}"
        )
    });
    let written = text(&team, &team.ada, &asked[0]).await;
    assert_eq!(written, text(&team, &team.ada, &asked[1]).await);
    let ids = team
        .api
        .data(&team.ada, "{ leads { nodes { id } } }", json!({}))
        .await;
    for lead in ids["leads"]["nodes"].as_array().unwrap() {
        let asked =
            [&plain, &stock].map(|fields| format!("{{ lead(id: {}) {{ {fields} }} }}", lead["id"]));
        let written = text(&team, &team.ada, &asked[0]).await;
        assert_eq!(written, text(&team, &team.ada, &asked[1]).await);
    }
}

#[tokio::test]
async fn selections_are_put_together_however_they_are_spread() {
    let team = Team::new().await;
    many_leads(&team).await;
    let data = async |query: &str| team.api.data(&team.ada, query, json!({})).await;
    let plain = "{ leads { nodes { id mail: email assignedTo { id fullName } } } }";
    let expected = data(plain).await;
    for query in [
        "{ leads { nodes { id ...rest } } }
         fragment rest on Lead { id mail: email ...owner }
         fragment owner on Lead { assignedTo { ... on User { id } fullName } }",
        "{ leads { nodes { ... on Lead { id mail: email } ... { assignedTo { id fullName id } } id } } }",
        "{ leads { nodes { id } nodes { mail: email } nodes { assignedTo { id fullName } } } }",
        "{ leads { nodes { id } ...rest } }
         fragment rest on LeadConnection { nodes { mail: email assignedTo { id fullName } } }",
        "{ leads { nodes { id mail: email assignedTo { id } assignedTo { fullName } } } }",
        "{ leads { nodes { ... on Node { id } mail: email assignedTo { id fullName } } } }",
        "{ leads { nodes { id } } leads { nodes { mail: email assignedTo { id fullName } } } }",
    ] {
        assert_eq!(data(query).await, expected, "{query}");
    }
    let ids = data("{ leads { nodes { id } } }").await["leads"]["nodes"].clone();
    let id = &ids[0]["id"];
    let twice = format!("{{ lead(id: {id}) {{ id }} lead(id: {id}) {{ lastName }} }}");
    let twice = data(&twice).await["lead"].clone();
    assert_eq!(twice["id"], *id);
    assert!(twice["lastName"].is_string());
}
