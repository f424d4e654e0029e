//! JSON that a lead keeps: to the last digit of its numbers, and whatever its keys are.

use serde_json::json;

use crate::support::{Api, SignedIn};

/// Posts an operation whose variables are written by hand, as no serializer of ours would.
async fn post(api: &Api, who: &SignedIn, query: &str, variables: &str) -> String {
    let body = format!(
        "{{\"query\": {}, \"variables\": {variables}}}",
        json!(query)
    );
    api.post(Some(who), body).await
}

fn variables(input: &str, fields: &str) -> String {
    format!("{{\"i\": {{{input}, \"customFields\": {fields}}}}}")
}

const CREATE: &str =
    "mutation ($i: CreateLeadInput!) { createLead(input: $i) { lead { id customFields } } }";
const UPDATE: &str =
    "mutation ($i: UpdateLeadInput!) { updateLead(input: $i) { lead { customFields } } }";
const LEAD: &str = "\"firstName\": \"A\", \"lastName\": \"B\", \"email\": \"a@b.example\"";

async fn created(api: &Api, who: &SignedIn, fields: &str) -> (String, String) {
    let answer = post(api, who, CREATE, &variables(LEAD, fields)).await;
    // Not read by serde_json, which takes fewer numbers and keys.
    let (_, id) = answer.split_once("\"id\":\"").expect("an id");
    (id.split('"').next().unwrap().to_owned(), answer)
}

/// Every way out: the lead, a list of leads, the timeline, and the conflict of an outdated change.
async fn shown_everywhere(api: &Api, who: &SignedIn, id: &str, fields: &str) {
    let one = format!("{{ lead(id: {id:?}) {{ customFields }} }}");
    let in_list = "{ leads { nodes { customFields } } }".to_owned();
    let beside = format!("{{ lead(id: {id:?}) {{ customFields assignedTo {{ fullName }} }} }}");
    for query in [one, in_list, beside] {
        let answer = post(api, who, &query, "{}").await;
        assert!(
            answer.contains(&format!("\"customFields\":{fields}")),
            "{answer}"
        );
    }
    let timeline = format!(
        "{{ lead(id: {id:?}) {{ timeline {{ nodes {{ ... on Change {{ changes {{ field after {{ value }} }} }} }} }} }} }}"
    );
    let answer = post(api, who, &timeline, "{}").await;
    let change = format!("{{\"field\":\"customFields\",\"after\":{{\"value\":{fields}}}}}");
    assert!(answer.contains(&change), "{answer}");
    let outdated = variables(&format!("\"id\": {id:?}, \"expectedVersion\": 99"), "{}");
    let answer = post(api, who, UPDATE, &outdated).await;
    assert!(answer.contains("\"CONFLICT\""), "{answer}");
    assert!(
        answer.contains(&format!("\"current\":{{\"customFields\":{fields}}}")),
        "{answer}"
    );
}

#[tokio::test]
async fn numbers_keep_their_value_to_the_last_digit() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let long = "9".repeat(1_000);
    let numbers = format!(
        "{{\"a\":89480000012345678901,\"b\":0.12345678901234567890,\"c\":-{long},\"d\":{{\"e\":[18446744073709551616]}}}}"
    );
    let (id, answer) = created(&api, ada, &numbers).await;
    assert!(
        answer.contains(&format!("\"customFields\":{numbers}")),
        "{answer}"
    );
    shown_everywhere(&api, ada, &id, &numbers).await;
    // A change, and the same once more, which changes nothing.
    let exponents = "{\"n\":1e2,\"m\":-1.50e-3}";
    let input = format!("\"id\": {id:?}");
    for _ in 0..2 {
        let answer = post(&api, ada, UPDATE, &variables(&input, exponents)).await;
        assert!(
            answer.contains("\"customFields\":{\"m\":-0.0015,\"n\":100.0}"),
            "{answer}"
        );
    }
    assert_eq!(
        api.count("SELECT max(version)::bigint AS count FROM leads")
            .await,
        2
    );
    let filter = "query ($f: JSON) { leads(filter: {customFields: $f}) { totalCount } }";
    for (fields, count) in [
        ("{\"n\": 100.0}", 1),
        ("{\"n\": 100.00000000000000000001}", 0),
    ] {
        let answer = post(&api, ada, filter, &format!("{{\"f\": {fields}}}")).await;
        assert!(
            answer.contains(&format!("\"totalCount\":{count}}}")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn numbers_in_a_document_are_kept_as_those_of_variables_are() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let input = "firstName: \"A\", lastName: \"B\", email: \"a@b.example\"";
    let query = format!(
        "mutation ($n: JSON) {{ createLead(input: {{{input}, customFields: {{a: 89480000012345678901, b: [0.12345678901234567890], c: $n}}}}) {{ lead {{ id customFields }} }} }}"
    );
    let answer = post(&api, ada, &query, "{\"n\": 18446744073709551616}").await;
    let kept =
        "{\"a\":89480000012345678901,\"b\":[0.12345678901234567890],\"c\":18446744073709551616}";
    assert!(answer.contains(kept), "{answer}");
    let query = "{ leads(filter: {customFields: {a: 89480000012345678901}}) { totalCount } }";
    assert!(
        post(&api, ada, query, "{}")
            .await
            .contains("\"totalCount\":1")
    );
    let query = "{ leads(filter: {customFields: {a: 89480000012345678902}}) { totalCount } }";
    assert!(
        post(&api, ada, query, "{}")
            .await
            .contains("\"totalCount\":0")
    );
    // Beyond what a float can hold.
    for number in ["1e400", "-1e999999999999", &"1".repeat(5_000)] {
        let query = format!(
            "{{ leads(filter: {{conversionProbability: {{min: {number}}}}}) {{ totalCount }} }}"
        );
        let answer = post(&api, ada, &query, "{}").await;
        assert!(!answer.contains("INTERNAL"), "{answer}");
    }
}

#[tokio::test]
async fn a_number_that_would_not_be_kept_is_refused_with_its_place() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let (id, _) = created(&api, ada, "{}").await;
    for (number, reason) in [
        ("1".repeat(1_001), "numbers of at most 1000 digits"),
        (
            format!("0.{}", "1".repeat(1_000)),
            "numbers of at most 1000 digits",
        ),
        ("1e301".to_owned(), "exponents of at most 300"),
        ("1e-301".to_owned(), "exponents of at most 300"),
        (
            "1e99999999999999999999".to_owned(),
            "exponents of at most 300",
        ),
    ] {
        let fields = format!("{{\"a\": [1, {number}]}}");
        let update = format!("\"id\": {id:?}");
        let many = format!("{{\"i\": {{\"leads\": [{{{LEAD}, \"customFields\": {fields}}}]}}}}");
        let bulk = "mutation ($i: CreateLeadsInput!) { createLeads(input: $i) { results { error { message code } } } }";
        let filter = "query ($i: LeadFilter) { leads(filter: $i) { totalCount } }";
        for (query, variables) in [
            (CREATE, variables(LEAD, &fields)),
            (UPDATE, variables(&update, &fields)),
            (bulk, many),
            (filter, format!("{{\"i\": {{\"customFields\": {fields}}}}}")),
        ] {
            let answer = post(&api, ada, query, &variables).await;
            assert!(answer.contains("\"INVALID_DATA\""), "{query}: {answer}");
            assert!(
                answer.contains(reason) && answer.contains("at a.1"),
                "{query}: {answer}"
            );
            assert!(answer.contains("customFields"), "{query}: {answer}");
        }
    }
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 1);
}

#[tokio::test]
async fn no_key_means_anything_at_any_depth() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    for (place, key) in ["RawValue", "Number"].into_iter().enumerate() {
        let key = format!("$serde_json::private::{key}");
        for value in [
            "\"{\\\"b\\\":[1,2]}\"",
            "\"12\"",
            "\"no json\"",
            "{\"x\":1}",
        ] {
            let fields = format!("{{\"a\":[{{\"{key}\":{value}}}],\"{key}\":{value}}}");
            let (id, answer) = created(&api, ada, &fields).await;
            assert!(
                answer.contains(&format!("\"customFields\":{fields}")),
                "{answer}"
            );
            if value == "\"12\"" {
                let change = format!("\"id\": {id:?}");
                let other = format!("{{\"{key}\":{place}}}");
                post(&api, ada, UPDATE, &variables(&change, &other)).await;
                shown(&api, ada, &id, &other).await;
            }
            let kept = format!("\"idempotencyKey\": {:?}", format!("{place}{value}"));
            let keyed = variables(&format!("{LEAD}, {kept}"), &fields);
            let first = post(&api, ada, CREATE, &keyed).await;
            assert_eq!(post(&api, ada, CREATE, &keyed).await, first);
            assert!(first.contains(&fields), "{first}");
        }
        let filter = "query ($f: JSON) { leads(filter: {customFields: $f}) { totalCount } }";
        let variables = format!("{{\"f\": {{\"{key}\": {place}}}}}");
        let answer = post(&api, ada, filter, &variables).await;
        assert!(answer.contains("\"totalCount\":1"), "{answer}");
    }
    // As a variable's name, and in what is beside the variables.
    let body = json!({
        "query": "{ me { email } }",
        "variables": { "$serde_json::private::RawValue": "[1]" },
        "extensions": { "$serde_json::private::Number": "1" },
    });
    let answer = api.post(Some(ada), body.to_string()).await;
    assert!(answer.contains(&ada.email), "{answer}");
}

async fn shown(api: &Api, who: &SignedIn, id: &str, fields: &str) {
    let query = format!("{{ lead(id: {id:?}) {{ customFields }} }}");
    let answer = post(api, who, &query, "{}").await;
    assert!(
        answer.contains(&format!("\"customFields\":{fields}")),
        "{answer}"
    );
}

#[tokio::test]
async fn json_that_nests_too_deep_is_refused_before_it_is_looked_at() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let key = "{\"$serde_json::private::RawValue\":";
    for fields in [
        nested(20_000),
        format!("{}1{}", key.repeat(2_000), "}".repeat(2_000)),
    ] {
        let body = format!("{{\"query\": \"{{ me {{ id }} }}\", \"variables\": {fields}}}");
        let request = axum::http::Request::post("/graphql")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", ada.token))
            .body(axum::body::Body::from(body))
            .unwrap();
        let (status, _, answer) = api.send(request).await;
        assert_eq!(status, axum::http::StatusCode::BAD_REQUEST, "{answer}");
        assert!(answer.contains("BAD_REQUEST"), "{answer}");
    }
}
