//! Properties of every lead, every viewer and every order of events, checked with random data,
//! against plain in-memory models and against each other.
//!
//! `PROPTEST_CASES` raises the number of cases of each property; a case that fails is printed, with the
//! seed of the run: `PROPTEST_RNG_SEED` repeats it.

mod answers;
mod broken_loaders;
mod bulks;
mod dataset;
mod deadlines;
mod erasure;
mod feed;
mod filters;
mod histories;
mod idempotency;
mod keyset;
mod lost_clients;
pub(crate) mod other_copy;
mod permissions;
mod phones;
mod reference_model;
mod remembered;
mod sample;
mod statistics;
mod teams;
mod texts;
mod writers;
mod written;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
pub(crate) use reference_model::typing;

/// Seeds with which a property failed once, by the name of its test: they are tried at each run.
const FAILED_SEEDS: &[(&str, u64)] = &[(
    "a_walk_over_a_list_at_rest_gives_each_row_once_in_order",
    16051871537555117461,
)];

/// The seed of this run's random cases: another one at each run, or `PROPTEST_RNG_SEED`.
fn seed() -> u64 {
    static SEED: LazyLock<u64> = LazyLock::new(|| match std::env::var("PROPTEST_RNG_SEED") {
        Ok(seed) => seed.parse().expect("PROPTEST_RNG_SEED, a whole number"),
        Err(_) => RandomState::new().build_hasher().finish(),
    });
    *SEED
}

/// The source of random data that need not vary: the same at each run.
pub(crate) fn always_the_same() -> TestRunner {
    TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(20261122),
        failure_persistence: None,
        ..Config::default()
    })
}

/// Tries a property of the database with random cases. `max_shrink_iters` bounds how long a case
/// that fails is made smaller: a small one is easier to read, but each try costs time.
pub(crate) fn prove<S: Strategy, C: AsyncFn(S::Value) -> Result<(), String>>(
    default_cases: u32,
    max_shrink_iters: u32,
    strategy: S,
    check: C,
) {
    let cases = std::env::var("PROPTEST_CASES").ok();
    let cases = cases.map_or(default_cases, |cases| cases.parse().unwrap());
    let runtime = tokio::runtime::Handle::current();
    // A closure is named after the function that it stands in.
    let closure = std::any::type_name::<C>();
    let is_here = |test: &str| closure.contains(&format!("::{test}::"));
    let failed = FAILED_SEEDS.iter().filter(|(test, _)| is_here(test));
    let failed = failed.map(|(_, seed)| *seed);
    for seed in failed.chain([seed()]) {
        let config = Config {
            cases,
            max_shrink_iters,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(seed),
            ..Config::default()
        };
        let outcome = TestRunner::new(config).run(&strategy, |case| {
            let checked = tokio::task::block_in_place(|| runtime.block_on(check(case)));
            checked.map_err(TestCaseError::fail)
        });
        if let Err(error) = outcome {
            panic!("PROPTEST_RNG_SEED={seed}: {error}");
        }
    }
}

/// Compares the answer of an oracle with that of the program.
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
