//! How a connection is had: the pool, the migrations, the embedded server.
//!
//! This room never names a lead and never reads the environment: a URL or options come in, and
//! connections come out.

pub mod embedded;
mod error;
mod migrate;
mod pool;
mod target;
mod tls;

pub use error::DbError;
pub use migrate::{migrate, pending, revert_all};
pub use pool::{Db, PoolOptions, PoolStatus, PooledConnection};

/// One connection to PostgreSQL, as every statement of the program uses it.
pub type Connection = diesel_async::AsyncPgConnection;
