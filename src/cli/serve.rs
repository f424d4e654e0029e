//! `crm serve`

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chrono::Utc;
use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

use crate::cli::database::Database;
use crate::cli::failure::{Failure, said};
use crate::cli::output::say;
use crate::cli::reload::on_hangup;
use crate::cli::stop::{end_in_time, stop_signal, time_to_stop};
use crate::cli::{file_limit, housekeeping, trusted};
use crate::config::{Config, DEVELOPMENT_PASSWORD, Profile, removed_settings};
use crate::db::RequestDb;
use crate::demo;
use crate::graphql::Api;
use crate::http::graphiql::Pending;
use crate::http::{self, App, ConnectionLimits, Provider, Render, Stopping};
use crate::service::sessions::{AuthCache, PasswordHash};
use crate::service::{TokenLookups, users};
use crate::telemetry::Metrics;

/// Connections that the kernel keeps until they are accepted (at most `net.core.somaxconn`). What is
/// beyond is dropped, and its client tries again after a second.
const BACKLOG: u32 = 4096;

/// Serves the API until the process is told to stop.
pub async fn serve(config: &Config, metrics: Metrics) -> Result<(), Failure> {
    let time_to_stop = time_to_stop(config)?;
    if let Some(removed) = removed_settings() {
        tracing::warn!("{removed}");
    }
    file_limit::raise(config);
    config
        .profile
        .check_address(config.listen)
        .map_err(Failure::new)?;
    // Before anything else is started: a port in use is the most common mistake.
    let listener = listen(config.listen, "CRM_LISTEN").await?;
    let monitor = match config.monitor_listen {
        Some(address) => Some(listen(address, "CRM_MONITOR_LISTEN").await?),
        None => None,
    };
    let stop = stop_signal()?.boxed().shared();
    tokio::spawn(on_hangup()?);
    tokio::spawn(end_in_time(stop.clone(), time_to_stop));
    let database = Database::open(config).await?;
    let outcome = serve_on(config, &database, (listener, monitor), metrics, stop).await;
    let closed = database.close().await;
    outcome.and(closed)
}

async fn serve_on(
    config: &Config,
    database: &Database,
    (listener, monitor): (TcpListener, Option<TcpListener>),
    metrics: Metrics,
    stop: impl Future<Output = ()> + Clone + Send + 'static,
) -> Result<(), Failure> {
    tokio::select! {
        prepared = prepare(config, database.db.program()) => prepared?,
        () = stop.clone() => return Ok(()),
    }
    let provider = config.oidc.provider().map_err(Failure::new)?;
    let app = app(config, database, provider.clone()).await?;
    let has_graphiql = config.profile.has_graphiql();
    let graphiql = has_graphiql.then(|| Pending::spawn(database.folder.join("graphiql")));
    let stopping = Stopping::default();
    let addresses = Addresses::of(&listener, monitor.as_ref()).map_err(Failure::new)?;
    let is_open = monitor.is_some() || !config.profile.is_shared();
    let (upkeeper, supervisor) = database.keep().unzip();
    let probes = http::monitor(
        database.db.clone(),
        stopping.clone(),
        supervisor,
        // Not where everybody who reaches the API would reach them.
        is_open.then(|| render(&metrics)),
    );
    let (router, monitor) = match monitor {
        Some(listener) => (http::router(app, graphiql, None), Some((listener, probes))),
        None => (http::router(app, graphiql, Some(probes)), None),
    };
    let upkeeper = upkeeper.map(tokio::spawn);
    let tasks = housekeeping::spawn(&database.db.program(), metrics);
    let follower = provider.map(|provider| tokio::spawn(async move { provider.follow().await }));
    announce(config, &addresses);
    let delay = Duration::from_millis(config.stop_delay_ms);
    let stop = async move {
        stop.await;
        stopping.begin();
        tokio::time::sleep(delay).await;
    };
    let served = serve_both(config, (listener, router), monitor, stop).await;
    for task in tasks.into_iter().chain(follower).chain(upkeeper) {
        task.abort();
    }
    served
}

/// Serves the API until the process is told to stop, and what watches it for as long as that takes.
async fn serve_both(
    config: &Config,
    (listener, router): (TcpListener, Router),
    monitor: Option<(TcpListener, Router)>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let (ended, end) = oneshot::channel::<()>();
    let watched = monitor.map(|(listener, routes)| {
        // Nobody waits for whoever watches.
        let limits = ConnectionLimits {
            drain: Duration::ZERO,
            ..config.connections()
        };
        tokio::spawn(http::serve(
            listener,
            routes,
            async { drop(end.await) },
            limits,
        ))
    });
    let served = http::serve(listener, router, stop, config.connections()).await;
    drop(ended);
    if let Some(watched) = watched {
        let _ = watched.await;
    }
    served.map_err(Failure::new)
}

/// The application that answers requests.
async fn app(
    config: &Config,
    database: &Database,
    provider: Option<Provider>,
) -> Result<App, Failure> {
    let mut api = Api::new(database.db.clone(), config.settings());
    if let Some(folder) = &config.trusted_documents {
        trusted::trust(&mut api, folder).await?;
    }
    Ok(App {
        db: database.db.clone(),
        api,
        auth_cache: AuthCache::default(),
        token_lookups: TokenLookups::default(),
        body_limits: config.body_limits(),
        allow_get: config.allow_get,
        trusted_proxies: config.trusted_proxies.clone(),
        provider,
        browsers: config.browsers(),
    })
}

fn render(metrics: &Metrics) -> Render {
    let metrics = metrics.clone();
    Arc::new(move || metrics.render())
}

async fn listen(address: SocketAddr, variable: &str) -> Result<TcpListener, Failure> {
    let another = format!("choose another address with {variable}");
    bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Failure::new(format!(
            "{address} is in use: stop what listens there, or {another}"
        )),
        _ => Failure::new(format!("cannot listen on {address}: {error}; {another}")),
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // So that a start soon after a stop can have the port again. On Windows it would share it.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// On a database that nobody administers: in development, demo data if there are no leads, and then
/// the first administrator, last, so that a start which was cut off is made up for by the next.
async fn prepare(config: &Config, db: RequestDb) -> Result<(), Failure> {
    let policy = config.sign_in();
    if !policy.demo_accounts {
        warn_of_demo(users::count_demo(&db).await.map_err(said)?);
    }
    if users::has_admin(&db, policy).await.map_err(said)? {
        return Ok(());
    }
    if config.profile == Profile::Development {
        demo::fill_empty(&db, Utc::now())
            .await
            .map_err(Failure::new)?;
    }
    let Some((email, password)) = config.first_admin() else {
        tracing::warn!("there is no administrator yet: create one with `crm users create`");
        return Ok(());
    };
    let is_published = password == DEVELOPMENT_PASSWORD;
    if is_published && !policy.demo_accounts {
        let reason = "CRM_ADMIN_PASSWORD is the published password of development: choose another";
        return Err(Failure::new(reason));
    }
    let password = PasswordHash::of(&password).await.map_err(said)?;
    users::create_first_admin(&db, &email, password, (is_published, policy))
        .await
        .map_err(said)
}

fn warn_of_demo(accounts: i64) {
    if accounts > 0 {
        tracing::warn!(
            "{accounts} accounts of the demo are not let in, as their password is published: \
             `crm demo remove` removes the demo"
        );
    }
}

/// The addresses of the program: with port 0, what the system chose.
struct Addresses {
    api: SocketAddr,
    monitor: Option<SocketAddr>,
}

impl Addresses {
    fn of(listener: &TcpListener, monitor: Option<&TcpListener>) -> io::Result<Self> {
        Ok(Self {
            api: listener.local_addr()?,
            monitor: monitor.map(TcpListener::local_addr).transpose()?,
        })
    }
}

fn announce(config: &Config, Addresses { api, monitor }: &Addresses) {
    say("crm is ready");
    say(format!("  GraphQL   http://{api}/graphql"));
    if config.profile.has_graphiql() {
        say(format!("  GraphiQL  http://{api}/graphiql"));
    }
    if let Some(monitor) = monitor {
        say(format!("  metrics   http://{monitor}/metrics"));
    }
    if let Some((email, password)) = config.first_admin() {
        let password = match password.as_str() {
            DEVELOPMENT_PASSWORD => DEVELOPMENT_PASSWORD,
            _ => "the password of CRM_ADMIN_PASSWORD",
        };
        say(format!(
            "  sign in   {email} with {password} (unless it was changed since)"
        ));
    }
}
