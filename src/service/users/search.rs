//! Searching users by the beginnings of words, as a field does that completes a name.
//!
//! Names are compared in the form that the program gives them, which PostgreSQL does not know, and the users
//! have no column for it: they are few, and all that the actor may see are read.

use crate::service::text;
use crate::service::users::User;
use crate::service::validation::searchable;

const LONGEST: usize = 200;
const MOST_WORDS: usize = 10;

/// The words of a search, each of which must begin a word of the name, or the e-mail address. Without words
/// it matches everybody.
pub(super) struct UserSearch(Vec<Word>);

/// A word, in the forms in which names and addresses are compared.
struct Word {
    of_name: String,
    of_email: String,
}

impl UserSearch {
    /// Takes a search apart. Errors: a sentence with the fault.
    pub(super) fn of(search: &str) -> Result<Self, String> {
        searchable(search, LONGEST)?;
        let words = search.split_whitespace();
        let words = words.map(|word| Word {
            of_name: text::compared(word),
            of_email: text::email_key(word),
        });
        let words: Vec<Word> = words.filter(|word| !word.of_name.is_empty()).collect();
        if words.len() > MOST_WORDS {
            return Err(format!("must have at most {MOST_WORDS} words"));
        }
        Ok(Self(words))
    }

    /// True if it matches everybody.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if it matches this user.
    pub(super) fn matches(&self, user: &User) -> bool {
        let name = text::compared(&user.full_name);
        // Stored with its domain in letters, so that it only has to be folded.
        let email = || text::folded(&user.email);
        let mut words = self.0.iter();
        words.all(|word| begins_a_word(&name, &word.of_name) || email().starts_with(&word.of_email))
    }
}

/// True if a word of the text begins so; a hyphen or an apostrophe begins one, too.
fn begins_a_word(text: &str, start: &str) -> bool {
    let mut before = None;
    text.char_indices().any(|(at, c)| {
        let is_inside = before.replace(c).is_some_and(char::is_alphanumeric);
        !is_inside && text[at..].starts_with(start)
    })
}

#[cfg(test)]
mod tests {
    use super::begins_a_word;

    #[test]
    fn a_word_begins_behind_a_blank_a_hyphen_or_an_apostrophe() {
        for start in ["anna", "a", "nowak-k", "kow", "o'n", "neil", "neil-"] {
            assert!(
                begins_a_word("anna nowak-kowalska o'neil-x", start),
                "{start}"
            );
        }
        for start in ["nna", "owalska", "anna kowalska", "eil"] {
            assert!(
                !begins_a_word("anna nowak-kowalska o'neil-x", start),
                "{start}"
            );
        }
    }
}
