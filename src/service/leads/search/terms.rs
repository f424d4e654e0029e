use diesel::prelude::*;

use crate::service::leads::filter::Condition;
use crate::service::leads::search::{Plan, all, contains, is_pair};

/// What one stretch of a search asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Word(String),
    /// Words that could be a phone number in pieces: all of them as they stand, or the digits
    /// together, as phones are stored.
    Phone {
        words: Vec<String>,
        digits: String,
    },
}

impl Term {
    /// The fewest letters that the index is asked for; a letter outside ASCII makes no pair.
    pub(super) fn shortest(&self) -> usize {
        let letters = |word: &String| match word.chars().count() {
            2 if !is_pair(word) => 1,
            count => count,
        };
        match self {
            Self::Word(word) => letters(word),
            Self::Phone { words, digits } => {
                let apart = words.iter().map(letters).max();
                apart.unwrap_or_default().min(letters(digits))
            }
        }
    }

    pub(super) fn condition(&self, plan: Plan) -> Condition {
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

pub(super) fn terms(search: &str) -> Vec<Term> {
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
    use super::{Term, terms};

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
