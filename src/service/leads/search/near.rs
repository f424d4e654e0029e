use diesel::dsl::{not, select};
use diesel::prelude::*;

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::Result;
use crate::service::leads::filter::Condition;
use crate::service::leads::search::distance::distance;
use crate::service::leads::search::{Plan, Search, Term, all, terms};
use crate::service::leads::sql::{near_words, words_of_name};

/// A search with the words that its own may have been meant to be. It never says which words there
/// are: only leads that the viewer may see are looked up by them.
pub(crate) struct Near(Vec<(Term, Vec<String>)>);

impl Search {
    /// Whether a word of it can be a mistyped name.
    pub(crate) fn may_be_mistyped(&self) -> bool {
        terms(&self.0).iter().any(|term| name(term).is_some())
    }
}

impl Near {
    /// Looks the words up in the dictionary of names. Nothing if none is near.
    pub(crate) async fn look_up(conn: &mut Connection, search: &Search) -> Result<Option<Self>> {
        let mut parts = Vec::new();
        for term in terms(&search.0) {
            let words = match name(&term) {
                Some(word) => words_near(conn, word).await?,
                None => Vec::new(),
            };
            parts.push((term, words));
        }
        let has_any = parts.iter().any(|(_, words)| !words.is_empty());
        Ok(has_any.then_some(Self(parts)))
    }

    /// The leads that have for each part the part itself or a name near it, and not all parts
    /// themselves: those are found already.
    pub(super) fn condition(&self, plan: Plan) -> Option<Condition> {
        let found = match plan {
            Plan::Read => self.0.iter().map(|part| either(part, plan)).reduce(all)?,
            // Neither the search alone nor a name leads to all, and each of the names does to few.
            _ => {
                let names = (0..self.0.len()).filter_map(|at| self.with_name(at));
                names.reduce(|left, right| Box::new(left.or(right)))?
            }
        };
        let exact = self.0.iter().map(|(term, _)| term.condition(Plan::Read));
        Some(all(found, Box::new(not(exact.reduce(all)?))))
    }

    /// The leads that have a name near one of the parts, and the other parts or names near them.
    fn with_name(&self, at: usize) -> Option<Condition> {
        let (_, words) = &self.0[at];
        let others = self.0.iter().enumerate().filter(|(other, _)| *other != at);
        let others = others.map(|(_, part)| either(part, Plan::Index));
        (!words.is_empty()).then(|| others.fold(has_one(words), all))
    }
}

/// The leads that have a part or a name near it.
fn either((term, words): &(Term, Vec<String>), plan: Plan) -> Condition {
    let exact = term.condition(plan);
    if words.is_empty() {
        return exact;
    }
    Box::new(exact.or(has_one(words)))
}

/// The leads whose names have one of these words.
fn has_one(words: &[String]) -> Condition {
    let names = words_of_name(leads::search_text);
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

async fn words_near(conn: &mut Connection, typed: &str) -> Result<Vec<String>> {
    let near = select(near_words(typed.to_owned()));
    let mut words: Vec<String> = near.get_result(conn).await?;
    let most = if typed.chars().count() >= 6 { 2 } else { 1 };
    words.retain(|word| (1..=most).contains(&distance(typed, word)));
    Ok(words)
}
