//! Searching: what a search asks for, as conditions, and how its leads are found quickly.

mod bitmaps;
mod costs;
mod distance;
mod find;
mod look;
mod near;
mod statements;
mod steps;
mod terms;

use diesel::dsl::select;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;

use crate::db::schema::leads;
use crate::service::leads::filter::Condition;
use crate::service::leads::sql::{HasMatch, beyond_ascii, escaped, strpos};
use crate::service::validation::searchable;

pub(super) use find::{Found, Hunt, Stretch};
pub(super) use near::Near;
use terms::{Term, terms};

const LONGEST: usize = 200;
const MOST_WORDS: usize = 10;
/// How many parts of a search are compared with one another.
const MOST_PARTS: usize = u8::BITS as usize;

/// Any part of name, e-mail, phone or company. Several words must all match, in any order, each in
/// any of them; case and accents do not matter. Empty matches everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Search(pub String);

/// How a lead was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// It has all parts that were searched for.
    Exact,
    /// It would have them if names had not been mistyped.
    Near,
}

/// How PostgreSQL is to evaluate the condition of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// As it thinks best.
    Open,
    /// Lead by lead: no index fits the condition as it is written.
    Read,
    /// With the trigram index wherever that can be done.
    Index,
    /// With the trigram index for some of [`Search::parts`], a bit for each, and lead by lead for all
    /// else.
    Parts(u8),
    /// With the trigram index for one trigram of one part, and lead by lead for all else. Each
    /// trigram has a list in the index; those of a frequent word are long, and one tells as much as
    /// all.
    Trigram(usize),
}

impl Search {
    /// What no search can be.
    pub(crate) fn check(&self) -> Result<(), String> {
        searchable(&self.0, LONGEST)?;
        if terms(&self.0).iter().map(Term::words).sum::<usize>() > MOST_WORDS {
            return Err(format!("must have at most {MOST_WORDS} words"));
        }
        Ok(())
    }

    /// Whether there is nothing to search for.
    pub(crate) fn is_empty(&self) -> bool {
        terms(&self.0).is_empty()
    }

    /// The leads that have all parts: [`Tier::Exact`]. What counts, statistics and bulk changes are
    /// about; mistyped names are for lists, where somebody looks at what was found.
    pub(crate) fn condition(&self) -> Option<Condition> {
        self.exact(Plan::Open)
    }

    /// What an entry of the trigram index costs, in those of other indexes; nothing where the index
    /// has to be read from end to end. Two letters are looked for together with each that can come
    /// next.
    fn entry(&self) -> Option<f64> {
        let terms = terms(&self.0);
        let longest = terms.iter().map(Term::shortest).max()?;
        match longest {
            0 | 1 => None,
            2 => Some(8.0),
            _ => Some(1.0),
        }
    }

    fn exact(&self, plan: Plan) -> Option<Condition> {
        let parts: Vec<String> = match plan {
            Plan::Parts(bits) => {
                let parts = self.all_parts().into_iter().enumerate();
                let parts = parts.filter(|(at, _)| bits >> at & 1 == 1);
                parts.map(|(_, part)| part).collect()
            }
            Plan::Trigram(index) => {
                let part = self.all_parts().into_iter().nth(index);
                part.map(|part| trigram(&part)).into_iter().collect()
            }
            Plan::Open | Plan::Read | Plan::Index => {
                let terms = terms(&self.0);
                return terms.iter().map(|term| term.condition(plan)).reduce(all);
            }
        };
        let parts = parts.iter().map(|part| contains(part, Plan::Index));
        let Some(parts) = parts.reduce(all) else {
            return self.exact(Plan::Index);
        };
        let words = self.exact(Plan::Read)?;
        Some(all(parts, words))
    }

    /// The parts of the search that the trigram index could be asked for without the others. Each
    /// trigram has a list in the index, and those of `example` in `musterfrau.example` are long:
    /// the rare parts alone are found sooner than all together. None where there is no choice.
    fn parts(&self) -> Vec<String> {
        let parts = self.all_parts();
        match (parts.as_slice(), terms(&self.0).as_slice()) {
            ([part], [Term::Word(word)]) if part == word => Vec::new(),
            _ => parts,
        }
    }

    fn all_parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        for term in terms(&self.0) {
            let Term::Word(word) = term else { continue };
            let runs = word.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
            let runs = runs.filter(|run| run.chars().count() >= 3);
            parts.extend(runs.map(str::to_owned));
        }
        parts.truncate(MOST_PARTS);
        parts
    }
}

/// The word, in its compared form, is there. As a subquery of its own, so that the planner does not see
/// it: one plan serves all words.
fn contains(word: &str, plan: Plan) -> Condition {
    let has_trigrams = word.chars().count() >= 3;
    match plan {
        Plan::Open | Plan::Index if has_trigrams => {
            let pattern = format!("%{}%", escaped(word));
            let pattern = select(pattern.into_sql::<Text>()).single_value();
            Box::new(leads::search_text.nullable().like(pattern))
        }
        Plan::Index if is_pair(word) => Box::new(has_pair(word).and(reads(word))),
        Plan::Open | Plan::Read | Plan::Index | Plan::Parts(_) | Plan::Trigram(_) => reads(word),
    }
}

/// The first trigram of a part.
fn trigram(part: &str) -> String {
    part.chars().take(3).collect()
}

/// The word is there, found by reading. One or two letters make no trigram: the index would be
/// read from end to end, which costs more than looking at the leads that the other conditions
/// leave.
fn reads(word: &str) -> Condition {
    let part = select(word.to_owned().into_sql::<Text>()).single_value();
    Box::new(strpos(leads::search_text.nullable(), part).gt(0))
}

fn is_pair(word: &str) -> bool {
    word.len() == 2 && word.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

/// Two letters with what can come after them do make trigrams: a letter or digit, a sign, or the
/// end. Letters outside ASCII are too many for that, so leads that have any, which are in an index
/// of their own, are all to be looked at.
fn has_pair(word: &str) -> Condition {
    let inside = format!("{word}[\\x01-\\x7f]").into_sql::<Text>();
    let inside = HasMatch::new(leads::search_text, inside);
    let at_end = leads::search_text.like(format!("%{word}"));
    let anywhere = inside.or(at_end).or(beyond_ascii(leads::search_text));
    Box::new(anywhere.nullable())
}

fn all(left: Condition, right: Condition) -> Condition {
    Box::new(left.and(right))
}

#[cfg(test)]
mod tests {
    use super::Search;

    #[test]
    fn the_index_can_be_asked_for_each_part() {
        for (search, parts) in [
            ("musterfrau.example", &["musterfrau", "example"][..]),
            ("anna a.b@mail.example", &["anna", "mail", "example"]),
            ("musterfrau. +48 601", &["musterfrau"]),
            ("jabłoński.example anna", &["jablonski", "example", "anna"]),
            ("Москва, Иван", &["москва", "иван"]),
            (" musterfrau ", &[]),
            ("jabłoński", &[]),
            ("ko", &[]),
        ] {
            assert_eq!(Search(search.to_owned()).parts(), parts, "{search}");
        }
    }
}
