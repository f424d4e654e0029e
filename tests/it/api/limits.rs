//! The limits on a request, checked over HTTP before any work is done.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crm::graphql::Limits;
use crm::http::BodyLimits;

use super::{document, strings};
use crate::support::{Api, ApiOptions, SignedIn};

async fn post(api: &Api, who: &SignedIn, query: &str, variables: Value) -> (StatusCode, Value) {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", who.token))
        .body(Body::from(body));
    let (status, _, text) = api.send(request.unwrap()).await;
    (status, serde_json::from_str(&text).unwrap())
}

/// The limit that a request is refused for, with its code and status checked.
async fn refused_for(api: &Api, who: &SignedIn, query: &str, variables: Value) -> String {
    let (status, answer) = post(api, who, query, variables).await;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    assert_eq!(extensions["code"], "DOCUMENT_TOO_LARGE");
    assert!(extensions["found"].as_u64() > extensions["most"].as_u64());
    assert!(answer.get("data").is_none());
    super::text(&extensions["limit"])
}

#[tokio::test]
async fn each_limit_is_named_where_a_request_goes_beyond_it() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let aliases: String = (0..101).map(|n| format!("a{n}: id ")).collect();
    let long = "a".repeat(129);
    let schema = format!("{}name{}", "fields { type { ".repeat(4), "} }".repeat(4));
    for (limit, query) in [
        (
            "documentBytes",
            format!("{{ me {{ id }} }} #{}", " ".repeat(70_000)),
        ),
        ("tokens", format!("{{ me {{ {} }} }}", "id ".repeat(10_001))),
        ("nesting", "{a".repeat(65)),
        ("nameBytes", format!("{{ {long}: me {{ id }} }}")),
        ("fields", format!("{{ me {{ {} }} }}", "id ".repeat(5_001))),
        (
            "depth",
            format!(
                "{{ me {}id{} }}",
                "{ manager ".repeat(20) + "{ ",
                "}".repeat(21)
            ),
        ),
        ("aliases", format!("{{ me {{ {aliases} }} }}")),
        ("rootFields", format!("{{ {} }}", "me { id } ".repeat(51))),
        (
            "directives",
            format!("{{ me {{ id {} }} }}", "@x ".repeat(51)),
        ),
        (
            "introspection",
            format!("{{ __schema {{ types {{ {schema} }} }} }}"),
        ),
    ] {
        assert_eq!(refused_for(&api, ada, &query, json!({})).await, limit);
    }
}

#[tokio::test]
async fn a_large_variable_that_is_used_often_is_refused_and_one_that_is_used_once_is_not() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let many = "$tags ".repeat(3_000);
    let query = format!(
        "query ($tags: [String!]) {{ leads(filter: {{ or: [{{ tags: {{ any: [{many}] }} }}] }}) {{ totalCount }} }}"
    );
    let text = "x".repeat(190_000);
    let variables = json!({ "tags": text });
    assert_eq!(refused_for(&api, ada, &query, variables).await, "values");
    let list: Vec<u32> = (0..40_000).collect();
    let variables = json!({ "tags": list });
    assert_eq!(
        refused_for(&api, ada, &query, variables.clone()).await,
        "values"
    );
    let once = query.replace(&many, "$tags");
    let (status, answer) = post(&api, ada, &once, variables).await;
    let code = &answer["errors"][0]["extensions"]["code"];
    assert_eq!(
        (status, code),
        (StatusCode::OK, &json!("GRAPHQL_VALIDATION_FAILED"))
    );
    // What only nests is as dear, and would take the stack.
    let nested = (0..100).fold(json!({}), |inner, _| json!({ "not": inner }));
    let query_of_filter = "query ($f: LeadFilter) { leads(filter: $f) { totalCount } }";
    let variables = json!({ "f": nested });
    assert_eq!(
        refused_for(&api, ada, query_of_filter, variables).await,
        "nesting"
    );
    // The same by a default value.
    let default = format!("[String!] = [{}]", "\"a\" ".repeat(1_500));
    let query = query.replace("[String!]", &default);
    assert_eq!(refused_for(&api, ada, &query, json!({})).await, "values");
}

#[tokio::test]
async fn every_answer_shows_its_cost_and_a_dear_one_is_refused() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let query =
        "query ($first: Int) { users(first: $first) { nodes { id leads { nodes { id } } } } }";
    let cost = |first: u64| 2 + first * (1 + 2 + 25);
    let (_, answer) = post(&api, ada, query, json!({ "first": 7 })).await;
    let expected = json!({ "requested": cost(7), "limit": 50_000 });
    assert_eq!(answer["extensions"]["cost"], expected);
    let options = ApiOptions {
        limits: Limits {
            cost: cost(7),
            ..Limits::default()
        },
        ..ApiOptions::default()
    };
    let api = &Api::with(options).await;
    let ada = &api.admin().await;
    let (status, _) = post(api, ada, query, json!({ "first": 7 })).await;
    assert_eq!(status, StatusCode::OK);
    for variables in [json!({ "first": 8 }), json!({})] {
        let (status, answer) = post(api, ada, query, variables).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "COST_LIMIT_EXCEEDED");
        assert_eq!(extensions["cost"]["limit"], cost(7));
        assert!(extensions["cost"]["requested"].as_u64() > Some(cost(7)));
    }
}

#[tokio::test]
async fn graphiqls_introspection_is_within_all_limits() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let type_ref = "kind name ".to_owned() + &"ofType { kind name ".repeat(9) + &"}".repeat(9);
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ description
            queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }}
            types {{ ...FullType }}
            directives {{ name description isRepeatable locations
                args(includeDeprecated: true) {{ ...InputValue }} }} }} }}
        fragment FullType on __Type {{ kind name description specifiedByURL isOneOf
            fields(includeDeprecated: true) {{ name description
                args(includeDeprecated: true) {{ ...InputValue }}
                type {{ ...TypeRef }} isDeprecated deprecationReason }}
            inputFields(includeDeprecated: true) {{ ...InputValue }}
            interfaces {{ ...TypeRef }}
            enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
            possibleTypes {{ ...TypeRef }} }}
        fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue
            isDeprecated deprecationReason }}
        fragment TypeRef on __Type {{ {type_ref} }}"
    );
    let data = api.data(&ada, &query, json!({})).await;
    assert!(strings(&data["__schema"]["types"], "name").contains(&"Lead".to_owned()));
}

#[tokio::test]
async fn an_answer_has_ten_errors_of_three_hundred_characters_at_most() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let unknown: String = (0..400)
        .map(|n| format!("n{n}{} ", "o".repeat(100)))
        .collect();
    let failing = "lead(id: \"1\") { id } ";
    let failing: String = (0..40).map(|n| format!("a{n}: {failing}")).collect();
    let unreadable = format!("{{ me {{ id }} }} {}", "é".repeat(4_000));
    for (query, omitted) in [
        (format!("{{ me {{ {unknown} }} }}"), Some(390)),
        (format!("{{ {failing} }}"), Some(30)),
        (unreadable, None),
    ] {
        let (_, answer) = post(&api, ada, &query, json!({})).await;
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), if omitted.is_some() { 10 } else { 1 });
        for message in strings(&answer["errors"], "message") {
            assert!((1..=300).contains(&message.chars().count()), "{message}");
        }
        for error in errors {
            assert!(error["extensions"]["code"].is_string(), "{error}");
        }
        let last = &errors.last().unwrap()["extensions"]["omittedErrors"];
        assert_eq!(last.as_u64(), omitted);
    }
}

#[tokio::test]
async fn an_input_with_many_faults_lists_them_all_however_long_the_message_would_be() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let input = json!({
        "firstName": " ", "lastName": "x".repeat(200), "company": "y".repeat(500), "email": "no",
        "phone": "1", "tags": ["z".repeat(200)],
    });
    let error = api.refused(ada, "createLead", input, "INVALID_DATA").await;
    let message = super::text(&error["message"]);
    assert!(message.starts_with("input.firstName "), "{message}");
    assert!(message.chars().count() <= 300);
    assert!(super::fields_of(&error).len() >= 5, "{error}");
}

#[tokio::test]
async fn ten_thousand_ids_fit_where_the_body_may_be_larger() {
    let ids: Vec<String> = (0..10_000u32)
        .map(|n| format!("01890000-0000-7000-8000-{n:012}"))
        .collect();
    let input = json!({ "leads": { "ids": ids }, "status": "WON", "dryRun": true });
    let bulk = document("bulkUpdateStatus");
    let variables = json!({ "input": input });
    let api = Api::new().await;
    let ada = &api.admin().await;
    let (status, answer) = post(&api, ada, &bulk, variables.clone()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BODY_TOO_LARGE");
    // As docs/operate/limits.md says.
    let fitting =
        json!({ "input": { "leads": { "ids": &ids[..6_500] }, "status": "WON", "dryRun": true } });
    let (_, answer) = post(&api, ada, &bulk, fitting).await;
    assert_eq!(answer["data"]["bulkUpdateStatus"]["total"], 6_500);
    let api = Api::with(ApiOptions {
        body_limits: BodyLimits {
            bytes: 524_288,
            ..BodyLimits::default()
        },
        ..ApiOptions::default()
    });
    let api = api.await;
    let ada = &api.admin().await;
    let (_, answer) = post(&api, ada, &bulk, variables).await;
    assert_eq!(answer["data"]["bulkUpdateStatus"]["total"], 10_000);
}
