//! Validation of documents: the rules of the specification's fifth chapter.
//!
//! The library's own rules let a string stand for an enum value and a variable stand where its type
//! does not fit, compare only the outermost selections that must be merged, and can't be told to
//! keep the schema's names to themselves.

mod arguments;
mod fields;
mod overlap;
mod suggestion;
mod values;
mod variables;

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    DirectiveLocation, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
    Type,
};
use async_graphql::{Name, Pos, Positioned, ServerError};

use crate::graphql::prepare::schema_index::{Input, NamedType, SchemaIndex};
use crate::graphql::prepare::validate::arguments::check_directives;
use crate::graphql::prepare::validate::fields::check_selection_set;
use crate::graphql::prepare::validate::overlap::check_overlaps;
use crate::graphql::prepare::validate::suggestion::suggestion;
use crate::graphql::prepare::validate::variables::check_variables;

/// Holds a document against the schema. Returns what is wrong with it, in the order of its text;
/// with names of the schema that may have been meant, if the client may know these.
///
/// The document must be of an allowed size and have no cycle of fragments.
pub(in crate::graphql) fn validate(
    document: &ExecutableDocument,
    index: &SchemaIndex,
    suggests: bool,
) -> Vec<ServerError> {
    let mut validator = Validator {
        document,
        index,
        suggests,
        errors: Vec::new(),
        scope: Scope::default(),
    };
    let mut scopes = HashMap::new();
    for (name, fragment) in &document.fragments {
        scopes.insert(name, validator.fragment(name, fragment));
    }
    let mut spread = HashSet::new();
    for (name, operation) in document.operations.iter() {
        let scope = validator.operation(operation);
        let reached = reached(&scope, &scopes);
        check_variables(
            &mut validator,
            name,
            &operation.node,
            &scope,
            &reached,
            &scopes,
        );
        check_overlaps(&mut validator, &operation.node);
        spread.extend(reached);
    }
    for (name, fragment) in &document.fragments {
        if !spread.contains(name) {
            validator.refuse(fragment.pos, format!("Fragment \"{name}\" is never used."));
        }
    }
    let place = |error: &ServerError| error.locations.first().map(|at| (at.line, at.column));
    validator.errors.sort_by_key(place);
    validator.errors
}

struct Validator<'a> {
    document: &'a ExecutableDocument,
    index: &'a SchemaIndex,
    suggests: bool,
    errors: Vec<ServerError>,
    /// Of the definition that is being looked at.
    scope: Scope<'a>,
}

/// The variables and fragments that an operation or a fragment uses.
#[derive(Default)]
struct Scope<'a> {
    usages: Vec<Usage<'a>>,
    spreads: Vec<&'a Name>,
}

/// The use of a variable, and its position.
struct Usage<'a> {
    variable: &'a Name,
    at: Pos,
    /// Nothing where the schema says nothing of the place.
    place: Option<InputPosition<'a>>,
}

/// The schema's data on the position of a value.
#[derive(Clone, Copy)]
struct InputPosition<'a> {
    is: &'a Type,
    has_default: bool,
    /// The `@oneOf` input whose field it is.
    one_of: Option<&'a Name>,
}

impl<'a> InputPosition<'a> {
    pub(super) fn of(input: &'a Input) -> Self {
        Self {
            is: &input.is,
            has_default: input.default.is_some(),
            one_of: None,
        }
    }

    /// A place of its own: an item of a list, or a default value.
    pub(super) fn item(is: &'a Type) -> Self {
        Self {
            is,
            has_default: false,
            one_of: None,
        }
    }
}

impl<'a> Validator<'a> {
    fn refuse(&mut self, at: Pos, message: String) {
        self.errors.push(ServerError::new(message, Some(at)));
    }

    fn fragment(
        &mut self,
        name: &'a Name,
        fragment: &'a Positioned<FragmentDefinition>,
    ) -> Scope<'a> {
        let on = &fragment.node.type_condition.node.on;
        check_directives(
            self,
            &fragment.node.directives,
            DirectiveLocation::FragmentDefinition,
        );
        let object = self.condition(on, Some(name));
        check_selection_set(self, &fragment.node.selection_set.node, object);
        std::mem::take(&mut self.scope)
    }

    fn operation(&mut self, operation: &'a Positioned<OperationDefinition>) -> Scope<'a> {
        let definition = &operation.node;
        let location = match definition.ty {
            OperationType::Query => DirectiveLocation::Query,
            OperationType::Mutation => DirectiveLocation::Mutation,
            OperationType::Subscription => DirectiveLocation::Subscription,
        };
        check_directives(self, &definition.directives, location);
        let root = SchemaIndex::root(definition.ty);
        if root.is_none() {
            let message = format!(
                "The schema has no operations of the type {}.",
                definition.ty
            );
            self.refuse(operation.pos, message);
        }
        check_selection_set(self, &definition.selection_set.node, root);
        std::mem::take(&mut self.scope)
    }

    /// The type that a fragment is for, if it can have fields.
    fn condition(&mut self, on: &'a Positioned<Name>, fragment: Option<&Name>) -> Option<&'a str> {
        let (name, at) = (&on.node, on.pos);
        match self.index.named(name) {
            Some(NamedType::Object(_)) => Some(name),
            Some(_) => {
                let fragment = fragment.map_or(String::new(), |name| format!(" \"{name}\""));
                let message = format!(
                    "Fragment{fragment} cannot condition on non composite type \"{name}\"."
                );
                self.refuse(at, message);
                None
            }
            None => {
                let meant = suggestion(self, name, || self.index.type_names());
                self.refuse(at, format!("Unknown type \"{name}\".{meant}"));
                None
            }
        }
    }
}

/// The fragments that a definition spreads, by whatever way.
fn reached<'a>(scope: &Scope<'a>, scopes: &HashMap<&'a Name, Scope<'a>>) -> HashSet<&'a Name> {
    let mut reached = HashSet::new();
    let mut left = scope.spreads.clone();
    while let Some(name) = left.pop() {
        if let Some(scope) = scopes.get(name)
            && reached.insert(name)
        {
            left.extend(&scope.spreads);
        }
    }
    reached
}
