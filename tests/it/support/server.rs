//! A server of one test's own, for tests of the server itself.

use std::path::Path;

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use crm::db::embedded::{EmbeddedOptions, EmbeddedServer};
use crm::db::{Db, PoolOptions, PooledConnection};

/// A server as the program runs it.
pub(crate) fn durable(folder: &Path) -> EmbeddedOptions {
    EmbeddedOptions {
        data_dir: Some(folder.into()),
        fetch: true,
        ..EmbeddedOptions::default()
    }
}

/// A faster server, whose data nobody will miss.
pub(crate) fn throw_away(folder: &Path) -> EmbeddedOptions {
    EmbeddedOptions {
        durable: false,
        ..durable(folder)
    }
}

/// Starts a throw-away server and lets others in.
pub(crate) async fn start(folder: &Path) -> EmbeddedServer {
    let mut server = EmbeddedServer::start(&throw_away(folder))
        .await
        .expect("a server");
    server.ready();
    server
}

/// Runs a statement.
pub(crate) async fn run(server: &EmbeddedServer, statement: &str) {
    connect(server)
        .await
        .batch_execute(statement)
        .await
        .expect("a statement");
}

/// The value of an SQL expression of type text.
pub(crate) async fn ask(server: &EmbeddedServer, expression: &str) -> String {
    ask_on(&mut connect(server).await, expression).await
}

/// The value of an SQL expression of type text, on a given connection.
pub(crate) async fn ask_on(connection: &mut PooledConnection, expression: &str) -> String {
    let expression = diesel::dsl::sql::<Text>(expression);
    diesel::select(expression)
        .get_result(connection)
        .await
        .expect("an answer")
}

async fn connect(server: &EmbeddedServer) -> PooledConnection {
    let db = Db::connect(&server.url(), &PoolOptions::default())
        .await
        .expect("a pool")
        .program();
    db.connection().await.expect("a connection")
}
