//! The lead-management back end: a GraphQL API over PostgreSQL.
//!
//! # Layers
//!
//! ```text
//!             main, cli, config, demo, telemetry     wire everything up; none of the four layers uses them
//!  client ->  http  ->  graphql  ->  service  ->  db  ->  PostgreSQL
//! ```
//!
//! docs/develop/architecture.md walks a request through the files.
//!
//! # Invariants
//!
//! - Every read of leads starts at [`service::leads::LeadFilter::query`], which begins with the
//!   permission predicate [`service::leads::visible_to`]; every change locks its rows, asks
//!   [`service::permission`], writes, and adds to the timeline, all in one transaction.
//! - Every change is a [`service::Command`] run by [`service::perform`]: in a task of its own, so
//!   that a client that goes away leaves it fully done or fully absent.
//! - Rows of the timeline are never changed; their positions only grow.
//! - Text of the database never reaches a client: [`service::ServiceError`] is turned into an
//!   answer in one place, `graphql::error`.

pub mod cli;
pub mod config;
pub mod db;
pub mod demo;
pub mod graphql;
pub mod http;
pub mod service;
pub mod telemetry;
