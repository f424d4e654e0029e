//! Fetching, caching and replacing the provider's keys.

use std::time::Duration;

use axum::http::StatusCode;
use jsonwebtoken::Algorithm;
use serde_json::json;

use crm::http::{OidcSettings, Provider};
use crm::service::users::UserRole;

use super::{Key, Local, api, refused, unavailable, who};

fn known(settings: OidcSettings) -> Option<Provider> {
    Some(Provider::new(settings).unwrap())
}

#[tokio::test]
async fn a_key_that_the_provider_rotates_in_is_taken_and_the_one_it_withdrew_is_not() {
    let (old, new) = (Key::rsa("one"), Key::ec());
    let local = Local::start("old", &old).await;
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    let (by_old, by_new) = (old.token("old", &claims), new.token("new", &claims));
    let ann = Ok(ann.id);
    assert_eq!(who(&api, &by_old).await, ann);
    assert_eq!(who(&api, &by_new).await, refused());
    local.publish(&[old.jwk("old"), new.jwk("new")]);
    assert_eq!(who(&api, &by_new).await, ann);
    assert_eq!(who(&api, &by_old).await, ann);
    local.publish(&[new.jwk("new")]);
    assert_eq!(who(&api, &new.token("newer", &claims)).await, refused());
    assert_eq!(who(&api, &by_old).await, refused());
    assert_eq!(who(&api, &by_new).await, ann);
}

#[tokio::test]
async fn names_that_nobody_knows_make_the_provider_be_asked_once() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    let settings = OidcSettings {
        ask_again_after: Duration::from_secs(600),
        ..local.settings()
    };
    let api = api(known(settings)).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    let forged: Vec<String> = (0..50)
        .map(|n| rsa.token(&format!("unknown {n}"), &claims))
        .collect();
    let answers = forged.iter().map(|token| who(&api, token));
    for answer in futures_util::future::join_all(answers).await {
        assert_eq!(answer, refused());
    }
    assert_eq!(local.asked(), 2, "discovery and keys, once");
    assert_eq!(who(&api, &rsa.token("rsa", &claims)).await, Ok(ann.id));
    assert_eq!(local.asked(), 2);
}

#[tokio::test]
async fn known_keys_serve_while_the_provider_is_down_and_no_longer_than_they_may() {
    let rsa = Key::rsa("one");
    let mut local = Local::start("rsa", &rsa).await;
    let patient = api(local.known()).await;
    let settings = OidcSettings {
        keys_serve_for: Duration::ZERO,
        ..local.settings()
    };
    let impatient = api(known(settings)).await;
    let ann = patient.user("Ann", UserRole::Agent, None).await;
    impatient.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    let token = rsa.token("rsa", &claims);
    assert_eq!(who(&patient, &token).await, Ok(ann.id.clone()));
    local.stop().await;
    assert_eq!(who(&patient, &token).await, Ok(ann.id));
    // Whether it is one of theirs cannot be told.
    let unknown = rsa.token("unknown", &claims);
    assert_eq!(who(&patient, &unknown).await, unavailable());
    assert_eq!(who(&impatient, &token).await, unavailable());
}

#[tokio::test]
async fn a_provider_that_was_down_at_first_is_asked_again() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    local.answer_with("/keys", StatusCode::BAD_GATEWAY, String::new());
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let token = rsa.token("rsa", &local.claims(&ann.email));
    assert_eq!(who(&api, &token).await, unavailable());
    // Nobody else is kept out meanwhile.
    assert_eq!(who(&api, &ann.token).await, Ok(ann.id.clone()));
    local.publish(&[rsa.jwk("rsa")]);
    assert_eq!(who(&api, &token).await, Ok(ann.id));
}

#[tokio::test]
async fn what_is_no_set_of_keys_is_not_taken_for_one() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let token = rsa.token("rsa", &local.claims(&ann.email));
    let keys = |keys: &[serde_json::Value]| json!({ "keys": keys }).to_string();
    let mut for_encryption = rsa.jwk("rsa");
    for_encryption["use"] = json!("enc");
    let secret = json!({ "kty": "oct", "kid": "rsa", "k": "c2VjcmV0" });
    let mut large = json!({ "keys": [rsa.jwk("rsa")] });
    large["padding"] = json!("x".repeat(300 * 1024));
    for bad in [
        "<html>".to_owned(),
        "{}".to_owned(),
        keys(&[]),
        keys(&[for_encryption]),
        keys(&[secret]),
        large.to_string(),
    ] {
        local.answer("/keys", bad.clone());
        let shown: String = bad.chars().take(60).collect();
        assert_eq!(who(&api, &token).await, unavailable(), "{shown}");
    }
    local.answer_with("/keys", StatusCode::FOUND, keys(&[rsa.jwk("rsa")]));
    assert_eq!(who(&api, &token).await, unavailable());
    let strange = json!({ "kty": "strange", "kid": "rsa" });
    local.publish(&[json!(1), strange, rsa.jwk("rsa")]);
    assert_eq!(who(&api, &token).await, Ok(ann.id));
}

#[tokio::test]
async fn no_more_keys_than_a_hundred_are_remembered() {
    let (rsa, ec) = (Key::rsa("one"), Key::ec());
    let local = Local::start("rsa", &rsa).await;
    let many = (0..100).map(|n| ec.jwk(&format!("key {n}")));
    let many: Vec<_> = many.chain([rsa.jwk("rsa")]).collect();
    local.publish(&many);
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    assert_eq!(who(&api, &rsa.token("rsa", &claims)).await, refused());
    assert_eq!(who(&api, &ec.token("key 99", &claims)).await, Ok(ann.id));
}

#[tokio::test]
async fn a_provider_is_who_it_says_and_where_the_operator_says() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    let discovery = json!({ "issuer": "http://127.0.0.1:1", "jwks_uri": local.url("/keys") });
    local.answer("/.well-known/openid-configuration", discovery.to_string());
    let discovered = api(local.known()).await;
    let named = OidcSettings {
        jwks_url: Some(local.url("/keys")),
        ..local.settings()
    };
    let named = api(known(named)).await;
    let ann = named.user("Ann", UserRole::Agent, None).await;
    let token = rsa.token("rsa", &local.claims(&ann.email));
    assert_eq!(who(&discovered, &token).await, unavailable());
    assert_eq!(who(&named, &token).await, Ok(ann.id));
    // Nor does a discovery lead where nobody can be trusted.
    let discovery = json!({ "issuer": local.issuer, "jwks_uri": "http://example.com/keys" });
    local.answer("/.well-known/openid-configuration", discovery.to_string());
    assert_eq!(who(&discovered, &token).await, unavailable());
}

#[test]
fn a_provider_needs_https_and_public_keys() {
    let settings = OidcSettings {
        issuer: "http://id.example.com".to_owned(),
        audience: "crm".to_owned(),
        user_claim: crm::http::UserClaim::Email,
        jwks_url: None,
        authorities: None,
        algorithms: vec![Algorithm::RS256],
        ask_again_after: Duration::ZERO,
        keys_serve_for: Duration::ZERO,
    };
    assert!(Provider::new(settings.clone()).is_err());
    let https = OidcSettings {
        issuer: "https://id.example.com".to_owned(),
        ..settings
    };
    assert!(Provider::new(https.clone()).is_ok());
    for algorithms in [vec![], vec![Algorithm::RS256, Algorithm::HS256]] {
        let secret = OidcSettings {
            algorithms,
            ..https.clone()
        };
        assert!(Provider::new(secret).is_err());
    }
}
