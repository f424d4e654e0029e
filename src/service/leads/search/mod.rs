//! Searching: what a search asks for, as conditions, and how its leads are found quickly.

mod distance;
mod find;
mod near;
mod statements;

use diesel::dsl::select;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;

use crate::db::schema::leads;
use crate::service::leads::filter::Condition;
use crate::service::leads::sql::{
    HasMatch, beyond_ascii, search_normalize, search_pattern, strpos,
};
use crate::service::validation::searchable;
use crate::service::{Result, ServiceError};

pub(super) use find::{Hunt, Stretch};
pub(super) use near::Near;

const LONGEST: usize = 200;
const MOST_WORDS: usize = 10;
/// How many parts of a search are compared with one another.
const MOST_PARTS: usize = 8;

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
    /// With the trigram index for one of [`Search::parts`], and lead by lead for all else.
    Part(usize),
}

/// What one stretch of a search asks for.
#[derive(Debug, Clone, PartialEq)]
enum Term {
    Word(String),
    /// Words that could be a phone number in pieces: all of them as they stand, or the digits
    /// together, as phones are stored.
    Phone {
        words: Vec<String>,
        digits: String,
    },
}

impl Search {
    pub(crate) fn check(&self) -> Result<()> {
        searchable(&self.0, LONGEST).map_err(|fault| ServiceError::invalid("search", fault))?;
        if self.0.split_whitespace().count() > MOST_WORDS {
            let limit = format!("must have at most {MOST_WORDS} words");
            return Err(ServiceError::invalid("search", limit));
        }
        Ok(())
    }

    /// Whether there is nothing to search for.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// The leads that have all parts: [`Tier::Exact`]. What counts, statistics and bulk changes are
    /// about; mistyped names are for lists, where somebody looks at what was found.
    pub(crate) fn condition(&self) -> Option<Condition> {
        self.exact(Plan::Open)
    }

    fn exact(&self, plan: Plan) -> Option<Condition> {
        let Plan::Part(index) = plan else {
            let terms = terms(&self.0);
            return terms.iter().map(|term| term.condition(plan)).reduce(all);
        };
        let part = contains(self.parts().get(index)?, Plan::Index);
        self.exact(Plan::Read).map(|words| all(part, words))
    }

    /// The parts of the search that the trigram index could be asked for one at a time. Each
    /// trigram has a list in the index, and those of `example` in `musterfrau.example` are long:
    /// the rarest part alone is found sooner than all together. None where there is no choice.
    fn parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        for term in terms(&self.0) {
            let Term::Word(word) = term else { continue };
            // Letters outside ASCII may be compared as others, or as several: not to be parted.
            let runs = word.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
            let runs = runs.filter(|run| word.is_ascii() || run.len() == word.len());
            let runs = runs.filter(|run| run.chars().count() >= 3);
            parts.extend(runs.map(str::to_owned));
        }
        parts.truncate(MOST_PARTS);
        match parts.as_slice() {
            [whole] if *whole == self.0.trim() => Vec::new(),
            _ => parts,
        }
    }
}

impl Term {
    fn condition(&self, plan: Plan) -> Condition {
        match self {
            Self::Word(word) => contains(word, plan),
            Self::Phone { words, digits } => {
                let apart = words.iter().map(|word| contains(word, plan)).reduce(all);
                let together = contains(digits, plan);
                match apart {
                    None => together,
                    Some(apart) => Box::new(together.or(apart)),
                }
            }
        }
    }
}

/// What the word is compared as is worked out once for a statement, as a subquery of its own, and
/// not again for each lead.
fn contains(word: &str, plan: Plan) -> Condition {
    let has_trigrams = word.chars().count() >= 3;
    match plan {
        Plan::Open | Plan::Index if has_trigrams => {
            let pattern = select(search_pattern(word.to_owned())).single_value();
            Box::new(leads::search_text.nullable().like(pattern))
        }
        Plan::Index if is_pair(word) => Box::new(has_pair(word).and(reads(word))),
        Plan::Open | Plan::Read | Plan::Index | Plan::Part(_) => reads(word),
    }
}

/// The word is there, found by reading. One or two letters make no trigram: the index would be
/// read from end to end, which costs more than looking at the leads that the other conditions
/// leave.
fn reads(word: &str) -> Condition {
    let part = select(search_normalize(word.to_owned())).single_value();
    Box::new(strpos(leads::search_text.nullable(), part).gt(0))
}

fn is_pair(word: &str) -> bool {
    word.len() == 2 && word.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

/// Two letters with what can come after them do make trigrams: a letter or digit, a sign, or the
/// end. Letters outside ASCII are too many for that, so leads that have any, which are in an index
/// of their own, are all to be looked at.
fn has_pair(word: &str) -> Condition {
    let pair = word.to_ascii_lowercase();
    let inside = format!("{pair}[\\x01-\\x7f]").into_sql::<Text>();
    let inside = HasMatch::new(leads::search_text, inside);
    let at_end = leads::search_text.like(format!("%{pair}"));
    let anywhere = inside.or(at_end).or(beyond_ascii(leads::search_text));
    Box::new(anywhere.nullable())
}

fn all(left: Condition, right: Condition) -> Condition {
    Box::new(left.and(right))
}

fn terms(search: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    for word in search.split_whitespace() {
        if could_be_phone(word) {
            run.push(word);
        } else {
            terms.extend(close(&mut run));
            terms.push(Term::Word(word.to_owned()));
        }
    }
    terms.extend(close(&mut run));
    terms
}

fn could_be_phone(word: &str) -> bool {
    word.chars()
        .all(|c| c.is_ascii_digit() || "+-./()".contains(c))
}

/// Ends a run of words that could be a phone number. The zeros that a number is dialled with,
/// `00` before a country, `0` or `(0)` before an area, are not part of it as stored.
fn close(run: &mut Vec<&str>) -> Vec<Term> {
    let words: Vec<String> = run.drain(..).map(str::to_owned).collect();
    let digits: String = words
        .concat()
        .replace("(0)", "")
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() || (words.len() == 1 && words[0] == digits) {
        return words.into_iter().map(Term::Word).collect();
    }
    vec![Term::Phone {
        digits: digits.to_owned(),
        words,
    }]
}

#[cfg(test)]
mod tests {
    use super::{Search, Term, terms};

    fn phone(words: &[&str], digits: &str) -> Term {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        Term::Phone {
            words,
            digits: digits.to_owned(),
        }
    }

    #[test]
    fn a_phone_is_found_however_it_is_written() {
        assert_eq!(
            terms("+48 601-234"),
            [phone(&["+48", "601-234"], "48601234")]
        );
        assert_eq!(terms("0048 601"), [phone(&["0048", "601"], "48601")]);
        assert_eq!(
            terms("+49 (0)30 90"),
            [phone(&["+49", "(0)30", "90"], "493090")]
        );
    }

    #[test]
    fn the_index_can_be_asked_for_each_part() {
        for (search, parts) in [
            ("musterfrau.example", &["musterfrau", "example"][..]),
            ("anna a.b@mail.example", &["anna", "mail", "example"]),
            ("musterfrau. +48 601", &["musterfrau"]),
            ("jabłoński.example anna", &["anna"]),
            (" musterfrau ", &[]),
            ("jabłoński", &[]),
            ("ko", &[]),
        ] {
            assert_eq!(Search(search.to_owned()).parts(), parts, "{search}");
        }
    }

    #[test]
    fn words_stay_words() {
        let word = |word: &str| Term::Word(word.to_owned());
        assert_eq!(terms("anna kow"), [word("anna"), word("kow")]);
        assert_eq!(terms("4711"), [word("4711")]);
        assert_eq!(
            terms("anna 47 11 b"),
            [word("anna"), phone(&["47", "11"], "4711"), word("b")]
        );
        assert_eq!(terms(" - "), [word("-")]);
    }
}
