//! API keys: how they are made, what they are good for, and what ends them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crm::service::users::UserRole;

use super::{Team, UNKNOWN, fields_of, jan, strings, text, with};
use crate::support::{Api, SignedIn};

const ME: &str = "{ me { id } }";
const KEYS: &str = "query ($userId: ID, $isActive: Boolean, $first: Int, $after: String,
    $last: Int, $before: String) {
    apiKeys(userId: $userId, isActive: $isActive, first: $first, after: $after, last: $last,
        before: $before) {
        totalCount nodes { id name lastUsedAt } pageInfo { hasNextPage startCursor endCursor } } }";

/// The input for a key in somebody's name.
pub(super) fn key_of(user: &SignedIn, role: &str) -> Value {
    json!({ "name": "importer", "userId": user.id, "role": role, "expiresInDays": 30 })
}

/// A new key's id, and the service that asks by it.
async fn make(api: &Api, by: &SignedIn, user: &SignedIn, role: &str) -> (Value, SignedIn) {
    let made = api.change(by, "createApiKey", key_of(user, role)).await;
    let token = text(&made["secret"]);
    let service = SignedIn {
        token,
        ..user.clone()
    };
    (made["apiKey"]["id"].clone(), service)
}

async fn is_dead(api: &Api, service: &SignedIn) {
    api.refusal(Some(service), ME, json!({}), "UNAUTHENTICATED")
        .await;
}

#[tokio::test]
async fn a_service_acts_as_its_user_who_stands_in_the_timeline() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let made = api.change(ada, "createApiKey", key_of(ann, "AGENT")).await;
    let key = &made["apiKey"];
    assert_eq!(key["name"], "importer");
    assert_eq!(key["role"], "AGENT");
    assert_eq!(key["user"], json!({ "id": ann.id }));
    assert_eq!(key["createdBy"], json!({ "id": ada.id }));
    assert_eq!(key["isActive"], true);
    assert!(key["lastUsedAt"].is_null() && key["revokedAt"].is_null());
    let secret = text(&made["secret"]);
    assert!(
        secret.starts_with("crm_key_") && secret.len() == 51,
        "{secret}"
    );
    let service = SignedIn {
        token: secret.clone(),
        ..ann.clone()
    };
    assert_eq!(
        api.data(&service, ME, json!({})).await["me"]["id"],
        json!(ann.id)
    );
    let lead = api.lead(&service, json!({})).await;
    assert_eq!(lead["assignedTo"], json!({ "id": ann.id }));
    let notes = api.timeline(&service, lead["id"].as_str().unwrap()).await;
    assert_eq!(notes[0]["by"], json!({ "id": ann.id }));
    let by_hash = format!("SELECT count(*) FROM api_keys WHERE secret_hash = sha256('{secret}')");
    assert_eq!(api.count(&by_hash).await, 1);
}

#[tokio::test]
async fn a_key_can_do_less_than_its_user_and_never_more() {
    let Team {
        api, ada, mia, ann, ..
    } = &Team::new().await;
    let lead = api.lead_id(ann, json!({})).await;
    let (_, manager) = make(api, ada, mia, "MANAGER").await;
    let (_, agent) = make(api, ada, mia, "AGENT").await;
    api.read(&manager, &lead).await;
    let read = "query ($id: ID!) { lead(id: $id) { id } }";
    api.refusal(
        Some(&agent),
        read,
        json!({ "id": lead }),
        "PERMISSION_DENIED",
    )
    .await;
    for (user, role) in [(mia, "ADMIN"), (ann, "MANAGER"), (ann, "ADMIN")] {
        let above = key_of(user, role);
        assert_eq!(api.faults(ada, "createApiKey", above).await, ["role"]);
    }
}

#[tokio::test]
async fn no_key_manages_keys_not_even_an_administrators() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let (id, admin) = make(api, ada, ada, "ADMIN").await;
    api.data(&admin, "{ freeEmailDomains }", json!({})).await;
    let refused = api
        .refused(
            &admin,
            "createApiKey",
            key_of(ann, "AGENT"),
            "PERMISSION_DENIED",
        )
        .await;
    assert_eq!(refused["message"], "an API key may not manage API keys");
    api.refused(
        &admin,
        "revokeApiKey",
        json!({ "id": id }),
        "PERMISSION_DENIED",
    )
    .await;
    api.refusal(Some(&admin), KEYS, json!({}), "PERMISSION_DENIED")
        .await;
}

#[tokio::test]
async fn a_key_is_an_object_by_its_id_for_whoever_manages_keys() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let (id, _) = make(api, ada, ann, "AGENT").await;
    let (_, service) = make(api, ada, ada, "ADMIN").await;
    let query = "query ($id: ID!) { node(id: $id) { id ... on ApiKey { name } } }";
    for (who, expected) in [
        (ada, json!({ "id": id, "name": "importer" })),
        (ann, Value::Null),
        (&service, Value::Null),
    ] {
        let data = api.data(who, query, json!({ "id": id })).await;
        assert_eq!(data["node"], expected);
    }
}

#[tokio::test]
async fn a_revoked_key_is_dead_at_once_and_stays_in_the_list() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let (id, service) = make(api, ada, ann, "AGENT").await;
    let (_, other) = make(api, ada, ann, "AGENT").await;
    let revoked = api.change(ada, "revokeApiKey", json!({ "id": id })).await;
    assert_eq!(revoked["apiKey"]["isActive"], false);
    is_dead(api, &service).await;
    api.data(&other, ME, json!({})).await;
    let again = api.change(ada, "revokeApiKey", json!({ "id": id })).await;
    assert_eq!(again["apiKey"]["revokedAt"], revoked["apiKey"]["revokedAt"]);
    let count = async |arguments: Value| {
        let keys = api.data(ada, KEYS, arguments).await;
        keys["apiKeys"]["totalCount"].as_i64().unwrap()
    };
    assert_eq!(count(json!({})).await, 2);
    assert_eq!(count(json!({ "isActive": true })).await, 1);
    assert_eq!(count(json!({ "isActive": false })).await, 1);
    assert_eq!(count(json!({ "userId": ada.id })).await, 0);
}

#[tokio::test]
async fn an_expired_key_is_dead() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let (_, service) = make(api, ada, ann, "AGENT").await;
    api.data(&service, ME, json!({})).await;
    api.sql(
        "UPDATE api_keys SET created_at = now() - interval '2 days', \
         expires_at = now() - interval '1 millisecond'",
    )
    .await;
    is_dead(api, &service).await;
    let dead = api.data(ada, KEYS, json!({ "isActive": false })).await;
    assert_eq!(dead["apiKeys"]["totalCount"], 1);
}

#[tokio::test]
async fn a_user_who_is_deactivated_or_lowered_takes_the_keys_along_for_good() {
    let Team {
        api, ada, mia, ann, ..
    } = &Team::new().await;
    let eve = api.user("Eve", UserRole::Admin, None).await;
    let (_, admin) = make(api, ada, &eve, "ADMIN").await;
    let (_, agent) = make(api, ada, &eve, "AGENT").await;
    let role = |role: &str| json!({ "id": eve.id, "role": role });
    api.change(ada, "updateUser", role("MANAGER")).await;
    is_dead(api, &admin).await;
    api.data(&agent, ME, json!({})).await;
    api.change(ada, "updateUser", role("ADMIN")).await;
    is_dead(api, &admin).await;
    let (_, service) = make(api, ada, ann, "AGENT").await;
    let leave = json!({ "id": ann.id, "leads": { "keep": true } });
    api.change(ada, "deactivateUser", leave).await;
    is_dead(api, &service).await;
    let back = json!({ "id": ann.id, "isActive": true });
    api.change(ada, "updateUser", back).await;
    is_dead(api, &service).await;
    // Even what goes past the service: the look-up itself compares.
    let (_, manager) = make(api, ada, mia, "MANAGER").await;
    let ids = format!("WHERE id = '{}'", mia.id);
    api.sql(&format!("UPDATE users SET role = 'AGENT' {ids}"))
        .await;
    is_dead(api, &manager).await;
    api.sql(&format!(
        "UPDATE users SET role = 'MANAGER', is_active = false {ids}"
    ))
    .await;
    is_dead(api, &manager).await;
}

#[tokio::test]
async fn a_repeated_idempotency_key_makes_no_second_key_and_shows_no_secret() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let once = with(key_of(ann, "AGENT"), json!({ "idempotencyKey": "key" }));
    let first = api.change(ada, "createApiKey", once.clone()).await;
    let again = api.change(ada, "createApiKey", once).await;
    assert_eq!(again["apiKey"], first["apiKey"]);
    assert_eq!(again["secret"], json!(null));
    assert_eq!(api.count("SELECT count(*) FROM api_keys").await, 1);
    let leaked = format!(
        "SELECT count(*) FROM idempotency_keys WHERE done::text LIKE '%{}%'",
        &text(&first["secret"])["crm_key_".len()..]
    );
    assert_eq!(api.count(&leaked).await, 0);
}

#[tokio::test]
async fn bad_keys_are_refused_with_all_their_faults() {
    let Team {
        api, ada, ann, ben, ..
    } = &Team::new().await;
    let bad = json!({ "name": " ", "role": "ADMIN", "expiresInDays": 0 });
    let bad = with(key_of(ann, "AGENT"), bad);
    let faults = api.faults(ada, "createApiKey", bad).await;
    assert_eq!(faults, ["expiresInDays", "name", "role"]);
    for (otherwise, field) in [
        (json!({ "expiresInDays": 367 }), "expiresInDays"),
        (json!({ "expiresInDays": -1 }), "expiresInDays"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "userId": "x" }), "userId"),
    ] {
        let bad = with(key_of(ann, "AGENT"), otherwise);
        assert_eq!(api.faults(ada, "createApiKey", bad).await, [field]);
    }
    let longest = with(key_of(ann, "AGENT"), json!({ "expiresInDays": 366 }));
    api.change(ada, "createApiKey", longest).await;
    let leave = json!({ "id": ben.id, "leads": { "keep": true } });
    api.change(ada, "deactivateUser", leave).await;
    let gone = key_of(ben, "AGENT");
    assert_eq!(api.faults(ada, "createApiKey", gone).await, ["userId"]);
    let nobody = json!({ "id": UNKNOWN });
    api.refused(ada, "revokeApiKey", nobody, "API_KEY_NOT_FOUND")
        .await;
}

#[tokio::test]
async fn the_last_use_is_written_once_a_minute() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let (_, service) = make(api, ada, ann, "AGENT").await;
    let last_used = async || {
        let keys = api.data(ada, KEYS, json!({})).await;
        let at = &keys["apiKeys"]["nodes"][0]["lastUsedAt"];
        at.as_str().map(|at| at.parse::<DateTime<Utc>>().unwrap())
    };
    assert_eq!(last_used().await, None);
    api.data(&service, ME, json!({})).await;
    let first = last_used().await.unwrap();
    assert!(Utc::now() - first < TimeDelta::minutes(1));
    api.data(&service, ME, json!({})).await;
    assert_eq!(last_used().await, Some(first));
    let (_, other) = make(api, ada, ann, "AGENT").await;
    let before = Utc::now();
    api.sql("UPDATE api_keys SET last_used_at = now() - interval '58 seconds'")
        .await;
    // Whoever stands behind it is remembered until the use is to be noted again, and no longer.
    api.data(&other, ME, json!({})).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    api.data(&other, ME, json!({})).await;
    assert!(last_used().await.unwrap() >= before);
}

#[tokio::test]
async fn keys_are_paged_newest_first_both_ways() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    for name in ["one", "two", "three", "four"] {
        let key = with(key_of(ann, "AGENT"), json!({ "name": name }));
        api.change(ada, "createApiKey", key).await;
    }
    let page = async |arguments: Value| api.data(ada, KEYS, arguments).await["apiKeys"].clone();
    let first = page(json!({ "first": 3 })).await;
    assert_eq!(strings(&first["nodes"], "name"), ["four", "three", "two"]);
    let after = json!({ "first": 3, "after": first["pageInfo"]["endCursor"] });
    let second = page(after).await;
    assert_eq!(strings(&second["nodes"], "name"), ["one"]);
    let before = json!({ "last": 2, "before": second["pageInfo"]["startCursor"] });
    assert_eq!(
        strings(&page(before).await["nodes"], "name"),
        ["three", "two"]
    );
    let bad = api.refusal(Some(ada), KEYS, json!({ "after": "x" }), "INVALID_DATA");
    assert_eq!(fields_of(&bad.await), ["after"]);
}

#[tokio::test]
async fn what_looks_like_a_key_and_is_none_is_refused_and_logout_ends_no_key() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let (_, service) = make(api, ada, ann, "AGENT").await;
    let logout = "mutation { logout { loggedOut } }";
    let answer = api.data(&service, logout, json!({})).await;
    assert_eq!(answer["logout"]["loggedOut"], false);
    api.data(&service, ME, json!({})).await;
    api.data(ann, ME, json!({})).await;
    for token in [
        format!("crm_key_{}", "A".repeat(43)),
        service.token.to_lowercase(),
        service.token[4..].to_owned(),
        format!("{}A", service.token),
    ] {
        let other = SignedIn {
            token,
            ..service.clone()
        };
        is_dead(api, &other).await;
    }
    let create = super::document("createLead");
    let input = json!({ "input": jan(json!({})) });
    api.data(&service, &create, input).await;
}
