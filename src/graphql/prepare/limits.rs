use std::fmt::{self, Display, Formatter};

use async_graphql::ServerError;

/// The limits on what a request may ask for at once, as the operator decided.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The most tokens of a document: names, numbers, strings, brackets and other signs.
    pub tokens: usize,
    /// The most fields of a document, every fragment counted wherever it is spread.
    pub fields: usize,
    /// The maximum depth of fields; GraphiQL's introspection needs 15.
    pub depth: usize,
    /// The most fields with another name than their own, counted like fields.
    pub aliases: usize,
    /// The most fields of an operation itself: each is a question of its own to the database. No setting,
    /// but more for what asks of everything at once.
    pub root_fields: usize,
    /// The most that a query may cost: one for each field of the answer at its largest.
    pub cost: u64,
    /// The most bytes of an answer.
    pub answer_bytes: usize,
    /// The most errors of an answer.
    pub errors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tokens: 10_000,
            fields: 5_000,
            depth: 20,
            aliases: 100,
            root_fields: 50,
            cost: 50_000,
            answer_bytes: 16 * 1024 * 1024,
            errors: 10,
        }
    }
}

// No honest document comes near the following, whatever else is allowed: they are no settings.

/// The longest document, in bytes: it is read before anything of it is known.
pub const DOCUMENT_BYTES: usize = 64 * 1024;
/// The most brackets open at a time, levels of fields and fragments, and levels of a variable's value: what
/// reads them calls itself once for each.
pub const NESTING: usize = 64;
/// The longest name, in bytes: an alias stands in the answer once for every row.
pub const NAME_BYTES: usize = 128;
/// The most directives, counted like fields: the library keeps each by itself.
pub const DIRECTIVES: usize = 50;
/// The maximum depth of lists in a question about the schema: each level multiplies the answer.
pub const INTROSPECTION: usize = 3;
/// The most values in arguments and variables, each variable counted wherever it is used: as often is it
/// copied.
pub const VALUES: usize = 100_000;
/// The longest message of an error, in characters: some repeat what was sent.
pub const ERROR_LENGTH: usize = 300;

/// A measure that is limited, by the name that a client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Bytes of the document.
    DocumentBytes,
    /// [`Limits::tokens`]
    Tokens,
    /// Levels of nesting.
    Nesting,
    /// Bytes of one name.
    NameBytes,
    /// [`Limits::fields`]
    Fields,
    /// [`Limits::depth`]
    Depth,
    /// [`Limits::aliases`]
    Aliases,
    /// [`Limits::root_fields`]
    RootFields,
    /// Directives, fragments expanded.
    Directives,
    /// Lists one inside the other in introspection.
    Introspection,
    /// Values in arguments and variables.
    Values,
}

/// A limit that a request goes beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitExceeded {
    /// Which limit.
    pub measure: Measure,
    /// The measured value; at least that where counting ended early.
    pub found: usize,
    /// The maximum value.
    pub most: usize,
}

impl Measure {
    /// Errors: more than `most`.
    pub(in crate::graphql) fn check(self, found: usize, most: usize) -> Result<(), LimitExceeded> {
        if found <= most {
            return Ok(());
        }
        Err(LimitExceeded {
            measure: self,
            found,
            most,
        })
    }

    /// The limit's name, as the error's extensions have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DocumentBytes => "documentBytes",
            Self::Tokens => "tokens",
            Self::Nesting => "nesting",
            Self::NameBytes => "nameBytes",
            Self::Fields => "fields",
            Self::Depth => "depth",
            Self::Aliases => "aliases",
            Self::RootFields => "rootFields",
            Self::Directives => "directives",
            Self::Introspection => "introspection",
            Self::Values => "values",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::DocumentBytes => "bytes of the document",
            Self::Tokens => "tokens in the document",
            Self::Nesting => "levels of nesting",
            Self::NameBytes => "bytes in one name",
            Self::Fields => "fields, fragments expanded",
            Self::Depth => "fields one inside the other",
            Self::Aliases => "aliases, fragments expanded",
            Self::RootFields => "fields of one operation",
            Self::Directives => "directives, fragments expanded",
            Self::Introspection => "lists one inside the other in introspection",
            Self::Values => "values in arguments, variables counted wherever they are used",
        }
    }
}

impl Display for LimitExceeded {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (found, words, most) = (self.found, self.measure.words(), self.most);
        write!(out, "too large: {found} {words}, the limit is {most}")
    }
}

/// Leaves out the middle: a message begins with what is wrong and ends with what was expected.
pub(in crate::graphql) fn truncate_message(error: &mut ServerError, most: usize) {
    let message = &mut error.message;
    // Most messages are short, and then their bytes are enough to see it.
    if message.len() <= most || message.chars().count() <= most {
        return;
    }
    let tail = most / 2;
    let head = most - tail - 1;
    let start = message.char_indices().nth(head).map_or(0, |(at, _)| at);
    let end = message.char_indices().nth_back(tail.saturating_sub(1));
    let end = end.map_or(message.len(), |(at, _)| at).max(start);
    message.replace_range(start..end, "…");
}
