//! What must hold for every lead, every viewer and every order of events: tried with random data,
//! against plain in-memory models and against each other.
//!
//! `PROPTEST_CASES` raises the number of cases of each property; a case that fails is printed.

mod answers;
mod bulks;
mod crash_drill;
mod dataset;
mod deadlines;
mod feed;
mod filters;
mod histories;
mod idempotency;
mod keyset;
mod lost_clients;
mod naive;
mod other_copy;
mod permissions;
mod remembered;
mod restart_drill;
mod sample;
mod statistics;
mod writers;

pub(crate) use naive::typing;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Tries a property of the database with random cases. `max_shrink_iters` bounds how long a case
/// that fails is made smaller: a small one is easier to read, but each try costs time.
pub(crate) fn prove<S: Strategy>(
    default_cases: u32,
    max_shrink_iters: u32,
    strategy: S,
    check: impl AsyncFn(S::Value) -> Result<(), String>,
) {
    let cases = std::env::var("PROPTEST_CASES").ok();
    let config = Config {
        cases: cases.map_or(default_cases, |cases| cases.parse().unwrap()),
        max_shrink_iters,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Handle::current();
    let outcome = TestRunner::new(config).run(&strategy, |case| {
        let checked = tokio::task::block_in_place(|| runtime.block_on(check(case)));
        checked.map_err(TestCaseError::fail)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// What an oracle says, compared with what the program says.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    got: T,
    expected: T,
) -> Result<(), String> {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what}\n     got {got:?}\nexpected {expected:?}"))
}
