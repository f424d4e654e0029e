//! Changing one's own password.

use serde_json::{Value, json};

use crm::service::sessions;
use crm::service::users::UserRole;
use diesel_async::SimpleAsyncConnection;

use crate::support::{Api, ApiOptions, PASSWORD, SignedIn, ask_on};

const NEW: &str = "staple battery horse";
const CHANGE: &str = "mutation ($input: ChangePasswordInput!) {
    changePassword(input: $input) { user { id } } }";

fn input(current: &str, new: &str) -> Value {
    json!({ "input": { "currentPassword": current, "newPassword": new } })
}

async fn refused_field(api: &Api, who: &SignedIn, current: &str, new: &str) -> Value {
    let error = api
        .refusal(Some(who), CHANGE, input(current, new), "INVALID_DATA")
        .await;
    error["extensions"]["fields"][0]["field"].clone()
}

#[tokio::test]
async fn it_ends_the_other_sessions_and_lets_in_with_the_new_one_only() {
    let api = Api::new().await;
    let here = api.user("Ann", UserRole::Agent, None).await;
    let elsewhere = api.sign_in(&here.email, PASSWORD).await;
    let bea = api.user("Bea", UserRole::Agent, None).await;
    let changed = api.data(&here, CHANGE, input(PASSWORD, NEW)).await;
    assert_eq!(changed["changePassword"]["user"]["id"], json!(here.id));
    let me = "{ me { id } }";
    for who in [&here, &bea] {
        api.data(who, me, json!({})).await;
    }
    api.refusal(Some(&elsewhere), me, json!({}), "UNAUTHENTICATED")
        .await;
    let lifetime = chrono::TimeDelta::hours(1);
    let old = sessions::login(
        api.db(),
        &here.email,
        PASSWORD,
        None,
        crate::support::lasting(lifetime),
    )
    .await;
    assert_eq!(old.err().map(|e| e.code()), Some("UNAUTHENTICATED"));
    api.sign_in(&here.email, NEW).await;
}

#[tokio::test]
async fn bad_passwords_are_refused_by_the_field_and_change_nothing() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    for (current, new, field) in [
        ("wrong", NEW, "input.currentPassword"),
        (PASSWORD, "short", "input.newPassword"),
        (PASSWORD, &"x".repeat(201), "input.newPassword"),
        (PASSWORD, PASSWORD, "input.newPassword"),
    ] {
        assert_eq!(refused_field(&api, &ann, current, new).await, field);
    }
    api.sign_in(&ann.email, PASSWORD).await;
}

#[tokio::test]
async fn wrong_ones_count_as_failed_attempts_to_sign_in() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    for _ in 0..5 {
        refused_field(&api, &ann, "wrong", NEW).await;
    }
    api.refusal(Some(&ann), CHANGE, input(PASSWORD, NEW), "RATE_LIMITED")
        .await;
    let lifetime = chrono::TimeDelta::hours(1);
    let login = sessions::login(
        api.db(),
        &ann.email,
        PASSWORD,
        None,
        crate::support::lasting(lifetime),
    )
    .await;
    assert_eq!(login.err().map(|e| e.code()), Some("RATE_LIMITED"));
}

#[tokio::test]
async fn two_changes_at_once_leave_one_of_the_two_passwords() {
    let api = Api::with_pool(4).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let (one, other) = ("first of two passwords", "second of two passwords");
    let (a, b) = tokio::join!(
        api.ask(Some(&ann), CHANGE, input(PASSWORD, one)),
        api.ask(Some(&ann), CHANGE, input(PASSWORD, other)),
    );
    let done = [&a, &b].map(|answer| answer["data"]["changePassword"].is_object());
    assert_ne!(done[0], done[1], "{a} {b}");
    api.sign_in(&ann.email, if done[0] { one } else { other })
        .await;
}

#[tokio::test]
async fn api_keys_and_strangers_cannot() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let made = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }";
    let key =
        json!({ "input": { "userId": ada.id, "role": "ADMIN", "name": "k", "expiresInDays": 1 } });
    let secret = api.data(&ada, made, key).await["createApiKey"]["secret"].clone();
    let service = SignedIn {
        token: secret.as_str().unwrap().to_owned(),
        ..ada.clone()
    };
    let change = input(PASSWORD, NEW);
    api.refusal(Some(&service), CHANGE, change.clone(), "PERMISSION_DENIED")
        .await;
    api.refusal(None, CHANGE, change, "UNAUTHENTICATED").await;
    api.sign_in(&ada.email, PASSWORD).await;
}

#[tokio::test]
async fn a_login_with_the_old_password_while_it_is_changed_opens_no_session() {
    let api = Api::with(ApiOptions {
        pool: 2,
        ..ApiOptions::default()
    });
    let api = api.await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let mut changing = api.db().connection().await.unwrap();
    let change = "BEGIN; UPDATE users SET password_hash = 'another'; DELETE FROM sessions";
    changing.batch_execute(change).await.unwrap();
    let lifetime = chrono::TimeDelta::hours(1);
    let login = sessions::login(
        api.db(),
        &ann.email,
        PASSWORD,
        None,
        crate::support::lasting(lifetime),
    );
    let commit = async {
        let waiting = "(SELECT count(*)::text FROM pg_locks AS waiting JOIN pg_locks AS held USING (pid) \
            WHERE NOT waiting.granted AND held.relation = 'users'::regclass)";
        for _ in 0..1_000 {
            if ask_on(&mut changing, waiting).await != "0" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        changing.batch_execute("COMMIT").await.unwrap();
    };
    let (login, ()) = tokio::join!(login, commit);
    assert_eq!(login.err().map(|e| e.code()), Some("UNAUTHENTICATED"));
    assert_eq!(
        ask_on(&mut changing, "(SELECT count(*)::text FROM sessions)").await,
        "0"
    );
}
