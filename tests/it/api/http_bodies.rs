//! The bodies of requests: what is no operation, batches, compressed ones, large ones.

use std::io::Write;
use std::time::Instant;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use super::http::post;
use crate::support::Api;

const JSON: &str = "application/json";
const LIMIT: usize = 256 * 1024;

fn asked(query: &str) -> String {
    json!({ "query": query }).to_string()
}

#[tokio::test]
async fn a_body_that_is_no_request_in_json_is_a_bad_request() {
    let api = Api::new().await;
    let deep_variables = format!(
        "{{\"query\": \"{{ __typename }}\", \"variables\": {{\"a\": {}}}}}",
        "[".repeat(100_000)
    );
    for bad in [
        "",
        "{",
        "null",
        "1",
        "\"{ me }\"",
        "{\"query\": 1}",
        "\u{feff}{}",
        &deep_variables,
    ] {
        let (status, body) = post(&api, Some(JSON), bad.to_owned()).await;
        assert_eq!(
            status,
            StatusCode::BAD_REQUEST,
            "{}",
            &bad[..bad.len().min(40)]
        );
        assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_too_large_whether_or_not_it_says_so_first() {
    let api = Api::new().await;
    let large = asked(&format!("{{ __typename }} #{}", "x".repeat(256 * 1024)));
    let (status, body) = post(&api, Some(JSON), large.clone()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(body["errors"][0]["extensions"]["code"], "BODY_TOO_LARGE");
    let announced = Request::post("/graphql")
        .header("content-type", JSON)
        .header("content-length", large.len());
    let (status, _, text) = api
        .send(announced.body(Body::from(large.clone())).unwrap())
        .await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let body: Value = serde_json::from_str(&text).unwrap();
    let extensions = &body["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "BODY_TOO_LARGE");
    assert_eq!(
        (&extensions["most"], &extensions["found"]),
        (&json!(256 * 1024), &json!(large.len()))
    );
    let chunks: Vec<Result<String, std::io::Error>> = large
        .as_bytes()
        .chunks(4096)
        .map(|c| Ok(String::from_utf8(c.to_vec()).unwrap()))
        .collect();
    let stream = Body::from_stream(futures_util::stream::iter(chunks));
    let request = Request::post("/graphql").header("content-type", JSON);
    let (status, _, _) = api.send(request.body(stream).unwrap()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_batch_is_refused_as_one() {
    let api = Api::new().await;
    let deep = "[".repeat(10_000);
    for batch in [
        "[]",
        r#"[{"query":"{__typename}"}]"#,
        r#"["{__typename}",null,null,null]"#,
        " \r\n\t[ {\"query\": \"{__typename}\"}, {\"query\": \"{__typename}\"} ]",
        &deep,
    ] {
        let (status, body) = post(&api, Some(JSON), batch.to_owned()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let error = &body["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_REQUEST");
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("batches are not taken"), "{message}");
    }
    // Nor is a list the object of variables or extensions.
    for bad in [
        r#"{"query":"{__typename}","variables":[]}"#,
        r#"{"query":"{__typename}","extensions":[]}"#,
    ] {
        let (status, _) = post(&api, Some(JSON), bad.to_owned()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn bare_deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// The status, the headers and the answer to a body in these codings.
async fn encoded(api: &Api, codings: &[&str], body: Vec<u8>) -> (StatusCode, HeaderMap, Value) {
    let mut request = Request::post("/graphql").header("content-type", JSON);
    for coding in codings {
        request = request.header("content-encoding", *coding);
    }
    let (status, headers, text) = api.send(request.body(Body::from(body)).unwrap()).await;
    (status, headers, serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn a_compressed_body_is_read() {
    let api = Api::new().await;
    let plain = asked("{ __typename }").into_bytes();
    let (first, second) = plain.split_at(9);
    let members = [gzip(first), gzip(second)].concat();
    for (codings, body) in [
        (&["gzip"][..], gzip(&plain)),
        (&["GZip"], gzip(&plain)),
        (&["x-gzip"], gzip(&plain)),
        (&["gzip"], members),
        (&["deflate"], zlib(&plain)),
        (&["deflate"], bare_deflate(&plain)),
        (&["identity"], plain.clone()),
        (&[""], plain.clone()),
        (&["identity, gzip, "], gzip(&plain)),
        (&["deflate, gzip"], gzip(&zlib(&plain))),
        (&["gzip", "deflate"], zlib(&gzip(&plain))),
    ] {
        let (status, _, answer) = encoded(&api, codings, body).await;
        assert_eq!(status, StatusCode::OK, "{codings:?}: {answer}");
        assert_eq!(answer["data"]["__typename"], "Query", "{codings:?}");
    }
}

#[tokio::test]
async fn a_coding_that_is_not_understood_is_refused_with_those_that_are() {
    let api = Api::new().await;
    let plain = asked("{ __typename }").into_bytes();
    for codings in [
        &["br"][..],
        &["zstd"],
        &["compress"],
        &["gzip, br"],
        &["gzip", "nonsense"],
        &["gzip, gzip, gzip"],
    ] {
        let (status, headers, answer) = encoded(&api, codings, plain.clone()).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{codings:?}");
        assert_eq!(headers["accept-encoding"], "gzip, deflate");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.to_lowercase().contains("content"), "{message}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_in_its_coding_is_a_bad_request() {
    let api = Api::new().await;
    let plain = asked("{ __typename }").into_bytes();
    let mut cut = gzip(&plain);
    cut.truncate(cut.len() - 10);
    let mut changed = gzip(&plain);
    let last = changed.len() - 6;
    changed[last] ^= 1;
    for (coding, body) in [
        ("gzip", plain.clone()),
        ("deflate", plain.clone()),
        ("gzip", cut),
        ("gzip", changed),
        ("deflate", gzip(&plain)),
        ("gzip", zlib(&plain)),
        ("gzip", Vec::new()),
    ] {
        let (status, _, answer) = encoded(&api, &[coding], body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{coding}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    }
}

#[tokio::test]
async fn the_limit_of_a_compressed_body_counts_what_comes_out_of_it() {
    let api = Api::new().await;
    let fits = asked(&format!("{{ __typename }} {}", " ".repeat(60_000)));
    let (status, _, answer) = encoded(&api, &["gzip"], gzip(fits.as_bytes())).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    // 100 MB in 100 KB, and that once more.
    let bomb = gzip(&vec![b' '; 100_000_000]);
    for (codings, body) in [
        ("gzip", bomb.clone()),
        ("deflate", zlib(&vec![b' '; 100_000_000])),
        ("gzip, gzip", gzip(&bomb)),
    ] {
        assert!(body.len() < LIMIT);
        let began = Instant::now();
        let (status, _, answer) = encoded(&api, &[codings], body).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{codings}: {answer}");
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(
            (&extensions["code"], &extensions["most"]),
            (&json!("BODY_TOO_LARGE"), &json!(LIMIT))
        );
        assert_eq!(extensions["found"], json!(LIMIT + 1));
        assert!(began.elapsed().as_millis() < 1_000, "{:?}", began.elapsed());
    }
}
