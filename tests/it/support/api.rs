//! The API as a client has it: the program's router over a fresh database.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::TimeDelta;
use http_body_util::BodyExt;
use ipnet::IpNet;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tower::ServiceExt;

use crm::db::{Db, RequestDb};
use crm::graphql::{self, Limits, Settings};
use crm::http::graphiql::Pending;
use crm::http::{self, App, BodyLimits, BrowserHeaders, Provider, Stopping};
use crm::service::sessions::{self, AuthCache, PasswordHash, SignInPolicy};
use crm::service::users::{CreateUser, UserRole};
use crm::service::{Actor, TokenLookups, UserId, perform};

use super::TestDatabase;

/// The password of all users.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The address that links begin with.
pub(crate) const PUBLIC_URL: &str = "https://crm.example.com";

/// The API over a database of one test's own.
pub(crate) struct Api {
    database: TestDatabase,
    router: Router,
    stopping: Stopping,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
}

/// The options that a test may change.
pub(crate) struct ApiOptions {
    pub(crate) pool: usize,
    pub(crate) bulk_limit: usize,
    pub(crate) introspection_for_all: bool,
    pub(crate) allow_get: bool,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) limits: Limits,
    pub(crate) body_limits: BodyLimits,
    pub(crate) request_timeout: Duration,
    /// The documents that alone are answered, if there are any.
    pub(crate) trusted: Vec<(String, String)>,
    pub(crate) provider: Option<Provider>,
    pub(crate) browsers: BrowserHeaders,
    pub(crate) graphiql: Option<Pending>,
    pub(crate) auth_cache: AuthCache,
}

impl Default for ApiOptions {
    fn default() -> ApiOptions {
        ApiOptions {
            pool: 1,
            bulk_limit: 10_000,
            introspection_for_all: true,
            allow_get: false,
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            body_limits: BodyLimits::default(),
            request_timeout: Duration::from_secs(30),
            trusted: Vec::new(),
            provider: None,
            browsers: BrowserHeaders::default(),
            graphiql: None,
            auth_cache: AuthCache::default(),
        }
    }
}

/// The rules of signing in of a test: everybody may, for so long.
pub(crate) fn lasting(lifetime: TimeDelta) -> SignInPolicy {
    SignInPolicy {
        lifetime,
        demo_accounts: true,
    }
}

impl Api {
    /// With a pool of one connection: whoever holds one while asking for another fails at once.
    pub(crate) async fn new() -> Api {
        Api::with(ApiOptions::default()).await
    }

    /// With a larger pool, for tests of what happens at the same time.
    pub(crate) async fn with_pool(size: usize) -> Api {
        Api::with(ApiOptions {
            pool: size,
            ..ApiOptions::default()
        })
        .await
    }

    /// Otherwise than by default.
    pub(crate) async fn with(options: ApiOptions) -> Api {
        Api::over(TestDatabase::with_pool(options.pool).await, options).await
    }

    /// Over a database that is there.
    pub(crate) async fn over(database: TestDatabase, options: ApiOptions) -> Api {
        let settings = Settings {
            public_url: PUBLIC_URL.to_owned(),
            bulk_limit: options.bulk_limit,
            sign_in: lasting(TimeDelta::hours(1)),
            limits: options.limits,
            request_timeout: options.request_timeout,
            introspection_for_all: options.introspection_for_all,
        };
        let mut graphql = graphql::Api::new(database.pool().clone(), settings);
        if !options.trusted.is_empty() {
            graphql.trust(options.trusted).unwrap();
        }
        let stopping = Stopping::default();
        let app = App {
            db: database.pool().clone(),
            api: graphql,
            auth_cache: options.auth_cache,
            token_lookups: TokenLookups::default(),
            body_limits: options.body_limits,
            allow_get: options.allow_get,
            trusted_proxies: options.trusted_proxies,
            provider: options.provider,
            browsers: options.browsers,
        };
        let probes = http::monitor(database.pool().clone(), stopping.clone(), None, None);
        Api {
            database,
            router: http::router(app, options.graphiql, Some(probes)),
            stopping,
        }
    }

    /// The program's routes, to be served over real sockets.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Tells it that the program is about to stop.
    pub(crate) fn stopping(&self) -> &Stopping {
        &self.stopping
    }

    /// Its pool of connections.
    pub(crate) fn pool(&self) -> &Db {
        self.database.pool()
    }

    /// The database behind it.
    pub(crate) fn db(&self) -> &RequestDb {
        self.database.db()
    }

    /// The database's URL.
    pub(crate) fn url(&self) -> &str {
        self.database.url()
    }

    /// A new user who is signed in. The e-mail is made from the name.
    pub(crate) async fn user(
        &self,
        name: &str,
        role: UserRole,
        manager: Option<&SignedIn>,
    ) -> SignedIn {
        static HASH: OnceCell<PasswordHash> = OnceCell::const_new();
        let hash = HASH
            .get_or_init(|| async { PasswordHash::of(PASSWORD).await.unwrap() })
            .await;
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        let user = CreateUser {
            email: email.clone(),
            full_name: name.to_owned(),
            role,
            manager: manager.map(|manager| UserId(manager.id.parse().unwrap())),
            password: Some(hash.clone()),
            is_demo: false,
        };
        perform(self.db(), &Actor::operator(), user).await.unwrap();
        self.sign_in(&email, PASSWORD).await
    }

    /// A user who is there already, signed in.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> SignedIn {
        let lifetime = TimeDelta::hours(1);
        let session = sessions::login(self.db(), email, password, None, lasting(lifetime))
            .await
            .unwrap();
        let id = session.user.id.to_string();
        SignedIn {
            id,
            email: email.to_owned(),
            token: session.token.reveal(),
        }
    }

    /// An administrator who is signed in.
    pub(crate) async fn admin(&self) -> SignedIn {
        self.user("Ada Admin", UserRole::Admin, None).await
    }

    /// The whole response to an operation.
    pub(crate) async fn ask(&self, who: Option<&SignedIn>, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        serde_json::from_str(&self.post(who, body).await).unwrap()
    }

    /// The answer to a body of a client's own writing, as it is written.
    pub(crate) async fn post(&self, who: Option<&SignedIn>, body: String) -> String {
        let mut request = Request::post("/graphql").header("content-type", "application/json");
        if let Some(who) = who {
            request = request.header("authorization", format!("Bearer {}", who.token));
        }
        let (status, _, text) = self.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        text
    }

    /// The data of an operation that must succeed.
    pub(crate) async fn data(&self, who: &SignedIn, query: &str, variables: Value) -> Value {
        let response = self.ask(Some(who), query, variables).await;
        assert!(response.get("errors").is_none(), "{query}\n{response:#}");
        response["data"].clone()
    }

    /// The only error of an operation that must fail, with its code checked.
    pub(crate) async fn refusal(
        &self,
        who: Option<&SignedIn>,
        query: &str,
        variables: Value,
        code: &str,
    ) -> Value {
        let response = self.ask(who, query, variables).await;
        let errors = response["errors"].as_array();
        let errors = errors.unwrap_or_else(|| panic!("{query}\nwas not refused: {response:#}"));
        assert_eq!(errors.len(), 1, "{response:#}");
        assert_eq!(
            errors[0]["extensions"]["code"], code,
            "{query}\n{response:#}"
        );
        errors[0].clone()
    }

    /// Any request, as it comes back.
    pub(crate) async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            head.status,
            head.headers,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }
}
