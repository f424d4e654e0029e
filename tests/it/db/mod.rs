//! The database layer: pool, migrations, embedded server.

mod connect;
mod embedded;
mod fairness;
mod language;
mod locale;
mod migrate;
mod migrate_leads;
mod pool;
mod recovery;
mod refusals;
mod restart;
mod setups;
