//! The statements of single changes stay prepared: each is parsed and planned once for a connection.

use serde_json::json;

use crate::support::{Api, ask_on};

const STATEMENTS: [&str; 4] = [
    "INSERT INTO \"leads\"",
    "UPDATE \"leads\"",
    "INSERT INTO lead_notes",
    "INSERT INTO \"lead_notes\"",
];

#[tokio::test]
async fn the_statements_of_changes_stay_prepared() {
    let api = &Api::with_pool(1).await;
    let ada = &api.admin().await;
    for round in 1..=3 {
        // Other fields are absent each time: the text is the same all the same.
        let lead = [
            json!({ "lastName": "Lis", "email": "e@lis.example" }),
            json!({ "company": "Lis", "phone": "+48601234567" }),
            json!({ "firstName": "Ewa", "phone": "+48601234568", "tags": ["a"] }),
        ][round - 1]
            .clone();
        let create =
            "mutation ($lead: CreateLeadInput!) { createLead(input: $lead) { lead { id } } }";
        let made = api.data(ada, create, json!({ "lead": lead })).await;
        let id = &made["createLead"]["lead"]["id"];
        let change = "mutation ($id: ID!) {
            updateLead(input: { id: $id, status: CONTACTED }) { lead { id } }
            addNote(input: { id: $id, content: \"called\" }) { note { id } } }";
        api.data(ada, change, json!({ "id": id })).await;
        let mut conn = api.db().connection().await.unwrap();
        for statement in STATEMENTS {
            let count = format!(
                "(SELECT count(*)::text || ' ' || coalesce(sum(generic_plans + custom_plans), 0) \
                 FROM pg_prepared_statements WHERE statement LIKE '{statement}%')"
            );
            let uses = if statement == "INSERT INTO lead_notes" {
                2 * round
            } else {
                round
            };
            let expected = format!("1 {uses}");
            assert_eq!(ask_on(&mut conn, &count).await, expected, "{statement}");
        }
    }
}
