use diesel::dsl::{And, Or};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use crate::service::leads::expression::{On, both, either};
use crate::service::text;

/// A term of a search, in the form in which texts are compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Word(String),
    /// Words that could be the parts of a phone number: matches all words, or one of the numbers in stored
    /// form. If it is written internationally, with `+` or `00`, only the numbers.
    Phone {
        words: Vec<String>,
        numbers: Vec<String>,
    },
}

impl Term {
    /// The number of letters that the index can look up: see [`letters`]. For a phone, all words or any of
    /// its numbers are looked up.
    pub(super) fn letters(&self) -> usize {
        match self {
            Self::Word(word) => letters(word),
            Self::Phone { words, numbers } => {
                let apart = words.iter().map(|word| letters(word)).max();
                let together = numbers.iter().map(|number| letters(number)).min();
                apart.into_iter().chain(together).min().unwrap_or_default()
            }
        }
    }

    /// The condition that the row `contains` its words.
    pub(super) fn condition<Table: 'static>(&self, contains: fn(&str) -> On<Table>) -> On<Table>
    where
        And<On<Table>, On<Table>, Nullable<Bool>>:
            BoxableExpression<Table, Pg, SqlType = Nullable<Bool>>,
        Or<On<Table>, On<Table>, Nullable<Bool>>:
            BoxableExpression<Table, Pg, SqlType = Nullable<Bool>>,
    {
        match self {
            Self::Word(word) => contains(word),
            Self::Phone { words, numbers } => {
                let apart = words.iter().map(|word| contains(word)).reduce(both);
                let together = numbers.iter().map(|number| contains(number));
                let any = together.chain(apart).reduce(either);
                any.unwrap_or_else(|| contains(""))
            }
        }
    }

    /// The number of words that were typed for it.
    pub(super) fn words(&self) -> usize {
        match self {
            Self::Word(_) => 1,
            Self::Phone { words, .. } => words.len().max(1),
        }
    }
}

pub(super) fn terms(search: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut run: Vec<String> = Vec::new();
    // RFC 3966 writes an extension after a semicolon, people after a word.
    let search = text::unicode_words(search).replace(";ext=", " ext");
    for word in search.split_whitespace() {
        let pasted = text::ascii_phone(word);
        if could_be_phone(&pasted) || (!run.is_empty() && could_be_extension(&pasted)) {
            run.push(pasted);
        } else {
            terms.extend(close(&mut run));
            terms.extend(words(word).map(Term::Word));
        }
    }
    terms.extend(close(&mut run));
    terms
}

/// Splits a typed word: without the punctuation of `Last, First`, quotation marks and angle brackets
/// around addresses, unless there is nothing else.
fn words(typed: &str) -> impl Iterator<Item = String> {
    let compared = text::compared(typed);
    let bare = compared.strip_prefix("mailto:").unwrap_or(&compared);
    let parts = bare.split([',', ';']).map(|part| {
        let part = part.trim_matches(|c| "\"'()[]{}<>:,;".contains(c));
        part.trim_end_matches('.')
            .trim_end_matches(|c| "\"')]}>".contains(c))
    });
    let mut parts: Vec<String> = parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    if parts.is_empty() && !compared.is_empty() {
        parts.push(compared);
    }
    parts.into_iter()
}

fn could_be_phone(word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || "+-./()".contains(c);
    !word.is_empty() && word.chars().all(is_part)
}

/// True for `x12`, `ext.12`, `ext` and `#12`, which can follow a number.
fn could_be_extension(word: &str) -> bool {
    let word = word.trim_matches(['(', ')']).to_lowercase();
    let marks = ["extension", "extn", "ext", "x", "#"];
    let after = marks.iter().find_map(|mark| word.strip_prefix(mark));
    after.is_some_and(|after| {
        let digits = after.trim_start_matches(['.', ':', '=']);
        digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Ends a run of words that could be a phone number. Trunk prefixes (`00` before a country, `0` or
/// `(0)` before an area) are not part of the stored number; the parser of phone numbers removes other
/// prefixes, if the run is a valid number.
fn close(run: &mut Vec<String>) -> Vec<Term> {
    let mut words: Vec<String> = std::mem::take(run);
    let whole = words.join(" ");
    let begins = words
        .iter()
        .position(|word| could_be_extension(word) && !could_be_phone(word));
    let (number, extension) = words.split_at(begins.unwrap_or(words.len()));
    let digits = |words: &[String]| {
        let text = words.concat().replace("(0)", "");
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let (digits, extension) = (digits(number), digits(extension));
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() || (words.len() == 1 && words[0] == digits) {
        return words.into_iter().map(Term::Word).collect();
    }
    let together = match extension.as_str() {
        "" => digits.to_owned(),
        extension => format!("{digits};ext={extension}"),
    };
    let mut numbers = vec![together];
    if let Ok(number) = text::phone(&whole, None) {
        let number = number.trim_start_matches('+').to_owned();
        if !numbers[0].contains(&number) && !number.contains(&numbers[0]) {
            numbers.push(number);
        }
    }
    if words[0].starts_with('+') || words[0].starts_with("00") {
        words.clear();
    }
    words
        .iter_mut()
        .for_each(|word| *word = text::compared(word));
    vec![Term::Phone { words, numbers }]
}

/// The number of letters of a word that the index can look up: three or more in a row, a pair, or
/// fewer. A letter outside ASCII makes no pair.
pub(super) fn letters(word: &str) -> usize {
    let is_sign = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric();
    let runs = word.split(is_sign).map(|run| run.chars().count());
    match runs.max().unwrap_or_default() {
        0..=2 if is_pair(word) => 2,
        0..=2 => 1,
        _ => 3,
    }
}

/// Two letters or digits: with each character of ASCII that can come next they make a trigram.
fn is_pair(word: &str) -> bool {
    word.len() == 2 && word.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{Term, letters, terms};

    fn phone(words: &[&str], numbers: &[&str]) -> Term {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Term::Phone {
            words: owned(words),
            numbers: owned(numbers),
        }
    }

    #[test]
    fn a_phone_is_found_however_it_is_written() {
        for (search, words, number) in [
            ("+48 601-234", &[][..], "48601234"),
            ("0048 601", &[], "48601"),
            ("+49 (0)30 90", &[], "493090"),
            ("601‑987‑321", &["601-987-321"], "601987321"),
            ("\u{202a}+48 601\u{202c},", &[], "48601"),
            ("tel:+48601987321", &[], "48601987321"),
            ("٦٠١ ٩٨٧", &["601", "987"], "601987"),
            ("601 987 x12", &["601", "987", "x12"], "601987;ext=12"),
            ("601 987;ext=12", &["601", "987", "ext12"], "601987;ext=12"),
            (
                "601 987 ext. 12",
                &["601", "987", "ext", "12"],
                "601987;ext=12",
            ),
        ] {
            assert_eq!(terms(search), [phone(words, &[number])], "{search}");
        }
        // The 8 is the prefix of national numbers.
        assert_eq!(
            terms("+7 8 912 345-67-89"),
            [phone(&[], &["789123456789", "79123456789"])]
        );
    }

    #[test]
    fn words_stay_words() {
        let word = |word: &str| Term::Word(word.to_owned());
        assert_eq!(terms("anna kow"), [word("anna"), word("kow")]);
        assert_eq!(terms("4711"), [word("4711")]);
        assert_eq!(
            terms("anna 47 11 b"),
            [word("anna"), phone(&["47", "11"], &["4711"]), word("b")]
        );
        assert_eq!(terms(" - "), [word("-")]);
    }

    #[test]
    fn punctuation_around_words_is_left_out() {
        for (search, words) in [
            ("Nowak-Kowalska, Anna", &["nowak-kowalska", "anna"][..]),
            ("Nowak,Anna;", &["nowak", "anna"]),
            (
                "Anna Nowak <Anna@nk.example>",
                &["anna", "nowak", "anna@nk.example"],
            ),
            ("„Anna Nowak”", &["anna", "nowak"]),
            ("(Anna) [Nowak].", &["anna", "nowak"]),
            (
                "mailto:info@xn--mnchen-3ya.example",
                &["info@munchen.example"],
            ),
            ("';", &["';"]),
            ("o'neil ltd.", &["o'neil", "ltd"]),
            ("x12", &["x12"]),
        ] {
            let words: Vec<Term> = words
                .iter()
                .map(|&word| Term::Word(word.to_owned()))
                .collect();
            assert_eq!(terms(search), words, "{search}");
        }
        assert_eq!(terms("\u{200b} \u{feff}"), []);
    }

    #[test]
    fn the_index_is_asked_for_words_that_make_trigrams() {
        for (word, expected) in [
            ("kowalski", 3),
            ("иван", 3),
            ("a.kow", 3),
            ("ko", 2),
            ("k1", 2),
            ("łk", 1),
            ("k", 1),
            ("a.b", 1),
            ("---", 1),
        ] {
            assert_eq!(letters(word), expected, "{word}");
        }
    }
}
