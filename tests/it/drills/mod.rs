//! Drills: attempts to hurt a running service, each with the figure that it must keep.
//!
//! A drill that takes a few seconds runs with all tests. A longer one is ignored there; all of them:
//! `cargo test --test it drills -- --include-ignored --test-threads 1 --nocapture`. Most of them start
//! the program that `CRM_TEST_PROGRAM` names, if it does: `target/release/crm` for figures.

mod aftermath;
mod answers;
mod connections;
mod crash_drill;
mod frozen;
mod killed_starts;
mod own_postgresql;
mod pool_share;
mod restart_drill;
mod rolling_restart;
mod sign_in;
mod tokens;
