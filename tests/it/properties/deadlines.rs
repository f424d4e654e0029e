//! Requests that take longer than they may: a query is given up, a change is undone, and neither
//! leaves anything behind at the database.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};

use crm::db::{Db, PooledConnection};

use crate::support::{Api, ApiOptions, SignedIn};

use super::other_copy::{number, patient, run};

/// Long enough for what has nothing to wait for, on a busy machine.
const DEADLINE: Duration = Duration::from_millis(1_500);
const LATE: Duration = Duration::from_secs(10);
const UPDATE: &str = "mutation ($id: ID!) { updateLead(input: { id: $id, company: \"Changed\" }) { lead { version } } }";

struct Scene {
    api: Api,
    ada: SignedIn,
    lead: String,
    /// A connection of nobody's, to hold locks with.
    holder: PooledConnection,
}

async fn scene(pool: usize) -> Scene {
    let options = ApiOptions {
        pool,
        request_timeout: DEADLINE,
        ..ApiOptions::default()
    };
    let api = Api::with(options).await;
    let ada = api.admin().await;
    let lead = api.lead_id(&ada, json!({})).await;
    let holder = Db::connect(api.url(), &patient(1)).await.unwrap().program();
    let holder = holder.connection().await.unwrap();
    Scene {
        api,
        ada,
        lead,
        holder,
    }
}

impl Scene {
    async fn post(&self, query: &str, accept: &str) -> (StatusCode, HeaderMap, Value) {
        let body = json!({ "query": query, "variables": { "id": self.lead } });
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("accept", accept)
            .header("authorization", format!("Bearer {}", self.ada.token));
        let request = request.body(Body::from(body.to_string())).unwrap();
        let (status, headers, text) = self.api.send(request).await;
        (status, headers, serde_json::from_str(&text).unwrap())
    }

    /// Nothing runs for the API any more, and nothing waits; at most a second later.
    async fn is_quiet(&mut self) {
        let busy = "(select count(*) from pg_stat_activity where datname = current_database()
            and backend_type = 'client backend' and pid <> pg_backend_pid()
            and (state <> 'idle' or wait_event_type = 'Lock'))";
        // Within a transaction, which the lock needs, activity is read once and then remembered.
        let anew = "select pg_stat_clear_snapshot()";
        let began = Instant::now();
        while number(&mut self.holder, busy).await > 0 {
            run(&mut self.holder, anew).await;
            assert!(
                began.elapsed() < Duration::from_secs(2),
                "a statement still runs"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn version(&mut self) -> i64 {
        let version = format!(
            "(select version::bigint from leads where id = '{}')",
            self.lead
        );
        number(&mut self.holder, &version).await
    }
}

fn code(answer: &Value) -> &Value {
    &answer["errors"][0]["extensions"]["code"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_given_up_at_the_deadline_and_its_statement_ends() {
    let mut scene = scene(1).await;
    run(
        &mut scene.holder,
        "begin; lock table leads in access exclusive mode",
    )
    .await;
    for accept in ["application/json", "application/graphql-response+json"] {
        let began = Instant::now();
        let (status, _, answer) = scene
            .post("{ leads { totalCount nodes { id } } }", accept)
            .await;
        assert!((DEADLINE..LATE).contains(&began.elapsed()));
        assert_eq!(
            (status, code(&answer)),
            (StatusCode::GATEWAY_TIMEOUT, &json!("TIMEOUT"))
        );
        assert!(answer.get("data").is_none() && answer["errors"][0]["path"].is_null());
        // While the table is locked still.
        scene.is_quiet().await;
    }
    run(&mut scene.holder, "commit").await;
    let (status, _, answer) = scene.post("{ leads { totalCount } }", "*/*").await;
    assert_eq!(
        (status, &answer["data"]["leads"]["totalCount"]),
        (StatusCode::OK, &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_undone_at_the_deadline_and_says_so() {
    let mut scene = scene(1).await;
    let hold = format!(
        "begin; select from leads where id = '{}' for update",
        scene.lead
    );
    run(&mut scene.holder, &hold).await;
    let (status, _, answer) = scene.post(UPDATE, "*/*").await;
    assert_eq!((status, code(&answer)), (StatusCode::OK, &json!("TIMEOUT")));
    assert_eq!(answer["data"], json!({ "updateLead": null }));
    assert_eq!(answer["errors"][0]["path"], json!(["updateLead"]));
    scene.is_quiet().await;
    run(&mut scene.holder, "commit").await;
    assert_eq!(scene.version().await, 1);
    // Another change by the same connection.
    let (_, _, answer) = scene.post(UPDATE, "*/*").await;
    assert_eq!(answer["data"]["updateLead"]["lead"]["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_made_says_so_though_what_else_it_answers_cannot_be_read_in_time() {
    let mut scene = scene(1).await;
    // It reads no lead itself.
    let lock = "begin; lock table leads in access exclusive mode";
    run(&mut scene.holder, lock).await;
    let change = format!(
        "mutation {{ createApiKey(input: {{ name: \"k\", userId: \"{}\", role: AGENT,
            expiresInDays: 1 }}) {{ secret apiKey {{
            user {{ id leads {{ totalCount nodes {{ notes {{ nodes {{ id }} }} }} }} }} }} }} }}",
        scene.ada.id
    );
    let began = Instant::now();
    let (status, _, answer) = scene.post(&change, "*/*").await;
    assert!((DEADLINE..LATE).contains(&began.elapsed()));
    assert_eq!((status, code(&answer)), (StatusCode::OK, &json!("TIMEOUT")));
    let made = &answer["data"]["createApiKey"];
    assert!(made["secret"].is_string(), "{answer}");
    let user = json!({ "id": scene.ada.id, "leads": null });
    assert_eq!(made["apiKey"]["user"], user);
    let path = json!(["createApiKey", "apiKey", "user", "leads"]);
    assert_eq!(answer["errors"][0]["path"], path);
    // While the table is locked still.
    scene.is_quiet().await;
    run(&mut scene.holder, "commit").await;
    let keys = "(select count(*) from api_keys)";
    assert_eq!(number(&mut scene.holder, keys).await, 1);
    let (_, _, answer) = scene.post("{ leads { totalCount } }", "*/*").await;
    assert_eq!(answer["data"]["leads"]["totalCount"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_all_connections_in_use_a_request_is_soon_told_to_come_again() {
    let scene = scene(1).await;
    let held = scene.api.db().connection().await.unwrap();
    let began = Instant::now();
    let (status, headers, answer) = scene.post("{ me { id } }", "*/*").await;
    assert!(began.elapsed() < LATE);
    assert_eq!(
        (status, code(&answer)),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("UNAVAILABLE"))
    );
    assert_eq!(headers["retry-after"], "1");
    let alive = Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(scene.api.send(alive).await.0, StatusCode::OK);
    drop(held);
    let (status, headers, _) = scene.post("{ me { id } }", "*/*").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!headers.contains_key("retry-after"));
}
