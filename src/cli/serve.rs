//! `crm serve`

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chrono::Utc;
use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::cli::addresses::{Addresses, listen};
use crate::cli::database::Database;
use crate::cli::failure::{Failure, said};
use crate::cli::reload::on_hangup;
use crate::cli::stop::{end_in_time, stop_signal, time_to_stop};
use crate::cli::{file_limit, housekeeping, https, trusted};
use crate::config::{Compression, Config, Profile, removed_settings};
use crate::db::RequestDb;
use crate::demo;
use crate::graphql::Api;
use crate::http::graphiql::Pending;
use crate::http::{self, App, ConnectionLimits, Listener, Provider, Render, Stopping};
use crate::service::account_links::{FirstAdminLink, first_admin_link};
use crate::service::sessions::{AuthCache, PUBLISHED_PASSWORD, PasswordHash};
use crate::service::{TokenLookups, users};
use crate::telemetry::Metrics;

/// Serves the API until the process is told to stop.
pub async fn serve(config: &Config, metrics: Metrics) -> Result<(), Failure> {
    let time_to_stop = time_to_stop(config)?;
    if let Some(removed) = removed_settings() {
        tracing::warn!("{removed}");
    }
    file_limit::raise(config);
    config
        .profile
        .check_address(config.address.listen)
        .map_err(Failure::new)?;
    let certificate = https::certificate(&config.address)?;
    tokio::spawn(on_hangup(certificate.clone())?);
    // Before anything else is started: a port in use is the most common mistake.
    let listener = listen(config.address.listen, "CRM_LISTEN")?;
    let monitor = match config.monitor_listen {
        Some(address) => Some(listen(address, "CRM_MONITOR_LISTEN")?),
        None => None,
    };
    let addresses = Addresses::of(config, &listener, monitor.as_ref()).map_err(Failure::new)?;
    let listener = Listener::new(listener, certificate).map_err(Failure::new)?;
    let stop = stop_signal()?.boxed().shared();
    tokio::spawn(end_in_time(stop.clone(), time_to_stop));
    let database = Database::open(config).await?;
    let sockets = (listener, monitor, addresses);
    let outcome = serve_on(config, &database, sockets, metrics, stop).await;
    let closed = database.close().await;
    outcome.and(closed)
}

async fn serve_on(
    config: &Config,
    database: &Database,
    (listener, monitor, addresses): (Listener, Option<TcpListener>, Addresses),
    metrics: Metrics,
    stop: impl Future<Output = ()> + Clone + Send + 'static,
) -> Result<(), Failure> {
    let first_admin = tokio::select! {
        prepared = prepare(config, database.db.program()) => prepared?,
        () = stop.clone() => return Ok(()),
    };
    let provider = config.oidc.provider().map_err(Failure::new)?;
    let app = app(config, database, provider.clone(), &addresses).await?;
    let has_graphiql = config.profile.has_graphiql();
    let graphiql = has_graphiql.then(|| Pending::spawn(database.folder.join("graphiql")));
    let stopping = Stopping::default();
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
    addresses.announce(config, first_admin);
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
    (listener, router): (Listener, Router),
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
    addresses: &Addresses,
) -> Result<App, Failure> {
    let settings = config.settings(addresses.public_url.clone());
    let mut api = Api::new(database.db.clone(), settings);
    if let Some(folder) = &config.trusted_documents {
        trusted::trust(&mut api, folder).await?;
    }
    Ok(App {
        db: database.db.clone(),
        api,
        auth_cache: AuthCache::default(),
        token_lookups: TokenLookups::default(),
        body_limits: config.body_limits(),
        allow_get: config.allow_get(),
        compress: config.compression == Compression::Gzip,
        trusted_proxies: config.trusted_proxies.clone(),
        provider,
        browsers: config.browsers(),
        export_time: Duration::from_secs(60 * config.export_minutes),
        downloads: http::downloads(),
    })
}

fn render(metrics: &Metrics) -> Render {
    let metrics = metrics.clone();
    Arc::new(move || metrics.render())
}

/// On a database that nobody administers: in development, demo data if there are no leads, and then
/// the first administrator, last, so that a start which was cut off is made up for by the next. Returns
/// the link for the first administrator if none is named.
async fn prepare(config: &Config, db: RequestDb) -> Result<Option<FirstAdminLink>, Failure> {
    let policy = config.sign_in();
    if !policy.demo_accounts {
        warn_of_demo(users::count_demo(&db).await.map_err(said)?);
    }
    if users::has_admin(&db, policy).await.map_err(said)? {
        return Ok(None);
    }
    if config.profile == Profile::Development {
        demo::fill_empty(&db, Utc::now())
            .await
            .map_err(Failure::new)?;
    }
    if config.admin_email.is_some() != config.admin_password.is_some() && !policy.demo_accounts {
        tracing::warn!(
            "CRM_ADMIN_EMAIL and CRM_ADMIN_PASSWORD make an administrator only together"
        );
    }
    let Some((email, password)) = config.first_admin() else {
        return first_admin_link(&db, policy).await.map_err(said);
    };
    let is_published = password == PUBLISHED_PASSWORD;
    if is_published && !policy.demo_accounts {
        let reason = "CRM_ADMIN_PASSWORD is the published password of development: choose another";
        return Err(Failure::new(reason));
    }
    let password = match is_published {
        true => PasswordHash::published().await,
        false => PasswordHash::of(&password).await,
    };
    let password = password.map_err(said)?;
    users::create_first_admin(&db, &email, password, (is_published, policy))
        .await
        .map_err(said)?;
    Ok(None)
}

fn warn_of_demo(accounts: i64) {
    if accounts > 0 {
        tracing::warn!(
            "{accounts} accounts of the demo are not let in, as their password is published: \
             `crm demo remove` removes the demo"
        );
    }
}
