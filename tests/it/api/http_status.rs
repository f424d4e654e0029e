//! The status of an answer in each of the two media types.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::UNKNOWN;
use crate::support::{Api, SignedIn};

const GRAPHQL: &str = "application/graphql-response+json";

async fn ask(api: &Api, who: Option<&SignedIn>, accept: &str, query: &str) -> (u16, Value) {
    let mut request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("accept", accept);
    if let Some(who) = who {
        request = request.header("authorization", format!("Bearer {}", who.token));
    }
    let body = Body::from(json!({ "query": query }).to_string());
    let (status, headers, text) = api.send(request.body(body).unwrap()).await;
    let media_type = headers["content-type"].to_str().unwrap();
    assert!(media_type.starts_with(accept), "{media_type}");
    (status.as_u16(), serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn data_with_errors_is_a_partial_success_where_the_status_speaks() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let half = format!("{{ me {{ id }} lead(id: {UNKNOWN:?}) {{ id }} }}");
    let none = format!("{{ lead(id: {UNKNOWN:?}) {{ id }} }}");
    for (who, query, data, status) in [
        (None, "{ me { id } }", json!({ "me": null }), 294),
        (
            Some(&ada),
            half.as_str(),
            json!({ "me": { "id": ada.id }, "lead": null }),
            294,
        ),
        (Some(&ada), &none, json!({ "lead": null }), 294),
        (
            Some(&ada),
            "{ me { id } }",
            json!({ "me": { "id": ada.id } }),
            200,
        ),
    ] {
        let (is, answer) = ask(&api, who, GRAPHQL, query).await;
        assert_eq!((is, &answer["data"]), (status, &data), "{query}: {answer}");
        assert_eq!(answer.get("errors").is_some(), status == 294);
        let (is, plain) = ask(&api, who, "application/json", query).await;
        assert_eq!((is, &plain["data"]), (200, &data));
    }
}

#[tokio::test]
async fn a_request_that_is_no_good_keeps_its_status() {
    let api = Api::new().await;
    for bad in ["{ nothing }", "{ me {", "query ($id: ID!) { __typename }"] {
        let (status, answer) = ask(&api, None, GRAPHQL, bad).await;
        assert_eq!(status, 400, "{bad}: {answer}");
        assert!(answer.get("data").is_none());
        let (status, answer) = ask(&api, None, "application/json", bad).await;
        assert_eq!(status, 200, "{bad}");
        assert!(answer.get("data").is_none());
    }
}
