use diesel::dsl::{not, select};
use diesel::prelude::*;

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::Result;
use crate::service::leads::filter::Condition;
use crate::service::leads::search::distance::distance;
use crate::service::leads::search::{Plan, Search, Term, all, terms};
use crate::service::leads::sql::{near_words, search_normalize, words_of_name};

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
        let plan = match plan {
            // Either the search or a name: neither alone leads to all.
            Plan::Part(_) | Plan::Trigram(_) => Plan::Index,
            plan => plan,
        };
        let found = self.0.iter().map(|(term, words)| -> Condition {
            let exact = term.condition(plan);
            if words.is_empty() {
                return exact;
            }
            let names = words_of_name(leads::search_text);
            Box::new(exact.or(names.overlaps_with(words.clone())))
        });
        let exact = self.0.iter().map(|(term, _)| term.condition(Plan::Read));
        Some(Box::new(found.reduce(all)?.and(not(exact.reduce(all)?))))
    }
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

async fn words_near(conn: &mut Connection, word: &str) -> Result<Vec<String>> {
    let typed = || search_normalize(word.to_owned());
    let (typed, mut words): (String, Vec<String>) = select((typed(), near_words(typed())))
        .get_result(conn)
        .await?;
    let most = if typed.chars().count() >= 6 { 2 } else { 1 };
    words.retain(|word| (1..=most).contains(&distance(&typed, word)));
    Ok(words)
}
