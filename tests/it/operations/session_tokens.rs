//! What a session's token must be, and the keys that it is signed with.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel_async::RunQueryDsl;
use jsonwebtoken::decode_header;
use ring::hmac;
use serde_json::{Value, json};

use crm::db::schema::session_keys;
use crm::service::sessions::{SessionKeys, rotate_keys};
use crm::service::users::UserRole;

use super::with;
use crate::support::{Api, ApiOptions, PASSWORD, SignedIn};

const ME: &str = "{ me { id } }";

/// The parts of a token: header and claims as JSON.
fn opened(token: &str) -> (Value, Value) {
    let part = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    let parts: Vec<&str> = token.split('.').collect();
    (part(parts[0]), part(parts[1]))
}

fn signed(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn secret(api: &Api) -> Vec<u8> {
    let mut connection = api.db().connection().await.unwrap();
    let secrets = diesel::QueryDsl::select(session_keys::table, session_keys::secret);
    secrets.first(&mut connection).await.unwrap()
}

fn with_token(who: &SignedIn, token: String) -> SignedIn {
    SignedIn {
        token,
        ..who.clone()
    }
}

async fn is_refused(api: &Api, who: &SignedIn, token: String, why: &str) {
    let answer = api.ask(Some(&with_token(who, token)), ME, json!({})).await;
    let code = &answer["errors"][0]["extensions"]["code"];
    assert_eq!(code, "UNAUTHENTICATED", "{why}");
}

/// As if the keys had been there for a while: a new one signs after some seconds only.
async fn let_keys_settle(api: &Api) {
    api.sql("UPDATE session_keys SET created_at = created_at - interval '1 minute'")
        .await;
}

async fn key_names(api: &Api) -> i64 {
    api.count("SELECT count(*) FROM session_keys").await
}

#[tokio::test]
async fn a_token_is_typed_names_its_key_and_has_every_claim() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let (header, claims) = opened(&ann.token);
    assert_eq!(header["alg"], "HS256");
    assert_eq!(header["typ"], "crm-session+jwt");
    let named = format!(
        "SELECT count(*) FROM session_keys WHERE id = {}",
        header["kid"]
    );
    assert_eq!(api.count(&named.replace('"', "'")).await, 1);
    assert_eq!(claims["iss"], "crm");
    assert_eq!(claims["aud"], "crm");
    assert_eq!(claims["sub"], json!(ann.id));
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 3600);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 22);
    assert_eq!(claims.as_object().unwrap().len(), 6);
}

#[tokio::test]
async fn whatever_is_not_right_about_a_token_is_refused_even_with_the_right_key_and_row() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let (header, claims) = opened(&ann.token);
    let secret = secret(&api).await;
    // Signed anew it is the same text, and only that has its row.
    let rows = |token: &str| {
        format!(
            "UPDATE sessions SET token_hash = sha256('{token}'), user_id = '{}'",
            ann.id
        )
    };
    let now = chrono::Utc::now().timestamp();
    let mut bad = Vec::new();
    for otherwise in [
        json!({ "exp": now - 1 }),
        json!({ "exp": "never" }),
        json!({ "iss": "somebody" }),
        json!({ "aud": "somebody" }),
        json!({ "sub": "nobody" }),
        json!({ "iat": "then" }),
        json!({ "jti": 1 }),
    ] {
        bad.push((header.clone(), with(claims.clone(), otherwise)));
    }
    for gone in ["exp", "iss", "aud", "sub", "iat", "jti"] {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(gone);
        bad.push((header.clone(), claims));
    }
    for otherwise in [
        json!({ "typ": "JWT" }),
        json!({ "typ": "at+jwt" }),
        json!({ "typ": null }),
        json!({ "kid": null }),
        json!({ "kid": "01890000-0000-7000-8000-000000000000" }),
        json!({ "alg": "none" }),
        json!({ "alg": "HS384" }),
        json!({ "alg": "RS256" }),
        json!({ "crit": ["exp"] }),
    ] {
        bad.push((with(header.clone(), otherwise), claims.clone()));
    }
    for (header, claims) in bad {
        let token = signed(&header, &claims, &secret);
        api.sql(&rows(&token)).await;
        is_refused(&api, &ann, token, &format!("{header} {claims}")).await;
    }
    let good = signed(&header, &claims, &secret);
    api.sql(&rows(&good)).await;
    api.data(&with_token(&ann, good), ME, json!({})).await;
}

#[tokio::test]
async fn a_forged_token_is_refused_and_the_row_stays_the_truth() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let (header, claims) = opened(&ann.token);
    let parts: Vec<&str> = ann.token.split('.').collect();
    let admin = with(claims.clone(), json!({ "sub": ada.id }));
    let body = URL_SAFE_NO_PAD.encode(admin.to_string());
    for (token, why) in [
        (signed(&header, &claims, b"guessed"), "another key"),
        (signed(&header, &claims, b""), "no key"),
        (format!("{}.{body}.{}", parts[0], parts[2]), "other claims"),
        (format!("{}.{}.", parts[0], parts[1]), "no signature"),
        (format!("{}x", ann.token), "a letter more"),
        (format!("{}{}", ann.token, "A".repeat(9_000)), "oversized"),
    ] {
        is_refused(&api, &ann, token, why).await;
    }
    // Who has the key still has no session.
    let other = with(claims, json!({ "jti": "AAAAAAAAAAAAAAAAAAAAAA" }));
    let signed = signed(&header, &other, &secret(&api).await);
    is_refused(&api, &ann, signed, "a token without its row").await;
    api.data(&ann, ME, json!({})).await;
}

/// The status and code of an answer to a token.
async fn answer(api: &Api, token: &str) -> (StatusCode, Value) {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    let body = Body::from(json!({ "query": ME }).to_string());
    let (status, _, text) = api.send(request.body(body).unwrap()).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    (status, answer["errors"][0]["extensions"]["code"].clone())
}

#[tokio::test]
async fn forged_tokens_cost_no_connection() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let (header, claims) = opened(&ann.token);
    let forged = signed(&header, &claims, b"guessed");
    let unknown = with(header, json!({ "kid": "unknown" }));
    let unknown = signed(&unknown, &claims, b"guessed");
    // The first one may make the keys be read.
    answer(&api, &unknown).await;
    let the_only_one = api.db().connection().await.unwrap();
    for token in [forged.as_str(), &unknown, "a.b.c", ""] {
        let refused = (StatusCode::OK, json!("UNAUTHENTICATED"));
        assert_eq!(answer(&api, token).await, refused);
    }
    let unavailable = (StatusCode::SERVICE_UNAVAILABLE, json!("UNAVAILABLE"));
    assert_eq!(answer(&api, &ann.token).await, unavailable);
    drop(the_only_one);
    api.data(&ann, ME, json!({})).await;
}

#[tokio::test]
async fn after_a_rotation_the_new_key_signs_and_the_one_before_is_still_taken() {
    let api = Api::with(ApiOptions {
        pool: 2,
        ..ApiOptions::default()
    })
    .await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let kid = |who: &SignedIn| opened(&who.token).0["kid"].clone();
    rotate_keys(api.db()).await.unwrap();
    // Other copies may not know the new one yet.
    let meanwhile = api.sign_in(&ann.email, PASSWORD).await;
    assert_eq!(kid(&meanwhile), kid(&ann));
    let_keys_settle(&api).await;
    let after = api.sign_in(&ann.email, PASSWORD).await;
    assert_ne!(kid(&after), kid(&ann));
    for who in [&ann, &meanwhile, &after] {
        api.data(who, ME, json!({})).await;
    }
    rotate_keys(api.db()).await.unwrap();
    assert_eq!(key_names(&api).await, 2);
    let_keys_settle(&api).await;
    let newest = api.sign_in(&ann.email, PASSWORD).await;
    is_refused(&api, &ann, ann.token.clone(), "two rotations ago").await;
    for who in [&after, &newest] {
        api.data(who, ME, json!({})).await;
    }
}

#[tokio::test]
async fn a_running_copy_notices_a_rotation_and_reads_the_keys_no_more_often_than_it_may() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let eager = SessionKeys::pausing(api.db().clone(), std::time::Duration::ZERO);
    let patient = SessionKeys::new(api.db().clone());
    let takes = async |keys: &SessionKeys, who: &SignedIn| {
        let header = decode_header(&who.token).unwrap();
        keys.verify(&who.token, &header).await.unwrap().is_some()
    };
    assert!(takes(&eager, &ann).await && takes(&patient, &ann).await);
    rotate_keys(api.db()).await.unwrap();
    let_keys_settle(&api).await;
    let after = api.sign_in(&ann.email, PASSWORD).await;
    assert!(takes(&eager, &after).await);
    // It has read a moment ago: then no token of a new key is about yet, but for this test's haste.
    assert!(!takes(&patient, &after).await);
    assert!(takes(&patient, &ann).await);
}

#[tokio::test]
async fn copies_that_start_together_agree_on_the_first_key() {
    let api = Api::with_pool(8).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    api.sql("DELETE FROM session_keys").await;
    let header = decode_header(&ann.token).unwrap();
    let copies = (0..8).map(|_| SessionKeys::new(api.db().clone()));
    let copies: Vec<SessionKeys> = copies.collect();
    let asked = copies.iter().map(|keys| keys.verify(&ann.token, &header));
    for outcome in futures_util::future::join_all(asked).await {
        assert!(outcome.unwrap().is_none());
    }
    assert_eq!(key_names(&api).await, 1);
    let again = api.sign_in(&ann.email, PASSWORD).await;
    assert_eq!(key_names(&api).await, 1);
    let header = decode_header(&again.token).unwrap();
    for keys in &copies {
        assert!(keys.verify(&again.token, &header).await.unwrap().is_some());
    }
}
