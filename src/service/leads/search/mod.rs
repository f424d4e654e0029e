//! Searching: the conditions of a search, and the steps that find a page of its leads.

mod fuzzy_terms;
mod gather;
mod index_conditions;
mod page;
mod search_index;
mod statements;
mod terms;

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use crate::db::schema::{lead_search, leads};
use crate::service::leads::expression::{
    Condition, HasMatch, IndexCondition, beyond_ascii, both, escaped, strpos,
};
use crate::service::validation::searchable;

pub(super) use fuzzy_terms::FuzzyTerms;
pub(super) use page::{LeadSearch, PageWindow};
pub(super) use search_index::{InIndex, in_index, owners, whole_in_index};
use terms::{Term, letters, terms};

const LONGEST: usize = 200;
const MOST_WORDS: usize = 10;

/// Any part of name, e-mail, phone, company or job title. Several words must all match, in any order, each in
/// any of them; case and accents do not matter. Empty matches everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Search(pub String);

impl Search {
    /// Checks the search text. Errors: a sentence with the fault.
    pub(crate) fn check(&self) -> Result<(), String> {
        searchable(&self.0, LONGEST)?;
        if terms(&self.0).iter().map(Term::words).sum::<usize>() > MOST_WORDS {
            return Err(format!("must have at most {MOST_WORDS} words"));
        }
        Ok(())
    }

    /// True if there is nothing to search for.
    pub(crate) fn is_empty(&self) -> bool {
        terms(&self.0).is_empty()
    }

    /// The condition on leads for all words: [`MatchKind::Exact`].
    pub(super) fn matches(&self) -> Option<Condition> {
        let terms = terms(&self.0);
        terms
            .iter()
            .map(|term| term.condition(on_lead))
            .reduce(both)
    }

    /// The same for the index of `lead_search`; `None` if no word can be looked up in it. Words of two
    /// letters are looked up only without longer ones: each finds many leads.
    pub(super) fn in_index(&self) -> Option<IndexCondition> {
        let terms = terms(&self.0);
        let longest = terms.iter().map(Term::letters).max()?;
        if longest < 2 {
            return None;
        }
        let conditions = terms.iter().map(|term| match term.letters() {
            letters if letters == longest => term.condition(looked_up),
            _ => term.condition(in_copy),
        });
        conditions.reduce(both)
    }
}

/// The condition that the lead contains the word.
fn on_lead(word: &str) -> Condition {
    Box::new(strpos(leads::search_text.nullable(), word.to_owned()).gt(0))
}

/// The same condition on the lead's row of `lead_search`.
fn in_copy(word: &str) -> IndexCondition {
    Box::new(strpos(lead_search::text.nullable(), word.to_owned()).gt(0))
}

/// The same condition by trigrams of the index. Of a domain only the part before the last dot is looked
/// up: the posting lists of top-level domains are long and select little.
fn looked_up(word: &str) -> IndexCondition {
    match letters(word) {
        2 => return both(has_pair(word), in_copy(word)),
        1 => return in_copy(word),
        _ => {}
    }
    let name = word.rsplit_once('.').map(|(name, _)| name);
    let name = name.filter(|name| letters(name) == 3);
    let pattern = format!("%{}%", escaped(name.unwrap_or(word)));
    let has_trigrams = Box::new(lead_search::text.like(pattern).nullable());
    match name {
        Some(_) => both(has_trigrams, in_copy(word)),
        None => has_trigrams,
    }
}

/// The condition for a word of two letters: with each possible next character (a letter, a digit, a
/// sign or the end) they make trigrams. There are too many letters outside ASCII for that, so all
/// leads that have any, which a separate index contains, are included.
fn has_pair(word: &str) -> IndexCondition {
    let inside = format!("{word}[\\x01-\\x7f]").into_sql::<Text>();
    let inside = HasMatch::new(lead_search::text, inside);
    let at_end = lead_search::text.like(format!("%{word}"));
    let anywhere = inside.or(at_end).or(beyond_ascii(lead_search::text));
    Box::new(anywhere.nullable())
}
