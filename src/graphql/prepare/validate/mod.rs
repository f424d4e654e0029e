//! Validation of documents: the rules of the specification's fifth chapter.
//!
//! The library's own rules let a string stand for an enum value and a variable stand where its type
//! does not fit, compare only the outermost selections that must be merged, and can't be told to
//! keep the schema's names to themselves.

mod arguments;
mod fields;
mod overlap;
mod suggestion;
mod validator;
mod values;
mod variables;

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    DirectiveLocation, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
};
use async_graphql::{Name, Positioned, ServerError};

use crate::graphql::prepare::schema_index::SchemaIndex;
use crate::graphql::prepare::validate::arguments::check_directives;
use crate::graphql::prepare::validate::fields::{check_selection_set, condition};
use crate::graphql::prepare::validate::overlap::check_overlaps;
use crate::graphql::prepare::validate::validator::{Scope, Validator};
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
    for (name, definition) in &document.fragments {
        scopes.insert(name, fragment(&mut validator, name, definition));
    }
    let mut spread = HashSet::new();
    for (name, operation) in document.operations.iter() {
        let scope = self::operation(&mut validator, operation);
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
    let position = |error: &ServerError| error.locations.first().map(|at| (at.line, at.column));
    validator.errors.sort_by_key(position);
    validator.errors
}

fn fragment<'a>(
    validator: &mut Validator<'a>,
    name: &'a Name,
    fragment: &'a Positioned<FragmentDefinition>,
) -> Scope<'a> {
    let on = &fragment.node.type_condition.node.on;
    check_directives(
        validator,
        &fragment.node.directives,
        DirectiveLocation::FragmentDefinition,
    );
    let object = condition(validator, on, Some(name));
    check_selection_set(validator, &fragment.node.selection_set.node, object);
    std::mem::take(&mut validator.scope)
}

fn operation<'a>(
    validator: &mut Validator<'a>,
    operation: &'a Positioned<OperationDefinition>,
) -> Scope<'a> {
    let definition = &operation.node;
    let location = match definition.ty {
        OperationType::Query => DirectiveLocation::Query,
        OperationType::Mutation => DirectiveLocation::Mutation,
        OperationType::Subscription => DirectiveLocation::Subscription,
    };
    check_directives(validator, &definition.directives, location);
    let root = SchemaIndex::root(definition.ty);
    if root.is_none() {
        let message = format!(
            "The schema has no operations of the type {}.",
            definition.ty
        );
        validator.refuse(operation.pos, message);
    }
    check_selection_set(validator, &definition.selection_set.node, root);
    std::mem::take(&mut validator.scope)
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
