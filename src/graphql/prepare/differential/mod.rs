//! Random documents and variables, and what becomes of them here: `.ci/coercion` has graphql-js
//! judge the same ones.

#[cfg(test)]
mod generate;
#[cfg(test)]
mod values;
#[cfg(test)]
mod verdict;

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use generate::Pair;
use verdict::verdict;

/// The number of pairs that a run tries.
const PAIRS: u64 = 6_000;
/// Pairs of which one side thought otherwise once: they are always tried.
const FAILED_ONCE: &[u64] = &[
    1_795_877_306_586_549_063,
    1_795_877_306_586_549_378,
    1_795_877_306_586_549_380,
    1_795_877_306_586_549_620,
    1_795_877_306_586_549_774,
    1_795_877_306_586_550_053,
];

#[test]
fn random_pairs_of_documents_and_variables_are_written_for_graphql_js() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = match std::env::var("CRM_COERCION_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => now.as_nanos() as u64,
    };
    println!("CRM_COERCION_SEED={seed}");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tmp");
    create_dir_all(&folder).unwrap();
    let mut out = BufWriter::new(File::create(folder.join("coercion.jsonl")).unwrap());
    let fresh = (0..PAIRS).map(|number| seed.wrapping_add(number));
    let (mut valid, mut with_variables) = (0, 0);
    for seed in FAILED_ONCE.iter().copied().chain(fresh) {
        let pair = Pair::of(seed);
        let verdict = verdict(&pair);
        valid += usize::from(verdict.is_ok());
        with_variables += usize::from(pair.variables != "{}");
        let (arguments, errors) = match verdict {
            Ok(arguments) => (Some(arguments), Vec::new()),
            Err(errors) => (None, errors),
        };
        let line = json!({
            "seed": seed.to_string(),
            "query": pair.document,
            "operationName": pair.operation,
            "variables": pair.variables,
            "arguments": arguments,
            "errors": errors,
        });
        writeln!(out, "{line}").unwrap();
    }
    out.flush().unwrap();
    println!("{valid} of the pairs are valid, {with_variables} have variables");
    assert!(valid >= 1_000 && with_variables >= 1_000);
    assert!(valid <= PAIRS as usize - 1_000);
}
