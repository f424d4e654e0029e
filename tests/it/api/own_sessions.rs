//! One's own sessions: seen and ended.

use serde_json::{Value, json};

use crm::service::users::UserRole;

use super::api_keys::key_of;
use super::{Team, UNKNOWN, document, text};
use crate::support::{Api, PASSWORD, SignedIn};

const ME: &str = "{ me { id } }";
const SESSIONS: &str =
    "{ me { sessions { totalCount nodes { id createdAt lastUsedAt expiresAt isCurrent } } } }";

async fn sessions(api: &Api, who: &SignedIn) -> Vec<Value> {
    let own = api.data(who, SESSIONS, json!({})).await["me"]["sessions"].clone();
    let nodes = own["nodes"].as_array().unwrap().clone();
    assert_eq!(own["totalCount"], nodes.len());
    nodes
}

async fn refused(api: &Api, who: &SignedIn, input: Value, code: &str) {
    let variables = json!({ "input": input });
    api.refusal(Some(who), &document("endSession"), variables, code)
        .await;
}

#[tokio::test]
async fn everybody_sees_their_open_sessions_newest_first_and_which_one_they_use() {
    let api = Api::new().await;
    let first = api.user("Ann", UserRole::Agent, None).await;
    let second = api.sign_in(&first.email, PASSWORD).await;
    let over = api.sign_in(&first.email, PASSWORD).await;
    api.user("Bea", UserRole::Agent, None).await;
    api.sql(&format!(
        "UPDATE sessions SET created_at = now() - interval '2 hours', expires_at = now() \
         WHERE token_hash = sha256('{}')",
        over.token
    ))
    .await;
    let own = sessions(&api, &second).await;
    let current: Vec<&Value> = own.iter().map(|session| &session["isCurrent"]).collect();
    assert_eq!(current, [&json!(true), &json!(false)]);
    let other = sessions(&api, &first).await;
    assert_eq!(other[1]["isCurrent"], true);
    assert_eq!(other[1]["id"], own[1]["id"]);
    for session in &own {
        let time = |name: &str| text(&session[name]).parse::<chrono::DateTime<chrono::Utc>>();
        let (created, used) = (time("createdAt").unwrap(), time("lastUsedAt").unwrap());
        assert_eq!(created, used);
        let lifetime = time("expiresAt").unwrap() - used;
        assert_eq!(lifetime, chrono::TimeDelta::hours(1));
    }
}

#[tokio::test]
async fn sessions_come_in_pages() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    for _ in 0..4 {
        api.sign_in(&ann.email, PASSWORD).await;
    }
    let all: Vec<Value> = sessions(&api, &ann).await;
    let all: Vec<Value> = all.iter().map(|session| session["id"].clone()).collect();
    let page = async |arguments: &str| {
        let query = format!(
            "{{ me {{ sessions({arguments}) {{ nodes {{ id }} \
             pageInfo {{ endCursor startCursor hasNextPage }} }} }} }}"
        );
        let page = api.data(&ann, &query, json!({})).await["me"]["sessions"].clone();
        let nodes = page["nodes"].as_array().unwrap();
        let ids: Vec<Value> = nodes.iter().map(|node| node["id"].clone()).collect();
        (ids, page["pageInfo"].clone())
    };
    let (ids, info) = page("first: 2").await;
    assert_eq!(
        (ids, &info["hasNextPage"]),
        (all[..2].to_vec(), &json!(true))
    );
    let (ids, _) = page(&format!("first: 2, after: {}", info["endCursor"])).await;
    assert_eq!(ids, all[2..4]);
    let (ids, info) = page("last: 2").await;
    assert_eq!(ids, all[3..]);
    let (ids, _) = page(&format!("last: 2, before: {}", info["startCursor"])).await;
    assert_eq!(ids, all[1..3]);
    let (ids, _) = page("offset: 4").await;
    assert_eq!(ids, all[4..]);
    let bad = "{ me { sessions(first: 0) { nodes { id } } } }";
    api.refusal(Some(&ann), bad, json!({}), "INVALID_DATA")
        .await;
}

#[tokio::test]
async fn a_session_that_is_ended_is_out_at_once_and_no_other() {
    let api = Api::new().await;
    let here = api.user("Ann", UserRole::Agent, None).await;
    let elsewhere = api.sign_in(&here.email, PASSWORD).await;
    let third = api.sign_in(&here.email, PASSWORD).await;
    for who in [&here, &elsewhere, &third] {
        api.data(who, ME, json!({})).await;
    }
    let id = sessions(&api, &here).await[1]["id"].clone();
    let ended = api.change(&here, "endSession", json!({ "id": id })).await;
    assert_eq!(ended, json!({ "endedSessionId": id }));
    api.refusal(Some(&elsewhere), ME, json!({}), "UNAUTHENTICATED")
        .await;
    for who in [&here, &third] {
        api.data(who, ME, json!({})).await;
    }
    refused(&api, &here, json!({ "id": id }), "NOT_FOUND").await;
    // One's own is ended like any other.
    let own = sessions(&api, &here).await;
    let own = own.iter().find(|session| session["isCurrent"] == true);
    let own = json!({ "id": own.unwrap()["id"] });
    api.change(&here, "endSession", own).await;
    api.refusal(Some(&here), ME, json!({}), "UNAUTHENTICATED")
        .await;
    assert_eq!(sessions(&api, &third).await.len(), 1);
}

#[tokio::test]
async fn nobody_ends_what_is_not_theirs_not_there_or_over() {
    let team = Team::new().await;
    let api = &team.api;
    let of_ann = sessions(api, &team.ann).await[0]["id"].clone();
    for who in [&team.ada, &team.mia, &team.bea] {
        refused(api, who, json!({ "id": of_ann }), "NOT_FOUND").await;
        let none = "query ($id: ID!) { user(id: $id) { sessions { nodes { id } } } }";
        if who.id != team.bea.id {
            let user = api.data(who, none, json!({ "id": team.ann.id })).await;
            assert_eq!(user["user"]["sessions"], Value::Null);
        }
    }
    refused(api, &team.ann, json!({ "id": UNKNOWN }), "NOT_FOUND").await;
    refused(api, &team.ann, json!({ "id": "one" }), "INVALID_DATA").await;
    let other = api.sign_in(&team.ann.email, PASSWORD).await;
    api.sql(&format!(
        "UPDATE sessions SET created_at = now() - interval '2 hours', expires_at = now() \
         WHERE token_hash = sha256('{}')",
        team.ann.token
    ))
    .await;
    refused(api, &other, json!({ "id": of_ann }), "NOT_FOUND").await;
    api.data(&other, ME, json!({})).await;
}

#[tokio::test]
async fn a_key_neither_sees_nor_ends_its_users_sessions() {
    let team = Team::new().await;
    let api = &team.api;
    let id = sessions(api, &team.ann).await[0]["id"].clone();
    let key = api
        .change(&team.ada, "createApiKey", key_of(&team.ann, "AGENT"))
        .await;
    let service = SignedIn {
        token: text(&key["secret"]),
        ..team.ann.clone()
    };
    let nodes = "{ me { sessions { nodes { id } } } }";
    let error = api
        .refusal(Some(&service), nodes, json!({}), "PERMISSION_DENIED")
        .await;
    assert_eq!(error["path"], json!(["me", "sessions"]));
    refused(api, &service, json!({ "id": id }), "PERMISSION_DENIED").await;
    api.data(&team.ann, ME, json!({})).await;
}

#[tokio::test]
async fn of_two_who_end_a_session_at_once_one_does_and_a_repeated_key_answers_again() {
    let api = Api::with_pool(4).await;
    let here = api.user("Ann", UserRole::Agent, None).await;
    for _ in 0..2 {
        api.sign_in(&here.email, PASSWORD).await;
    }
    let own = sessions(&api, &here).await;
    let end = document("endSession");
    let input = json!({ "input": { "id": own[0]["id"] } });
    let (one, other) = tokio::join!(
        api.ask(Some(&here), &end, input.clone()),
        api.ask(Some(&here), &end, input.clone()),
    );
    let codes = [&one, &other].map(|answer| answer["errors"][0]["extensions"]["code"].clone());
    assert!(
        codes.contains(&Value::Null) && codes.contains(&json!("NOT_FOUND")),
        "{one} {other}"
    );
    let input = json!({ "id": own[1]["id"], "idempotencyKey": "once" });
    for _ in 0..2 {
        let ended = api.change(&here, "endSession", input.clone()).await;
        assert_eq!(ended["endedSessionId"], own[1]["id"]);
    }
    let other = json!({ "id": own[0]["id"], "idempotencyKey": "once" });
    refused(&api, &here, other, "IDEMPOTENCY_CONFLICT").await;
}
