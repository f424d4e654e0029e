//! Integration tests, one binary: a file per subject, and what they share in `support`.
//!
//! Each test has a database of its own on a real PostgreSQL, and asks over HTTP, through the
//! program's router, what a client would ask.

#![expect(
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect must fail"
)]

mod add_a_field;
mod circles;
mod connections;
mod coverage;
mod db;
mod demo;
mod docs;
mod drills;
mod first_steps;
mod house;
mod lingering_close;
mod oidc;
mod operations;
mod pipeline;
mod places;
mod plans;
mod proofs;
mod stopping;
mod support;
mod telemetry;
