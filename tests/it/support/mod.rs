//! The support of the tests: their own PostgreSQL, and a fresh database for each test.

mod api;
mod database;
mod faults;
mod home;
mod own_server;
pub(crate) mod program;
mod server;
mod watchdog;

pub(crate) use api::{Api, ApiOptions, PASSWORD, PUBLIC_URL, SignedIn, lasting};
pub(crate) use database::TestDatabase;
pub(crate) use faults::Faults;
pub(crate) use home::Scratch;
pub(crate) use own_server::{OwnServer, SetUp, free_port};
pub(crate) use server::{ask, ask_on, durable, run, start, throw_away};
