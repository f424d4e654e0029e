//! A document's text before it is parsed.
//!
//! The parser calls itself once for each bracket, so that a document which only nests would take
//! the stack and with it the process; and it is slow, so that a long text of short tokens costs
//! more than answering it would.

use crate::graphql::limits::{Excess, Limits, Measure};

/// Looks at the text. Errors: the first limit that it goes beyond.
pub(super) fn check_text(document: &str, limits: &Limits) -> Result<(), Excess> {
    Measure::DocumentBytes.check(document.len(), limits.document_bytes)?;
    let (mut count, mut depth) = (0_usize, 0_usize);
    for token in Tokens::of(document) {
        count += 1;
        Measure::Tokens.check(count, limits.tokens)?;
        match token.as_bytes() {
            [b'{' | b'[' | b'('] => depth += 1,
            [b'}' | b']' | b')'] => depth = depth.saturating_sub(1),
            [first, ..] if is_name(*first) => {
                Measure::NameBytes.check(token.len(), limits.name_bytes)?;
            }
            _ => {}
        }
        Measure::Nesting.check(depth, limits.nesting)?;
    }
    Ok(())
}

/// The document without what means nothing: white space, commas and comments.
pub(super) fn normalised(document: &str) -> String {
    let mut text = String::with_capacity(document.len());
    for token in Tokens::of(document) {
        text.push_str(token);
        text.push(' ');
    }
    text
}

/// The tokens of a document. Where the text is none, there are never fewer of them, nor fewer
/// brackets, than the parser comes to see.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// A string without an end was met: what follows is no longer taken for strings, as the parser
    /// tries other readings of a quotation mark.
    is_broken: bool,
}

impl<'a> Tokens<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            is_broken: false,
        }
    }

    fn skip_what_means_nothing(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b' ' | b',' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'#' => self.at += length_while(&bytes[self.at..], |b| b != b'\n' && b != b'\r'),
                _ if self.text[self.at..].starts_with('\u{feff}') => self.at += 3,
                _ => break,
            }
        }
    }

    /// How long the string is that begins here.
    fn string(&mut self) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let end = match (self.is_broken, rest.starts_with(b"\"\"\"")) {
            (true, _) => None,
            (false, true) => end_of_block(rest),
            (false, false) => end_of_line_string(rest),
        };
        self.is_broken |= end.is_none();
        end.unwrap_or(1)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.skip_what_means_nothing();
        let rest = &self.text[self.at..];
        let first = rest.chars().next()?;
        let length = match first {
            '"' => self.string(),
            '.' if rest.starts_with("...") => 3,
            // The parser takes what follows a leading zero for the next number.
            '0' => 1,
            _ if first.is_ascii() && is_name(first as u8) => length_while(rest.as_bytes(), is_name),
            _ => first.len_utf8(),
        };
        self.at += length;
        Some(&rest[..length])
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn length_while(bytes: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    let end = bytes.iter().position(|&byte| !is_part(byte));
    end.unwrap_or(bytes.len())
}

fn end_of_block(text: &[u8]) -> Option<usize> {
    let mut at = 3;
    while at < text.len() {
        if text[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if text[at..].starts_with(b"\"\"\"") {
            return Some(at + 3);
        } else {
            at += 1;
        }
    }
    None
}

fn end_of_line_string(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            b'\n' | b'\r' => return None,
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{check_text, normalised};
    use crate::graphql::limits::{Limits, Measure};

    fn measure(document: &str) -> Option<Measure> {
        check_text(document, &Limits::default())
            .err()
            .map(|excess| excess.measure)
    }

    #[test]
    fn what_means_nothing_is_left_out_and_strings_are_kept() {
        let document = "query A($a:Int=-1.5){\u{feff}b(c:\"x  #\\\" y\"),\n # no\r\n ...d }";
        assert_eq!(
            normalised(document),
            "query A ( $ a : Int = - 1 . 5 ) { b ( c : \"x  #\\\" y\" ) ... d } "
        );
        let block = "{a(b:\"\"\"x\n \\\"\"\" # y\"\"\")}";
        assert_eq!(
            normalised(block),
            "{ a ( b : \"\"\"x\n \\\"\"\" # y\"\"\" ) } "
        );
    }

    #[test]
    fn deep_nesting_is_refused_whichever_bracket_it_is_made_of() {
        for (open, close) in [("{a", "}"), ("[", "]"), ("{a:", "}")] {
            let nested = |depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(measure(&nested(64)), None);
            assert_eq!(measure(&nested(65)), Some(Measure::Nesting));
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_nest_unless_the_string_has_no_end() {
        let brackets = "[".repeat(100);
        assert_eq!(
            measure(&format!("{{ a(b: \"{brackets}\") }} # {brackets}")),
            None
        );
        for opening in ["\"", "\"\"\"", "[\"\"\"x\""] {
            let document = format!("{{ a(b: {opening}\n{brackets}");
            assert_eq!(measure(&document), Some(Measure::Nesting), "{opening}");
        }
    }

    #[test]
    fn long_texts_and_long_names_are_refused() {
        assert_eq!(measure(&" ".repeat(70_000)), Some(Measure::DocumentBytes));
        assert_eq!(measure(&"a ".repeat(10_001)), Some(Measure::Tokens));
        assert_eq!(measure(&"a".repeat(129)), Some(Measure::NameBytes));
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at_to_its_end(text in "[{}\\[\\]()a1.$#,:!\"\\\\\n\u{feff}é ]{0,80}") {
            check_text(&text, &Limits::default()).unwrap();
            let once = normalised(&text);
            prop_assert_eq!(text.matches(['{', '[', '(']).count() >= once.matches(['{', '[', '(']).count(), true);
        }
    }
}
