//! Which tokens are taken and which are not.

use ring::hmac;
use serde_json::{Value, json};

use crm::service::users::UserRole;

use super::{AUDIENCE, Key, Local, api, refused, token, who};
use crate::api::with;

#[tokio::test]
async fn a_token_that_the_provider_signed_stands_for_the_user_with_its_verified_address() {
    let (rsa, ec) = (Key::rsa("one"), Key::ec());
    let local = Local::start("rsa", &rsa).await;
    local.publish(&[rsa.jwk("rsa"), ec.jwk("ec")]);
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    let id = Ok(ann.id.clone());
    assert_eq!(who(&api, &rsa.token("rsa", &claims)).await, id);
    assert_eq!(who(&api, &ec.token("ec", &claims)).await, id);
    for good in [
        json!({ "aud": ["another", AUDIENCE] }),
        json!({ "email": ann.email.to_uppercase() }),
        json!({ "exp": chrono::Utc::now().timestamp() - 10 }),
        json!({ "nbf": chrono::Utc::now().timestamp() + 10 }),
    ] {
        let claims = with(claims.clone(), good.clone());
        assert_eq!(who(&api, &rsa.token("rsa", &claims)).await, id, "{good}");
    }
    let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": "rsa" });
    let access = token(&header, &claims, |message| rsa.sign(message));
    assert_eq!(who(&api, &access).await, id);
    // The session that Ann has, too, is another way in.
    assert_eq!(who(&api, &ann.token).await, id);
    assert_eq!(local.asked(), 2, "discovery and keys, once");
}

#[tokio::test]
async fn claims_that_do_not_fit_are_refused() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let good = local.claims(&ann.email);
    let now = chrono::Utc::now().timestamp();
    let mut bad = vec![
        json!({ "exp": now - 60 }),
        json!({ "exp": "never" }),
        json!({ "exp": -1 }),
        json!({ "nbf": now + 60 }),
        json!({ "nbf": "soon" }),
        json!({ "iss": "http://127.0.0.1:1" }),
        json!({ "iss": format!("{}/", local.issuer) }),
        json!({ "iss": [local.issuer] }),
        json!({ "aud": "another" }),
        json!({ "aud": ["another"] }),
        json!({ "aud": [] }),
        json!({ "sub": 1 }),
        json!({ "email": "nobody@example.com" }),
        json!({ "email": format!("{}\0", ann.email) }),
        json!({ "email": 1 }),
        json!({ "email_verified": false }),
        json!({ "email_verified": "true" }),
        json!({ "events": { "http://schemas.openid.net/event/backchannel-logout": {} } }),
    ];
    for gone in ["exp", "iss", "aud", "sub", "email", "email_verified"] {
        bad.push(json!({ gone: null }));
    }
    for bad in bad {
        let claims = with(good.clone(), bad.clone());
        assert_eq!(
            who(&api, &rsa.token("rsa", &claims)).await,
            refused(),
            "{bad}"
        );
    }
    for gone in ["exp", "iss", "aud", "sub", "email", "email_verified"] {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(gone);
        let token = rsa.token("rsa", &claims);
        assert_eq!(who(&api, &token).await, refused(), "without {gone}");
    }
    assert_eq!(who(&api, &rsa.token("rsa", &good)).await, Ok(ann.id));
}

#[tokio::test]
async fn a_letter_that_only_looks_like_one_of_the_address_is_another_letter() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    let api = api(local.known()).await;
    let kim = api.user("Kim", UserRole::Agent, None).await;
    // The Kelvin sign, whose small form is k.
    let kelvin = kim.email.replacen('k', "\u{212a}", 1);
    let claims = local.claims(&kelvin);
    assert_eq!(who(&api, &rsa.token("rsa", &claims)).await, refused());
}

#[tokio::test]
async fn headers_that_do_not_fit_are_refused() {
    let (rsa, ec) = (Key::rsa("one"), Key::ec());
    let local = Local::start("rsa", &rsa).await;
    local.publish(&[rsa.jwk("rsa"), ec.jwk("ec")]);
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    let good = json!({ "alg": "RS256", "typ": "JWT", "kid": "rsa" });
    for bad in [
        json!({ "typ": "logout+jwt" }),
        json!({ "typ": "crm-session+jwt" }),
        json!({ "typ": "" }),
        json!({ "typ": "id" }),
        json!({ "kid": "unknown" }),
        json!({ "kid": "" }),
        json!({ "kid": "ec" }),
        json!({ "kid": 1 }),
        json!({ "alg": "RS384" }),
        json!({ "alg": "PS256" }),
        json!({ "alg": "ES256" }),
        json!({ "alg": "RS257" }),
        json!({ "crit": ["b64"], "b64": true }),
    ] {
        let header = with(good.clone(), bad.clone());
        let token = token(&header, &claims, |message| rsa.sign(message));
        assert_eq!(who(&api, &token).await, refused(), "{bad}");
    }
    let token = token(&good, &claims, |message| rsa.sign(message));
    assert_eq!(who(&api, &token).await, Ok(ann.id));
}

#[tokio::test]
async fn what_the_provider_did_not_sign_is_refused() {
    let (rsa, other) = (Key::rsa("one"), Key::rsa("other"));
    let local = Local::start("rsa", &rsa).await;
    let api = api(local.known()).await;
    let ada = api.admin().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    let good = rsa.token("rsa", &claims);
    let parts: Vec<&str> = good.split('.').collect();
    let (head, signature) = (parts[0], parts[2]);
    let forged = rsa.token("rsa", &local.claims(&ada.email));
    let forged = forged.split('.').nth(1).unwrap();
    let header = |algorithm: &str| json!({ "alg": algorithm, "typ": "JWT", "kid": "rsa" });
    let by_secret = |secret: &[u8]| {
        token(&header("HS256"), &claims, |message| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            hmac::sign(&key, message).as_ref().to_vec()
        })
    };
    let published = rsa.jwk("rsa");
    let pem = include_bytes!("../../data/keys/rsa-one.pem");
    let embedded = with(header("RS256"), json!({ "jwk": other.jwk("rsa") }));
    for (bad, why) in [
        (other.token("rsa", &claims), "another key"),
        (format!("{head}.{forged}.{signature}"), "other claims"),
        (format!("{head}.{}.", parts[1]), "no signature"),
        (format!("{head}.{}", parts[1]), "two parts"),
        (format!("{good}.{signature}"), "four parts"),
        (good[..good.len() - 4].to_owned(), "a short signature"),
        (token(&header("none"), &claims, |_| Vec::new()), "none"),
        (token(&header("None"), &claims, |_| Vec::new()), "None"),
        (
            by_secret(published.to_string().as_bytes()),
            "HS256 by the JWK",
        ),
        (
            by_secret(published["n"].as_str().unwrap().as_bytes()),
            "HS256 by the modulus",
        ),
        (by_secret(pem), "HS256 by a PEM file"),
        (by_secret(b""), "HS256 by nothing"),
        (
            token(&embedded, &claims, |m| other.sign(m)),
            "a key of its own",
        ),
        ("a.b.c".to_owned(), "nonsense"),
        ("..".to_owned(), "nothing"),
    ] {
        assert_eq!(who(&api, &bad).await, refused(), "{why}");
    }
    assert_eq!(who(&api, &good).await, Ok(ann.id));
}

#[tokio::test]
async fn an_oversized_token_is_refused_before_it_is_read() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let padded = |length: usize| {
        let padding = json!({ "padding": "x".repeat(length) });
        rsa.token("rsa", &with(local.claims(&ann.email), padding))
    };
    let (large, too_large) = (padded(5_000), padded(6_000));
    assert!(large.len() < 8 * 1024 && too_large.len() > 8 * 1024);
    assert_eq!(who(&api, &too_large).await, refused());
    assert_eq!(local.asked(), 0);
    assert_eq!(who(&api, &large).await, Ok(ann.id));
}

#[tokio::test]
async fn without_a_provider_no_token_of_one_is_taken() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    let api = api(None).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let token = rsa.token("rsa", &local.claims(&ann.email));
    assert_eq!(who(&api, &token).await, refused());
    let answer: Value = api.ask(Some(&ann), "{ me { id } }", json!({})).await;
    assert_eq!(answer["data"]["me"]["id"], json!(ann.id));
}
