//! The user of a token or an API key is cached, on each instance of the server, and still ends
//! with the session or the key on all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crm::db::PoolOptions;
use crm::service::users::UserRole;
use serde_json::{Value, json};

use super::other_copy::{Copy, code, number, patient};
use crate::support::{Api, PASSWORD, SignedIn};

const LEAD: &str = "query ($id: ID!) { lead(id: $id) { firstName assignedTo { fullName } } }";
const LEADS: &str = "query ($id: ID!) { leads { nodes { firstName } } node(id: $id) { id } }";
const EMPTY: &str = "query ($id: ID!) { leads(filter: {tags: {all: [\"none\"]}}) { nodes { id } }
    node(id: $id) { id } }";
const ME: &str = "query ($id: ID!) { me { role } __typename node(id: $id) { id } }";
const NOTE: &str = "mutation ($id: ID!) { addNote(input: {id: $id, content: \"x\"}) {
    note { id } } }";
const LOGOUT: &str = "mutation { logout { loggedOut } }";
const ALL: [&str; 5] = [LEAD, LEADS, EMPTY, ME, NOTE];

/// A manager, an agent of hers, a lead of the agent's, and a copy that the manager has asked.
struct Warm {
    api: Api,
    ada: SignedIn,
    mia: SignedIn,
    ann: SignedIn,
    lead: Value,
    copy: Copy,
}

impl Warm {
    async fn new() -> Warm {
        let api = Api::new().await;
        let ada = api.admin().await;
        let mia = api.user("Mia", UserRole::Manager, None).await;
        let ann = api.user("Ann", UserRole::Agent, Some(&mia)).await;
        let lead = json!({ "firstName": "Jo", "lastName": "Kim", "phone": "+48601234567" });
        let lead = api.change(&ann, "createLead", lead).await;
        let lead = json!({ "id": lead["lead"]["id"] });
        let copy = Copy::of(&api, &mia, &patient(4)).await;
        for query in ALL {
            copy.data(query, lead.clone()).await;
        }
        Warm {
            api,
            ada,
            mia,
            ann,
            lead,
            copy,
        }
    }

    /// The same, but it is a key of the manager's that the copy was asked by. And the key's id.
    async fn by_key() -> (Warm, Value) {
        let mut warm = Warm::new().await;
        let key = json!({ "name": "k", "userId": warm.mia.id, "role": "MANAGER",
            "expiresInDays": 1 });
        let made = warm.api.change(&warm.ada, "createApiKey", key).await;
        let service = SignedIn {
            token: made["secret"].as_str().unwrap().to_owned(),
            ..warm.mia.clone()
        };
        warm.copy = warm.copy.asked_by(&service);
        for query in ALL {
            warm.copy.data(query, warm.lead.clone()).await;
        }
        (warm, made["apiKey"]["id"].clone())
    }

    async fn ask(&self, query: &'static str) -> Value {
        self.copy.clone().ask(query, self.lead.clone()).await
    }

    async fn notes(&self) -> i64 {
        let mut conn = self.copy.db.connection().await.unwrap();
        number(&mut conn, "(select count(*) from lead_notes)").await
    }

    async fn is_out(&self, how: &str) {
        let notes = self.notes().await;
        for query in ALL {
            let answer = self.ask(query).await;
            assert_eq!(code(&answer), Some("UNAUTHENTICATED"), "{how}: {query}");
            assert!(!answer["data"].to_string().contains("Jo"), "{answer}");
        }
        assert_eq!(self.notes().await, notes, "{how}");
    }
}

#[tokio::test]
async fn a_session_that_ends_on_one_copy_ends_on_those_that_remember_it() {
    let warm = Warm::new().await;
    warm.api.data(&warm.mia, LOGOUT, json!({})).await;
    warm.is_out("logout").await;

    let warm = Warm::new().await;
    let elsewhere = warm.api.sign_in(&warm.mia.email, PASSWORD).await;
    let own = "{ me { sessions { nodes { id } } } }";
    let own = warm.api.data(&elsewhere, own, json!({})).await["me"]["sessions"].clone();
    let end = json!({ "id": own["nodes"][1]["id"] });
    warm.api.change(&elsewhere, "endSession", end).await;
    warm.is_out("endSession").await;

    let warm = Warm::new().await;
    let input = json!({ "id": warm.mia.id, "password": format!("{PASSWORD} new") });
    warm.api.change(&warm.ada, "updateUser", input).await;
    warm.is_out("password").await;

    let warm = Warm::new().await;
    let input = json!({ "id": warm.mia.id, "leads": { "keep": true } });
    warm.api.change(&warm.ada, "deactivateUser", input).await;
    warm.is_out("deactivation").await;
}

#[tokio::test]
async fn a_session_that_is_taken_out_of_the_table_has_ended_too() {
    for sql in [
        "DELETE FROM sessions",
        "TRUNCATE sessions CASCADE",
        "UPDATE sessions SET created_at = now() - interval '2 hours', \
             expires_at = now() - interval '1 second'",
    ] {
        let warm = Warm::new().await;
        warm.api.sql(sql).await;
        warm.is_out(sql).await;
    }
}

#[tokio::test]
async fn a_key_that_ends_on_one_copy_ends_on_those_that_remember_it() {
    let (warm, key) = Warm::by_key().await;
    let revoke = json!({ "id": key });
    warm.api.change(&warm.ada, "revokeApiKey", revoke).await;
    warm.is_out("revocation").await;

    let (warm, _) = Warm::by_key().await;
    let input = json!({ "id": warm.ann.id, "managerId": null });
    warm.api.change(&warm.ada, "updateUser", input).await;
    warm.ask(ME).await;
    let input = json!({ "id": warm.mia.id, "role": "AGENT" });
    warm.api.change(&warm.ada, "updateUser", input).await;
    warm.is_out("demotion").await;

    let (warm, _) = Warm::by_key().await;
    let input = json!({ "id": warm.mia.id, "leads": { "keep": true } });
    warm.api.change(&warm.ada, "deactivateUser", input).await;
    warm.is_out("deactivation").await;
}

#[tokio::test]
async fn a_key_that_is_ended_in_the_table_has_ended_too_and_one_that_is_only_used_has_not() {
    for sql in [
        "DELETE FROM api_keys",
        "TRUNCATE api_keys CASCADE",
        "UPDATE api_keys SET revoked_at = now()",
        "UPDATE api_keys SET secret_hash = sha256('another')",
        "UPDATE api_keys SET role = 'ADMIN'",
        "UPDATE api_keys SET created_at = now() - interval '2 hours', \
             expires_at = now() - interval '1 second'",
    ] {
        let (warm, _) = Warm::by_key().await;
        warm.api.sql(sql).await;
        warm.is_out(sql).await;
    }
    let (warm, _) = Warm::by_key().await;
    let revision = async || {
        let mut conn = warm.copy.db.connection().await.unwrap();
        number(&mut conn, "(select revision from auth_revision)").await
    };
    let before = revision().await;
    let used = "UPDATE api_keys SET last_used_at = now() - interval '1 hour'";
    warm.api.sql(used).await;
    assert_eq!(revision().await, before);
    warm.copy.data(ME, warm.lead.clone()).await;
}

#[tokio::test]
async fn what_a_user_may_see_changes_on_copies_that_remember_it() {
    for warm in [Warm::new().await, Warm::by_key().await.0] {
        let input = json!({ "id": warm.ann.id, "managerId": null });
        warm.api.change(&warm.ada, "updateUser", input).await;
        assert_eq!(code(&warm.ask(LEAD).await), Some("PERMISSION_DENIED"));
        assert_eq!(warm.ask(LEADS).await["data"]["leads"]["nodes"], json!([]));
        assert_eq!(code(&warm.ask(NOTE).await), Some("PERMISSION_DENIED"));
    }

    let (warm, _) = Warm::by_key().await;
    let agent = "UPDATE api_keys SET role = 'AGENT'";
    warm.api.sql(agent).await;
    assert_eq!(code(&warm.ask(LEAD).await), Some("PERMISSION_DENIED"));

    let warm = Warm::new().await;
    let input = json!({ "id": warm.mia.id, "role": "ADMIN" });
    warm.api.change(&warm.ada, "updateUser", input).await;
    assert_eq!(warm.ask(ME).await["data"]["me"]["role"], "ADMIN");
}

#[tokio::test]
async fn whoever_asks_after_a_logout_is_refused_however_busy_the_copy_is() {
    let warm = Warm::new().await;
    refused_from_the_end_on(&warm, async || {
        warm.api.data(&warm.mia, LOGOUT, json!({})).await;
    })
    .await;
    let (warm, key) = Warm::by_key().await;
    refused_from_the_end_on(&warm, async || {
        let revoke = json!({ "id": key });
        warm.api.change(&warm.ada, "revokeApiKey", revoke).await;
    })
    .await;
}

/// Has the copy asked by many while that is done, and after it.
async fn refused_from_the_end_on(warm: &Warm, end: impl AsyncFnOnce()) {
    let is_over = Arc::new(AtomicBool::new(false));
    let readers = (0..8).map(|reader| {
        let (copy, lead, is_over) = (warm.copy.clone(), warm.lead.clone(), is_over.clone());
        tokio::spawn(async move {
            let mut answered = 0;
            loop {
                let was_over = is_over.load(Ordering::SeqCst);
                let answer = copy.clone().ask(ALL[reader % 4], lead.clone()).await;
                match code(&answer) {
                    None => assert!(!was_over, "{answer}"),
                    Some(code) => {
                        assert_eq!(code, "UNAUTHENTICATED");
                        return answered;
                    }
                }
                answered += 1;
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    end().await;
    is_over.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}

#[tokio::test]
async fn a_remembered_session_without_a_database_is_unavailable_and_changes_nothing() {
    let warm = Warm::new().await;
    let notes = warm.notes().await;
    let options = PoolOptions {
        size: 1,
        wait: Duration::from_millis(50),
        ..PoolOptions::default()
    };
    let tight = Copy::of(&warm.api, &warm.mia, &options).await;
    tight.data(LEAD, warm.lead.clone()).await;
    let held = tight.db.connection().await.unwrap();
    for query in ALL {
        let answer = tight.clone().ask(query, warm.lead.clone()).await;
        assert_eq!(code(&answer), Some("UNAVAILABLE"), "{answer}");
        assert!(answer.get("data").is_none(), "{answer}");
    }
    drop(held);
    assert_eq!(warm.notes().await, notes);
    tight.data(LEAD, warm.lead.clone()).await;
}

#[tokio::test]
async fn a_change_by_a_token_that_has_ended_leaves_no_transaction_behind() {
    const SEARCH: &str = "query ($id: ID!) { leads(search: \"nobody like this\") { nodes { id } }
        node(id: $id) { id } }";
    for first in [NOTE, SEARCH] {
        let warm = Warm::new().await;
        warm.api.data(&warm.mia, LOGOUT, json!({})).await;
        let answer = warm.ask(first).await;
        assert_eq!(code(&answer), Some("UNAUTHENTICATED"), "{answer}");
        let open = "(select count(*) from pg_stat_activity \
            where datname = current_database() and state like 'idle in transaction%')";
        let mut conn = warm.api.db().connection().await.unwrap();
        assert_eq!(number(&mut conn, open).await, 0, "{first}");
    }
}
