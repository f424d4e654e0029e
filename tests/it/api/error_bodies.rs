//! The whole bodies of refusals, as clients see them: each is a snapshot.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Team, UNKNOWN};
use crate::support::SignedIn;

/// Replaces ids and moments, which differ from run to run, at any depth.
fn steady(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, v)| steady(v, name)),
        Value::Array(items) => items.iter_mut().for_each(|item| steady(item, name)),
        Value::String(text) if ["requestId", "id"].contains(&name) => *text = format!("[{name}]"),
        _ => {}
    }
}

#[tokio::test]
async fn the_bodies_of_refusals_are_as_reviewed() {
    let team = Team::new().await;
    let lead = team.api.lead_id(&team.ann, json!({})).await;
    let update =
        "mutation ($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id } } }";
    let create =
        "mutation ($input: CreateLeadInput!) { createLead(input: $input) { lead { id } } }";
    let delete = "mutation ($id: ID!) { deleteLead(input: {id: $id}) { deletedLeadId } }";
    let input = |input: Value| json!({ "input": input });
    let cases: Vec<(&str, Option<&SignedIn>, &str, Value)> = vec![
        ("without a token", None, "{ me { id } }", json!({})),
        ("no document", Some(&team.ann), "{ me { id }", json!({})),
        (
            "an unknown field",
            Some(&team.ann),
            "{ me { idd } }",
            json!({}),
        ),
        (
            "an unknown lead",
            Some(&team.ann),
            "query ($id: ID!) { lead(id: $id) { id } }",
            json!({ "id": UNKNOWN }),
        ),
        (
            "a lead out of reach",
            Some(&team.bea),
            "query ($id: ID!) { lead(id: $id) { id } }",
            json!({ "id": lead }),
        ),
        (
            "a change by role",
            Some(&team.ann),
            delete,
            json!({ "id": lead }),
        ),
        (
            "invalid fields",
            Some(&team.ann),
            create,
            input(json!({ "firstName": "", "lastName": "B", "email": "b", "phone": "1" })),
        ),
        ("a missing variable", Some(&team.ann), update, json!({})),
        (
            "null for what must be",
            Some(&team.ann),
            update,
            input(json!({ "id": lead, "source": null })),
        ),
        (
            "an unknown value",
            Some(&team.ann),
            update,
            input(json!({ "id": lead, "source": "RADIO" })),
        ),
        (
            "a conflict",
            Some(&team.ann),
            update,
            input(json!({ "id": lead, "company": "Acme", "expectedVersion": 7 })),
        ),
        (
            "a page too large",
            Some(&team.ann),
            "{ leads(first: 101) { totalCount } }",
            json!({}),
        ),
        (
            "no cursor",
            Some(&team.ann),
            "{ leads(after: \"x\") { totalCount } }",
            json!({}),
        ),
        (
            "a wrong password",
            None,
            "mutation { login(input: {email: \"ann@example.com\", password: \"no\"}) { token } }",
            json!({}),
        ),
    ];
    let mut bodies = String::new();
    for (name, who, query, variables) in cases {
        let mut answer = team.api.ask(who, query, variables).await;
        assert!(answer["errors"].is_array(), "{name}: {answer}");
        steady(&mut answer, "");
        let body = serde_json::to_string_pretty(&answer).unwrap();
        writeln!(bodies, "# {name}\n{body}\n").unwrap();
    }
    insta::assert_snapshot!(bodies);
}
