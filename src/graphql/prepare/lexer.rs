//! The lexer: a document's text as tokens of the specification.
//!
//! The limits of the text are checked here: the parser is recursive, so that a deeply nested document
//! would overflow the stack and end the process.

use async_graphql::{Pos, ServerError};

use crate::graphql::prepare::limits::{self, LimitExceeded, Limits, Measure};

/// A token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) at: Pos,
}

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bracket or another sign: `...` too.
    Sign,
    Name,
    Int,
    Float,
    String,
    BlockString,
}

/// The error of a text that is not a document.
#[derive(Debug)]
pub(in crate::graphql) enum Unreadable {
    LimitExceeded(LimitExceeded),
    Syntax(ServerError),
}

/// Splits a text into tokens, and returns the position of its end. Errors: the first limit that it
/// exceeds, or an invalid token.
pub(super) fn tokens<'a>(
    text: &'a str,
    limits: &Limits,
) -> Result<(Vec<Token<'a>>, Pos), Unreadable> {
    let length = Measure::DocumentBytes.check(text.len(), limits::DOCUMENT_BYTES);
    length.map_err(Unreadable::LimitExceeded)?;
    let (mut tokens, mut depth) = (Vec::new(), 0_usize);
    let mut lexer = Lexer::of(text);
    while let Some(token) = lexer.next().map_err(Unreadable::Syntax)? {
        tokens.push(token);
        match token.text {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let name = match token.kind {
            Kind::Name => token.text.len(),
            _ => 0,
        };
        Measure::Tokens
            .check(tokens.len(), limits.tokens)
            .and_then(|()| Measure::Nesting.check(depth, limits::NESTING))
            .and_then(|()| Measure::NameBytes.check(name, limits::NAME_BYTES))
            .map_err(Unreadable::LimitExceeded)?;
    }
    Ok((tokens, lexer.at))
}

/// The document without insignificant characters: white space, commas and comments. A text that is not
/// a document stays as it is.
pub(in crate::graphql) fn normalised(document: &str) -> String {
    let mut text = String::with_capacity(document.len());
    let mut lexer = Lexer::of(document);
    loop {
        match lexer.next() {
            Ok(Some(token)) => {
                text.push_str(token.text);
                text.push(' ');
            }
            Ok(None) => return text,
            Err(_) => return document.to_owned(),
        }
    }
}

/// A fault of a document's text.
pub(super) fn syntax(at: Pos, message: impl AsRef<str>) -> ServerError {
    ServerError::new(format!("Syntax Error: {}", message.as_ref()), Some(at))
}

struct Lexer<'a> {
    text: &'a str,
    offset: usize,
    /// The position of `offset`.
    at: Pos,
}

impl<'a> Lexer<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            at: Pos { line: 1, column: 1 },
        }
    }

    fn next(&mut self) -> Result<Option<Token<'a>>, ServerError> {
        self.skip_what_means_nothing();
        let rest = &self.text[self.offset..];
        let Some(first) = rest.chars().next() else {
            return Ok(None);
        };
        let (kind, length) = match first {
            '!' | '$' | '&' | '(' | ')' | ':' | '=' | '@' | '[' | ']' | '{' | '|' | '}' => {
                (Kind::Sign, 1)
            }
            '.' if rest.starts_with("...") => (Kind::Sign, 3),
            '"' if rest.starts_with("\"\"\"") => (Kind::BlockString, self.block_string(rest)?),
            '"' => (Kind::String, self.string(rest)?),
            '-' | '0'..='9' => self.number(rest)?,
            'a'..='z' | 'A'..='Z' | '_' => (Kind::Name, length_while(rest, is_name)),
            other => {
                let message = format!("Unexpected character: {other:?}.");
                return Err(syntax(self.at, message));
            }
        };
        let token = Token {
            kind,
            text: &rest[..length],
            at: self.at,
        };
        self.advance(length);
        Ok(Some(token))
    }

    fn advance(&mut self, length: usize) {
        let passed = &self.text[self.offset..self.offset + length];
        let mut characters = passed.chars().peekable();
        while let Some(character) = characters.next() {
            // A carriage return before a line feed is part of it.
            let ends_line =
                character == '\n' || character == '\r' && characters.peek() != Some(&'\n');
            if ends_line {
                self.at.line += 1;
                self.at.column = 1;
            } else {
                self.at.column += 1;
            }
        }
        self.offset += length;
    }

    fn skip_what_means_nothing(&mut self) {
        loop {
            let rest = &self.text[self.offset..];
            let length = match rest.chars().next() {
                Some('\r') if rest.starts_with("\r\n") => 2,
                Some(character @ (' ' | ',' | '\t' | '\n' | '\r' | '\u{feff}')) => {
                    character.len_utf8()
                }
                Some('#') => length_while(rest, |byte| byte != b'\n' && byte != b'\r'),
                _ => return,
            };
            self.advance(length);
        }
    }

    /// A number, and nothing that would go on with it.
    fn number(&self, rest: &str) -> Result<(Kind, usize), ServerError> {
        let digits = |from: usize| {
            let count = length_while(&rest[from..], |byte| byte.is_ascii_digit());
            match count {
                0 => Err(syntax(self.at, "Invalid number, expected digit.")),
                count => Ok(from + count),
            }
        };
        let starts =
            |at: usize, with: &[u8]| rest.as_bytes().get(at).is_some_and(|b| with.contains(b));
        let sign = usize::from(rest.starts_with('-'));
        let mut end = match starts(sign, b"0") {
            true => sign + 1,
            false => digits(sign)?,
        };
        let mut kind = Kind::Int;
        if starts(end, b".") {
            kind = Kind::Float;
            end = digits(end + 1)?;
        }
        if starts(end, b"eE") {
            kind = Kind::Float;
            let sign = usize::from(starts(end + 1, b"+-"));
            end = digits(end + 1 + sign)?;
        }
        match rest.as_bytes().get(end) {
            Some(&next) if is_name(next) || next == b'.' => {
                Err(syntax(self.at, "Invalid number, expected digit."))
            }
            _ => Ok((kind, end)),
        }
    }

    fn string(&self, text: &str) -> Result<usize, ServerError> {
        let bytes = text.as_bytes();
        let mut at = 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => return Ok(at + 1),
                b'\n' | b'\r' => break,
                b'\\' if !matches!(bytes.get(at + 1), Some(b'\n' | b'\r')) => at += 2,
                _ => at += 1,
            }
        }
        Err(syntax(self.at, "Unterminated string."))
    }

    fn block_string(&self, text: &str) -> Result<usize, ServerError> {
        let mut at = 3;
        while at < text.len() {
            let rest = &text.as_bytes()[at..];
            if rest.starts_with(b"\\\"\"\"") {
                at += 4;
            } else if rest.starts_with(b"\"\"\"") {
                return Ok(at + 3);
            } else {
                at += 1;
            }
        }
        Err(syntax(self.at, "Unterminated string."))
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn length_while(text: &str, is_part: impl Fn(u8) -> bool) -> usize {
    let end = text.bytes().position(|byte| !is_part(byte));
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Unreadable, normalised, tokens};
    use crate::graphql::prepare::limits::{Limits, Measure};

    fn measure(document: &str) -> Option<Measure> {
        match tokens(document, &Limits::default()) {
            Err(Unreadable::LimitExceeded(excess)) => Some(excess.measure),
            _ => None,
        }
    }

    #[test]
    fn what_means_nothing_is_left_out_and_strings_are_kept() {
        let document = "query A($a:Int=-1.5){\u{feff}b(c:\"x  #\\\" y\"),\n # no\r\n ...d }";
        assert_eq!(
            normalised(document),
            "query A ( $ a : Int = -1.5 ) { b ( c : \"x  #\\\" y\" ) ... d } "
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
    fn long_texts_and_long_names_are_refused() {
        assert_eq!(measure(&" ".repeat(70_000)), Some(Measure::DocumentBytes));
        assert_eq!(measure(&"a ".repeat(10_001)), Some(Measure::Tokens));
        assert_eq!(measure(&"a".repeat(129)), Some(Measure::NameBytes));
    }

    #[test]
    fn a_token_has_its_place_whatever_ends_the_lines() {
        let text = "{\r\n é\n";
        let error = match tokens(text, &Limits::default()) {
            Err(Unreadable::Syntax(error)) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!((error.locations[0].line, error.locations[0].column), (2, 2));
        let places: Vec<_> = tokens("a\rb\n\n  c \"ü\" d", &Limits::default())
            .unwrap()
            .0
            .into_iter()
            .map(|token| (token.at.line, token.at.column))
            .collect();
        assert_eq!(places, [(1, 1), (2, 1), (4, 3), (4, 5), (4, 9)]);
    }

    #[test]
    fn numbers_are_cut_as_the_specification_has_them() {
        for number in ["0", "-0", "12", "0.5", "1e5", "-1.5E-10"] {
            assert_eq!(
                tokens(number, &Limits::default()).unwrap().0.len(),
                1,
                "{number}"
            );
        }
        for wrong in ["01", "1.", ".5", "1e", "-", "0x1", "1_0", "1.2.3", "+1"] {
            assert!(tokens(wrong, &Limits::default()).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at_to_its_end(text in "[{}\\[\\]()a1.$#,:!\"\\\\\n\u{feff}é -]{0,80}") {
            if let Ok((found, _)) = tokens(&text, &Limits::default()) {
                let once = normalised(&text);
                prop_assert_eq!(tokens(&once, &Limits::default()).unwrap().0.len(), found.len());
            }
        }
    }
}
