use async_graphql::parser::types::{ExecutableDocument, Type};
use async_graphql::{Name, Pos, ServerError};

use crate::graphql::prepare::schema_index::{Input, SchemaIndex};

/// The state of a document's validation, which the rules share.
pub(super) struct Validator<'a> {
    pub(super) document: &'a ExecutableDocument,
    pub(super) index: &'a SchemaIndex,
    pub(super) suggests: bool,
    pub(super) errors: Vec<ServerError>,
    /// Of the definition that is being looked at.
    pub(super) scope: Scope<'a>,
}

/// The variables and fragments that an operation or a fragment uses.
#[derive(Default)]
pub(super) struct Scope<'a> {
    pub(super) usages: Vec<Usage<'a>>,
    pub(super) spreads: Vec<&'a Name>,
}

/// The use of a variable, and its position.
pub(super) struct Usage<'a> {
    pub(super) variable: &'a Name,
    pub(super) at: Pos,
    /// Nothing where the schema says nothing of the position.
    pub(super) position: Option<InputPosition<'a>>,
}

/// The schema's data on the position of a value.
#[derive(Clone, Copy)]
pub(super) struct InputPosition<'a> {
    pub(super) is: &'a Type,
    pub(super) has_default: bool,
    /// The `@oneOf` input whose field it is.
    pub(super) one_of: Option<&'a Name>,
}

impl<'a> InputPosition<'a> {
    pub(super) fn of(input: &'a Input) -> Self {
        Self {
            is: &input.is,
            has_default: input.default.is_some(),
            one_of: None,
        }
    }

    /// A position of its own: an item of a list, or a default value.
    pub(super) fn item(is: &'a Type) -> Self {
        Self {
            is,
            has_default: false,
            one_of: None,
        }
    }
}

impl Validator<'_> {
    /// Adds an error.
    pub(super) fn refuse(&mut self, at: Pos, message: String) {
        self.errors.push(ServerError::new(message, Some(at)));
    }
}
