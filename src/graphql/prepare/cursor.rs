use async_graphql::{Name, Pos, Positioned, ServerError};

use crate::graphql::prepare::lexer::{Kind, Token, syntax};
use crate::graphql::prepare::parser::{Parsed, Parser};

/// Goes from token to token.
impl<'a> Parser<'a> {
    /// Passes over a string in front of a definition.
    pub(super) fn description(&mut self) {
        if matches!(self.peek_kind(), Some(Kind::String | Kind::BlockString)) {
            self.next += 1;
        }
    }

    pub(super) fn name(&mut self) -> Parsed<Positioned<Name>> {
        match self.tokens.get(self.next) {
            Some(token) if token.kind == Kind::Name => {
                self.next += 1;
                Ok(Positioned::new(Name::new(token.text), token.at))
            }
            _ => Err(self.unexpected("Name")),
        }
    }

    pub(super) fn peek(&self, text: &str) -> bool {
        let token = self.tokens.get(self.next);
        token.is_some_and(|token| {
            token.text == text && matches!(token.kind, Kind::Sign | Kind::Name)
        })
    }

    pub(super) fn peek_kind(&self) -> Option<Kind> {
        self.tokens.get(self.next).map(|token| token.kind)
    }

    pub(super) fn takes(&mut self, text: &str) -> bool {
        let is_next = self.peek(text);
        self.next += usize::from(is_next);
        is_next
    }

    pub(super) fn expect(&mut self, text: &str) -> Parsed<()> {
        match self.takes(text) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("{text:?}"))),
        }
    }

    pub(super) fn token(&mut self) -> Parsed<Token<'a>> {
        let token = self.tokens.get(self.next).copied();
        self.next += 1;
        token.ok_or_else(|| syntax(self.position(), "Unexpected <EOF>."))
    }

    /// The position of the next token, or of the end of the text.
    pub(super) fn position(&self) -> Pos {
        let token = self.tokens.get(self.next);
        token.map_or(self.end, |token| token.at)
    }

    pub(super) fn unexpected(&self, wanted: &str) -> ServerError {
        let found = match self.tokens.get(self.next) {
            Some(token) => format!("{:?}", token.text),
            None => "<EOF>".to_owned(),
        };
        syntax(
            self.position(),
            format!("Expected {wanted}, found {found}."),
        )
    }
}
