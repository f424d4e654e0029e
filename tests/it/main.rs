//! Integration tests, one binary: a file per subject, and what they share in `support`.
//!
//! Each test has a database of its own on a real PostgreSQL, and asks over HTTP, through the
//! program's router, what a client would ask.

#![expect(
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect must fail"
)]

mod api;
mod architecture;
mod cli;
mod db;
mod docs;
mod drills;
mod oidc;
mod properties;
mod query_plans;
mod support;
mod telemetry;
