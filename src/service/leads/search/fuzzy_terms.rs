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

/// The maximum number of words that one typed word may mean: of thousands of similar names the nearest.
const MOST: usize = 200;

/// A search with the words that its own may have been meant to be. It never says which words there
/// are: only leads that the viewer may see are looked up by them, and that is done in the same way,
/// and takes as long, where there are none.
pub(crate) struct FuzzyTerms(Vec<(Term, Vec<String>)>);

impl Search {
    /// True if a word of it can be a mistyped name.
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

    /// The leads that have for each part the part itself or a name near it, and not all parts
    /// themselves: those are found already. Told by the leads.
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

    /// The same for the index of `lead_search`. Neither the search alone nor a name leads to all, and
    /// each of the names does to few.
    pub(super) fn in_index(&self) -> Option<IndexCondition> {
        let names = (0..self.0.len()).filter_map(|at| self.with_name(at));
        names.reduce(either)
    }

    /// The leads that have a name near one of the parts, and the other parts or names near them.
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

/// The same, by the index.
fn has_name(words: &[String]) -> IndexCondition {
    let names = words_of_name(lead_search::text);
    Box::new(names.overlaps_with(words.to_vec()).nullable())
}

/// The word, if it can be a mistyped name: letters, and enough of them.
fn name(term: &Term) -> Option<&str> {
    match term {
        Term::Word(word) if word.chars().count() >= 4 && word.chars().all(char::is_alphabetic) => {
            Some(word)
        }
        _ => None,
    }
}

/// The nearest words, in the order of the alphabet where they are as near; without any, one that no
/// name has, so that what follows is the same.
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
