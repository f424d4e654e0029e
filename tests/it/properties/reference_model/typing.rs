//! Typing mistakes, as the API's documentation has them.

use crm::service::leads::Lead;

use super::{called, could_be_phone, has_run, normalised};

/// True if each word is there unchanged or, if it has at least four letters and nothing else, a
/// word of the name is one mistake away from it; two from six letters on.
pub(super) fn is_near(search: &str, lead: &Lead) -> bool {
    let words: Vec<&str> = search.split_whitespace().collect();
    let mut runs = words.chunk_by(|a, b| could_be_phone(a) == could_be_phone(b));
    runs.all(|run| {
        let is_word = !could_be_phone(run[0]);
        if is_word {
            run.iter().all(|word| {
                has_run(&[word], lead) || has_near_word(word, &normalised(&called(lead)))
            })
        } else {
            has_run(run, lead)
        }
    })
}

/// True if a word of the name, which is in lower case and without accents, is near.
pub(crate) fn has_near_word(word: &str, name: &str) -> bool {
    if word.chars().count() < 4 || !word.chars().all(char::is_alphabetic) {
        return false;
    }
    let typed: Vec<char> = normalised(word).chars().collect();
    let most = if typed.len() >= 6 { 2 } else { 1 };
    let mut words = name.split([' ', '-', '\'', '.', ',']);
    words.any(|word| {
        let word: Vec<char> = word.chars().collect();
        let is_word =
            word.len() >= 3 && word.iter().all(|c| !c.is_ascii() || c.is_ascii_lowercase());
        is_word && is_within(&typed, &word, most)
    })
}

/// True if at most `most` mistakes turn one into the other: each is tried where they first differ.
fn is_within(a: &[char], b: &[char], most: usize) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    if a.is_empty() && b.is_empty() {
        return true;
    }
    let Some(rest) = most.checked_sub(1) else {
        return false;
    };
    let (shorter_a, shorter_b) = (a.get(1..), b.get(1..));
    let swapped = matches!((a, b), ([x, y, ..], [z, w, ..]) if x == w && y == z);
    shorter_a.is_some_and(|a| is_within(a, b, rest))
        || shorter_b.is_some_and(|b| is_within(a, b, rest))
        || shorter_a
            .zip(shorter_b)
            .is_some_and(|(a, b)| is_within(a, b, rest))
        || (swapped && is_within(&a[2..], &b[2..], rest))
}
