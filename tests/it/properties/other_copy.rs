//! Another copy of the server over a test's database: with a pool of its own that waits longer
//! than fifty clients at once make it wait, and cheap to clone into tasks.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crm::db::{Db, PoolOptions, PooledConnection, RequestDb};
use crm::graphql::{self, Limits, Settings};
use crm::http::{self, App, BodyLimits, BrowserHeaders};
use crm::service::TokenLookups;
use crm::service::sessions::AuthCache;

use crate::support::{Api, SignedIn};

/// A copy of the server, and whose token its clients send.
#[derive(Clone)]
pub(super) struct Copy {
    pub(super) pool: Db,
    pub(super) db: RequestDb,
    pub(super) router: Router,
    token: String,
}

/// A pool for many clients at once.
pub(super) fn patient(size: usize) -> PoolOptions {
    PoolOptions {
        size,
        wait: Duration::from_secs(30),
        ..PoolOptions::default()
    }
}

impl Copy {
    pub(super) async fn of(api: &Api, who: &SignedIn, options: &PoolOptions) -> Copy {
        Copy::at(api.url(), who, options).await
    }

    /// A copy on a database that is reached in its own way.
    pub(super) async fn at(url: &str, who: &SignedIn, options: &PoolOptions) -> Copy {
        let db = Db::connect(url, options).await.unwrap();
        let settings = Settings {
            public_url: crate::support::PUBLIC_URL.to_owned(),
            bulk_limit: 10_000,
            sign_in: crate::support::lasting(TimeDelta::hours(1)),
            limits: Limits::default(),
            request_timeout: Duration::from_secs(30),
            introspection_for_all: true,
        };
        let app = App {
            db: db.clone(),
            api: graphql::Api::new(db.clone(), settings),
            auth_cache: AuthCache::default(),
            token_lookups: TokenLookups::default(),
            allow_get: true,
            trusted_proxies: Vec::new(),
            provider: None,
            browsers: BrowserHeaders::default(),
            body_limits: BodyLimits::default(),
        };
        Copy {
            router: http::router(app, None, None),
            db: db.program(),
            pool: db,
            token: who.token.clone(),
        }
    }

    /// The same copy, asked by somebody else.
    pub(super) fn asked_by(&self, who: &SignedIn) -> Copy {
        Copy {
            token: who.token.clone(),
            ..self.clone()
        }
    }

    /// The whole response to an operation; owned, so that it can be asked for in a task.
    pub(super) async fn ask(self, query: &'static str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.token))
            .body(Body::from(body));
        let response = self.router.oneshot(request.unwrap()).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }

    /// The data of an operation that must succeed.
    pub(super) async fn data(&self, query: &'static str, variables: Value) -> Value {
        let response = self.clone().ask(query, variables).await;
        assert!(response.get("errors").is_none(), "{query}\n{response:#}");
        response["data"].clone()
    }

    /// A new lead's id.
    pub(super) async fn lead(&self, name: &str) -> String {
        let create = "mutation ($name: String!) { createLead(input: {
            firstName: $name, lastName: \"Lead\", email: \"lead@acme.com\" }) { lead { id } } }";
        let created = self.data(create, json!({ "name": name })).await;
        created["createLead"]["lead"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The ids of many new leads.
    pub(super) async fn many_leads(&self, count: usize) -> Vec<String> {
        let create = "mutation ($leads: [NewLeadInput!]!) {
            createLeads(input: { leads: $leads }) { failed results { id } } }";
        let lead = |n| json!({ "firstName": format!("N{n}"), "lastName": "Lead", "phone": "+48601234567" });
        let leads: Vec<Value> = (0..count).map(lead).collect();
        let created = self.data(create, json!({ "leads": leads })).await["createLeads"].clone();
        assert_eq!(created["failed"], 0, "{created}");
        let rows = created["results"].as_array().unwrap();
        rows.iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The code of the only error of a response; nothing if it has none.
pub(super) fn code(response: &Value) -> Option<&str> {
    response["errors"][0]["extensions"]["code"].as_str()
}

/// A whole number out of an SQL expression.
pub(crate) async fn number(conn: &mut PooledConnection, expression: &str) -> i64 {
    let expression = diesel::dsl::sql::<diesel::sql_types::BigInt>(expression);
    diesel::select(expression).get_result(conn).await.unwrap()
}

/// Runs SQL.
pub(crate) async fn run(conn: &mut PooledConnection, sql: &str) {
    conn.batch_execute(sql).await.expect(sql);
}
