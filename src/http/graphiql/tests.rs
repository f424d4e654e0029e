use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;

async fn ask(assets: impl Into<Pending>, path: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = router(assets.into())
        .oneshot(request)
        .await
        .expect("an answer");
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    (
        head.status,
        head.headers,
        String::from_utf8(bytes.to_vec()).expect("text"),
    )
}

fn real() -> Assets {
    Assets::Real(Files::stand_in())
}

fn fallback(reason: &str) -> Assets {
    Assets::Fallback {
        reason: reason.to_owned(),
    }
}

/// The nonce that the policy names.
fn nonce(headers: &HeaderMap) -> String {
    let policy = headers["content-security-policy"]
        .to_str()
        .expect("a policy");
    let (_, rest) = policy.split_once("'nonce-").expect("a nonce");
    rest.split('\'').next().expect("a nonce").to_owned()
}

#[tokio::test]
async fn the_page_may_load_its_own_files_and_nothing_else() {
    let (status, headers, html) = ask(real(), "/graphiql").await;

    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-store");
    let policy = headers["content-security-policy"]
        .to_str()
        .expect("a policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    assert!(policy.contains("connect-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(html.contains(&format!("nonce=\"{}\"", nonce(&headers))));
    assert!(!html.contains("://"), "no foreign address");
}

#[tokio::test]
async fn each_answer_has_a_nonce_of_its_own() {
    let (_, first, _) = ask(real(), "/graphiql").await;
    let (_, second, _) = ask(real(), "/graphiql").await;

    assert_ne!(nonce(&first), nonce(&second));
}

#[tokio::test]
async fn every_file_that_the_pages_name_is_there() {
    for assets in [real(), fallback("no npm")] {
        let (_, _, html) = ask(assets.clone(), "/graphiql").await;
        let named: Vec<&str> = html
            .split('"')
            .filter(|text| text.starts_with("/graphiql/assets/"))
            .collect();
        assert!(named.len() >= 3, "{named:?}");
        for path in named {
            let (status, headers, _) = ask(assets.clone(), path).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(headers.contains_key("content-type"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_file_whose_name_has_a_version_is_kept_for_ever_and_ours_is_asked_for_again() {
    let (_, headers, _) = ask(real(), "/graphiql/assets/graphiql-4.1.2.min.js").await;
    assert_eq!(
        headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");

    let (_, headers, _) = ask(real(), "/graphiql/assets/start.js").await;
    assert_eq!(headers["cache-control"], "no-cache");
}

#[tokio::test]
async fn an_unknown_file_or_a_path_out_of_the_folder_is_not_found() {
    let names = [
        "nothing.js",
        "..%2F..%2Fetc%2Fpasswd",
        "..",
        "%2Fetc%2Fpasswd",
        "a/b",
        "",
        "%00",
    ];
    for name in names {
        let (status, _, body) = ask(real(), &format!("/graphiql/assets/{name}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(body, "", "{name}");
    }
}

#[tokio::test]
async fn the_real_files_are_not_found_where_the_fallback_serves() {
    let (status, ..) = ask(fallback("no npm"), "/graphiql/assets/graphiql-4.1.2.min.js").await;

    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_fallback_says_why_it_serves_without_running_what_it_quotes() {
    let (status, headers, html) = ask(fallback("npm failed: <script>"), "/graphiql").await;

    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("npm failed: &lt;script&gt;"), "{html}");
    let policy = headers["content-security-policy"]
        .to_str()
        .expect("a policy");
    assert!(policy.contains("script-src 'self';"), "{policy}");
}

#[tokio::test]
async fn while_it_is_fetched_the_page_says_so_and_loads_itself_again() {
    let (status, headers, html) = ask(Pending::never(), "/graphiql").await;

    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["cache-control"], "no-store");
    assert!(html.contains("http-equiv=\"refresh\""), "{html}");
}
