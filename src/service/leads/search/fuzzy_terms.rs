use diesel::dsl::{not, select};
use diesel::prelude::*;
use strsim::osa_distance;

use crate::db::schema::{lead_search, leads};
use crate::db::{Connection, RunQueryDsl};
use crate::service::Result;
use crate::service::leads::expression::{
    Condition, IndexCondition, both, either, near_words, words_of_name,
};
use crate::service::leads::search::{Search, Term, in_copy, looked_up, on_lead, terms};

/// The maximum number of candidates for one typed word: the nearest of thousands of similar names.
const MOST: usize = 200;

/// A search with typo correction: each term with similar words of names. It does not reveal which words
/// exist: only leads that the viewer may see are looked up by them, and the look-up takes the same
/// steps, and as long, if there are none.
pub(crate) struct FuzzyTerms(Vec<(Term, Vec<String>)>);

impl Search {
    /// True if one of its words can be a mistyped name.
    pub(crate) fn may_be_mistyped(&self) -> bool {
        terms(&self.0).iter().any(|term| name(term).is_some())
    }
}

impl FuzzyTerms {
    /// Looks the words up in the dictionary of names.
    pub(crate) async fn look_up(conn: &mut Connection, search: &Search) -> Result<Self> {
        let mut parts = Vec::new();
        for term in terms(&search.0) {
            let words = match name(&term) {
                Some(word) => words_near(conn, word).await?,
                None => Vec::new(),
            };
            parts.push((term, words));
        }
        Ok(Self(parts))
    }

    /// The leads that have each term or a name similar to it, except exact matches, which are found
    /// before. A condition on the leads.
    pub(super) fn matches(&self) -> Option<Condition> {
        let found = self.0.iter().map(|(term, words)| {
            let exact = term.condition(on_lead);
            match words.is_empty() {
                true => exact,
                false => either(exact, is_called(words)),
            }
        });
        let exact = self.0.iter().map(|(term, _)| term.condition(on_lead));
        Some(both(
            found.reduce(both)?,
            Box::new(not(exact.reduce(both)?)),
        ))
    }

    /// The same as a condition for the index of `lead_search`. Each of the names finds few leads.
    pub(super) fn in_index(&self) -> Option<IndexCondition> {
        let names = (0..self.0.len()).filter_map(|at| self.with_name(at));
        names.reduce(either)
    }

    /// The leads with a name similar to one of the terms, and with the other terms or names similar to
    /// them.
    fn with_name(&self, at: usize) -> Option<IndexCondition> {
        let (_, words) = &self.0[at];
        let others = self.0.iter().enumerate().filter(|(other, _)| *other != at);
        let others = others.map(|(_, (term, words))| {
            let exact = match term.letters() {
                3 => term.condition(looked_up),
                _ => term.condition(in_copy),
            };
            match words.is_empty() {
                true => exact,
                false => either(exact, has_name(words)),
            }
        });
        (!words.is_empty()).then(|| others.fold(has_name(words), both))
    }
}

/// The leads whose names have one of these words.
fn is_called(words: &[String]) -> Condition {
    let names = words_of_name(leads::search_text);
    Box::new(names.overlaps_with(words.to_vec()).nullable())
}

/// The same as a condition for the index.
fn has_name(words: &[String]) -> IndexCondition {
    let names = words_of_name(lead_search::text);
    Box::new(names.overlaps_with(words.to_vec()).nullable())
}

/// The word, if it can be a mistyped name: only letters, and enough of them.
fn name(term: &Term) -> Option<&str> {
    match term {
        Term::Word(word) if word.chars().count() >= 4 && word.chars().all(char::is_alphabetic) => {
            Some(word)
        }
        _ => None,
    }
}

/// The nearest words, in alphabetical order at equal distance; without any, a word that no name has, so
/// that the following steps are the same.
async fn words_near(conn: &mut Connection, typed: &str) -> Result<Vec<String>> {
    let near = select(near_words(typed.to_owned()));
    let words: Vec<String> = near.get_result(conn).await?;
    let most = if typed.chars().count() >= 6 { 2 } else { 1 };
    let words = words
        .into_iter()
        .map(|word| (osa_distance(typed, &word), word));
    let mut words: Vec<_> = words.filter(|(far, _)| (1..=most).contains(far)).collect();
    words.sort();
    words.truncate(MOST);
    if words.is_empty() {
        return Ok(vec![format!("{typed} ")]);
    }
    Ok(words.into_iter().map(|(_, word)| word).collect())
}
