use strsim::damerau_levenshtein;

use crate::graphql::prepare::validate::validator::Validator;

/// The most names that are suggested.
const MOST: usize = 5;
/// The most errors with suggestions: comparing a name with all names of the schema takes time.
const MOST_FAULTS: usize = 10;

/// A "Did you mean" sentence; empty if the client may not know the schema's names, or none is similar.
pub(super) fn suggestion<'n>(
    validator: &Validator<'_>,
    name: &str,
    known: impl FnOnce() -> Vec<&'n str>,
) -> String {
    if !validator.suggests || validator.errors.len() >= MOST_FAULTS {
        return String::new();
    }
    let furthest = name.chars().count() * 2 / 5 + 1;
    let lower = name.to_lowercase();
    let mut near: Vec<(usize, &str)> = known()
        .into_iter()
        .map(|known| (damerau_levenshtein(&lower, &known.to_lowercase()), known))
        .filter(|(distance, _)| *distance <= furthest)
        .collect();
    near.sort_unstable();
    let near: Vec<String> = near
        .iter()
        .take(MOST)
        .map(|(_, name)| format!("{name:?}"))
        .collect();
    match near.split_last() {
        None => String::new(),
        Some((only, [])) => format!(" Did you mean {only}?"),
        Some((last, others)) => format!(" Did you mean {} or {last}?", others.join(", ")),
    }
}
