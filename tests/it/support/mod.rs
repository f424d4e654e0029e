//! What the tests share: a PostgreSQL of their own, and a fresh database for each test.

mod database;
mod home;
mod watchdog;

pub(crate) use database::TestDatabase;
pub(crate) use home::Scratch;
