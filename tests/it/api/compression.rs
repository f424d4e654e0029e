//! Compression of answers: for whom, from which size, and that what comes out is the answer.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::Team;
use crate::support::{Api, ApiOptions, SignedIn};

async fn send(api: &Api, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let response = api.router().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, head.headers, body.to_vec())
}

/// The answer to a query that is sent with this Accept-Encoding.
async fn ask(api: &Api, who: &SignedIn, query: &str, accepts: &str) -> (HeaderMap, Vec<u8>) {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("x-request-id", "given-4711")
        .header("authorization", format!("Bearer {}", who.token))
        .header("accept-encoding", accepts);
    let body = Body::from(json!({ "query": query }).to_string());
    let (status, headers, body) = send(api, request.body(body).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["x-request-id"], "given-4711");
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    (headers, body)
}

fn unpacked(headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    assert_eq!(headers["content-encoding"], "gzip");
    assert!(!headers.contains_key("content-length"));
    let mut text = Vec::new();
    MultiGzDecoder::new(body).read_to_end(&mut text).unwrap();
    text
}

fn varies(headers: &HeaderMap) -> bool {
    let values = headers.get_all("vary").iter();
    let values: String = values.map(|value| value.to_str().unwrap()).collect();
    values.contains("accept-encoding")
}

/// A query whose answer has as many bytes as its names have, and some more.
fn of_size(bytes: usize) -> String {
    let names = (0..bytes.div_ceil(100)).map(|n| format!("a{n:0>80}: __typename"));
    format!("{{ {} }}", names.collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn a_client_that_accepts_gzip_gets_the_same_answer_in_fewer_bytes() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let query = of_size(5_000);
    let (headers, plain) = ask(&api, &ada, &query, "identity").await;
    assert!(!headers.contains_key("content-encoding"));
    assert_eq!(headers["content-length"], plain.len().to_string().as_str());
    // A cache must not give one client's form to another.
    assert!(varies(&headers), "{headers:?}");
    for accepts in ["gzip", "br, gzip;q=0.5, deflate", "*"] {
        let (headers, packed) = ask(&api, &ada, &query, accepts).await;
        assert!(packed.len() * 4 < plain.len(), "{}", packed.len());
        assert_eq!(unpacked(&headers, &packed), plain, "{accepts}");
        assert!(varies(&headers), "{headers:?}");
    }
    for accepts in ["", "br", "gzip;q=0", "deflate, identity"] {
        let (headers, body) = ask(&api, &ada, &query, accepts).await;
        assert!(!headers.contains_key("content-encoding"), "{accepts}");
        assert_eq!(body, plain);
    }
}

#[tokio::test]
async fn a_small_answer_is_left_as_it_is() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let (headers, body) = ask(&api, &ada, &of_size(600), "gzip").await;
    assert!(body.len() < 1024 && !headers.contains_key("content-encoding"));
    assert_eq!(headers["content-length"], body.len().to_string().as_str());
    let (headers, _) = ask(&api, &ada, &of_size(1_100), "gzip").await;
    assert_eq!(headers["content-encoding"], "gzip");
}

#[tokio::test]
async fn an_answer_above_a_megabyte_comes_whole() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    for note in 0..20 {
        let content = format!("{note} ").repeat(3_000);
        let input = json!({ "id": lead, "content": content });
        team.api.change(&team.ada, "addNote", input).await;
    }
    let notes =
        |n| format!("n{n}: lead(id: \"{lead}\") {{ notes(first: 20) {{ nodes {{ content }} }} }}");
    let query = format!("{{ {} }}", (0..8).map(notes).collect::<Vec<_>>().join(" "));
    let (_, plain) = ask(&team.api, &team.ada, &query, "identity").await;
    assert!(plain.len() > 1024 * 1024, "{}", plain.len());
    let (headers, packed) = ask(&team.api, &team.ada, &query, "gzip").await;
    let text = unpacked(&headers, &packed);
    assert!(text == plain, "{} of {} bytes", text.len(), plain.len());
    let answer: Value = serde_json::from_slice(&text).unwrap();
    assert!(answer.get("errors").is_none());
}

#[tokio::test]
async fn the_head_alone_says_what_the_answer_would() {
    let api = Api::with(ApiOptions {
        allow_get: true,
        ..ApiOptions::default()
    })
    .await;
    let query = of_size(2_000).replace(' ', "%20");
    let uri = format!(
        "/graphql?query={}",
        query.replace('{', "%7B").replace('}', "%7D")
    );
    for (method, is_empty) in [("GET", false), ("HEAD", true)] {
        let request = Request::builder().method(method).uri(&uri);
        let request = request.header("accept-encoding", "gzip");
        let (status, headers, body) = send(&api, request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["content-encoding"], "gzip", "{method}");
        assert!(varies(&headers) && !headers.contains_key("content-length"));
        assert_eq!(body.is_empty(), is_empty, "{method}");
    }
}

#[tokio::test]
async fn the_operator_may_leave_it_to_the_proxy() {
    let api = Api::with(ApiOptions {
        compress: false,
        ..ApiOptions::default()
    })
    .await;
    let ada = api.admin().await;
    let (headers, body) = ask(&api, &ada, &of_size(5_000), "gzip").await;
    assert!(!headers.contains_key("content-encoding") && !varies(&headers));
    assert_eq!(headers["content-length"], body.len().to_string().as_str());
}
