//! The form of an answer's data: which members it has, in which order, each executed once.

use serde_json::{Value, json};

use super::variables::lead;
use crate::support::Api;

#[tokio::test]
async fn an_object_of_which_every_field_was_skipped_is_empty_and_not_null() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let id = lead(&api, ada, "vera@vars.example").await;
    for (query, data) in [
        (
            "query ($n: Boolean = false) { a: me @include(if: $n) { id } }",
            json!({}),
        ),
        ("{ me { id @skip(if: true) } }", json!({ "me": {} })),
        ("{ me { ... @skip(if: true) { id } } }", json!({ "me": {} })),
        (
            "{ me { ...f } } fragment f on User { id @skip(if: true) }",
            json!({ "me": {} }),
        ),
        (
            "{ leads(first: 1) { pageInfo { hasNextPage @skip(if: true) } nodes { id @skip(if: true) } } }",
            json!({ "leads": { "pageInfo": {}, "nodes": [{}] } }),
        ),
        (
            "query ($id: ID!) { node(id: $id) { ... on User { email } } }",
            json!({ "node": {} }),
        ),
        (
            "mutation ($id: ID!) { addTag(input: {id: $id, tag: \"q\"}) { lead { id @skip(if: true) } } }",
            json!({ "addTag": { "lead": {} } }),
        ),
    ] {
        let variables = json!({ "id": id });
        assert_eq!(api.data(ada, query, variables).await, data, "{query}");
    }
    let rows = "{ leadStatistics { leadsByStatus { count @skip(if: true) } } }";
    let data = api.data(ada, rows, json!({})).await;
    let rows = data["leadStatistics"]["leadsByStatus"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| *row == json!({})));
    // What there is none of is null all the same.
    let nobody = "query ($id: ID!) { lead(id: $id) { assignedTo { id @skip(if: true) } } }";
    let data = api.data(ada, nobody, json!({ "id": id })).await;
    assert_eq!(data["lead"]["assignedTo"], Value::Null);
}

#[tokio::test]
async fn members_of_an_answer_stand_in_the_documents_order() {
    let api = Api::with_pool(8).await;
    let ada = &api.admin().await;
    let id = lead(&api, ada, "vera@vars.example").await;
    for (query, expected) in [
        (
            "{ a: leads(first: 1) { totalCount } b: me { id } c: leadStatistics { totalLeads } d: freeEmailDomains }",
            "a b c d",
        ),
        (
            "{ ...f b: me { id } a: leads { totalCount } d: __typename } fragment f on Query { c: leadStatistics { totalLeads } a: leads { nodes { id } } }",
            "c a b d",
        ),
        (
            "{ x: me @skip(if: true) { id } z: __typename y: leads { totalCount } x: me { id } }",
            "z y x",
        ),
    ] {
        for _ in 0..10 {
            let body = json!({ "query": query }).to_string();
            let answer = api.post(Some(ada), body).await;
            assert_eq!(keys(&answer).join(" "), expected, "{answer}");
        }
    }
    // Which fragment counts is known by the object's type.
    let query = format!(
        "{{ node(id: {id:?}) {{ ... on User {{ c: id a: email }} ... on Lead {{ a: company b: phone c: id }} }} }}"
    );
    let answer = api
        .post(Some(ada), json!({ "query": query }).to_string())
        .await;
    let node = answer.split_once("{\"node\":").unwrap().1;
    let place = |key: &str| node.find(&format!("\"{key}\":")).unwrap();
    assert!(
        place("a") < place("b") && place("b") < place("c"),
        "{answer}"
    );
    assert!(!answer.contains('$'), "{answer}");
}

/// The names of the members of `data`, in their order.
fn keys(answer: &str) -> Vec<&str> {
    let data = answer.split_once("\"data\":{").unwrap().1;
    let (mut depth, mut keys, mut rest) = (0, Vec::new(), data);
    while let Some(at) = rest.find(['{', '}', '[', ']', '"']) {
        match rest.as_bytes()[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => break,
            b'}' | b']' => depth -= 1,
            _ => {
                let end = at + 1 + rest[at + 1..].find('"').unwrap();
                if depth == 0 && rest[end + 1..].starts_with(':') {
                    keys.push(&rest[at + 1..end]);
                }
                rest = &rest[end + 1..];
                continue;
            }
        }
        rest = &rest[at + 1..];
    }
    keys
}

#[tokio::test]
async fn a_field_that_is_selected_twice_is_executed_once() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let create = "createLead(input: {firstName: \"A\", lastName: \"B\", email: \"a@b.example\"})";
    let query = format!(
        "mutation {{ {create} {{ lead {{ firstName }} }} ...f }} fragment f on Mutation {{ {create} {{ lead {{ lastName }} }} }}"
    );
    let data = api.data(ada, &query, json!({})).await;
    let expected = json!({ "firstName": "A", "lastName": "B" });
    assert_eq!(data["createLead"]["lead"], expected);
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 1);
}
