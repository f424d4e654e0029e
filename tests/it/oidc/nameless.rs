//! Providers that give their keys no names, or do not say in a token which one they signed it with.

use serde_json::{Value, json};

use crm::service::users::UserRole;

use super::{Key, Local, api, refused, token, who};

fn without_name(mut jwk: Value) -> Value {
    jwk.as_object_mut().unwrap().remove("kid");
    jwk
}

/// A token with this header and, in it, the key's algorithm.
fn signed(key: &Key, mut header: Value, claims: &Value) -> String {
    header["alg"] = json!(key.algorithm());
    token(&header, claims, |message| key.sign(message))
}

#[tokio::test]
async fn a_token_that_does_not_say_what_it_is_nor_names_its_key_is_taken() {
    let (rsa, ec) = (Key::rsa("one"), Key::ec());
    let local = Local::start("rsa", &rsa).await;
    local.publish(&[rsa.jwk("rsa"), without_name(ec.jwk(""))]);
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    for header in [
        json!({}),
        json!({ "typ": null, "kid": null }),
        json!({ "typ": "JWT" }),
        json!({ "typ": "application/at+jwt" }),
    ] {
        for key in [&rsa, &ec] {
            let token = signed(key, header.clone(), &claims);
            assert_eq!(who(&api, &token).await, Ok(ann.id.clone()), "{header}");
        }
    }
    // A key without a name may be the one that a token means by a name.
    let named = signed(&ec, json!({ "kid": "ec" }), &claims);
    assert_eq!(who(&api, &named).await, Ok(ann.id.clone()));
    // One with a name is meant by no other.
    let named = signed(&rsa, json!({ "kid": "other" }), &claims);
    assert_eq!(who(&api, &named).await, refused());
}

#[tokio::test]
async fn of_several_keys_that_fit_a_token_without_a_name_none_is_tried() {
    let (one, other) = (Key::rsa("one"), Key::rsa("other"));
    let local = Local::start("rsa", &one).await;
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    let token = signed(&one, json!({}), &claims);
    for keys in [
        [one.jwk("one"), other.jwk("other")],
        [without_name(one.jwk("")), without_name(other.jwk(""))],
        [without_name(one.jwk("")), other.jwk("other")],
    ] {
        local.publish(&keys);
        assert_eq!(who(&api, &token).await, refused());
    }
    local.publish(&[one.jwk("one")]);
    assert_eq!(who(&api, &token).await, Ok(ann.id));
}

#[tokio::test]
async fn the_algorithm_of_a_token_without_a_name_is_still_its_keys() {
    let (rsa, other) = (Key::rsa("one"), Key::rsa("other"));
    let local = Local::start("rsa", &rsa).await;
    local.publish(&[without_name(rsa.jwk(""))]);
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    assert_eq!(
        who(&api, &signed(&other, json!({}), &claims)).await,
        refused()
    );
    let published = rsa.jwk("");
    let modulus = published["n"].as_str().unwrap();
    for secret in [modulus.as_bytes(), b""] {
        let forged = token(&json!({ "alg": "HS256" }), &claims, |message| {
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
            ring::hmac::sign(&key, message).as_ref().to_vec()
        });
        assert_eq!(who(&api, &forged).await, refused());
    }
    for algorithm in ["none", "RS384", "PS256", "ES256"] {
        let header = json!({ "alg": algorithm });
        let signed = token(&header, &claims, |message| rsa.sign(message));
        assert_eq!(who(&api, &signed).await, refused(), "{algorithm}");
        let unsigned = token(&header, &claims, |_| Vec::new());
        assert_eq!(who(&api, &unsigned).await, refused(), "{algorithm}");
    }
    let good = signed(&rsa, json!({}), &claims);
    assert_eq!(who(&api, &good).await, Ok(ann.id));
}

#[tokio::test]
async fn a_key_without_a_name_is_replaced_by_the_one_that_the_provider_has_now() {
    let (old, new) = (Key::rsa("one"), Key::rsa("other"));
    let local = Local::start("rsa", &old).await;
    local.publish(&[without_name(old.jwk(""))]);
    let api = api(local.known()).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let claims = local.claims(&ann.email);
    let [by_old, by_new] = [&old, &new].map(|key| signed(key, json!({}), &claims));
    assert_eq!(who(&api, &by_old).await, Ok(ann.id.clone()));
    assert_eq!(who(&api, &by_new).await, refused());
    local.publish(&[without_name(new.jwk(""))]);
    assert_eq!(who(&api, &by_new).await, Ok(ann.id));
    assert_eq!(who(&api, &by_old).await, refused());
}
