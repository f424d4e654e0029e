use std::collections::HashSet;

use async_graphql::parser::types::{Directive, DirectiveLocation};
use async_graphql::{Name, Pos, Positioned};
use async_graphql_value::Value;

use crate::graphql::prepare::schema_index::Input;
use crate::graphql::prepare::validate::suggestion::suggestion;
use crate::graphql::prepare::validate::validator::{InputPosition, Validator};
use crate::graphql::prepare::validate::values::check_value;

/// The field or the directive that arguments are given to.
#[derive(Clone, Copy)]
pub(super) enum Owner<'a> {
    Field {
        object: Option<&'a str>,
        name: &'a str,
    },
    Directive {
        name: &'a str,
    },
}

impl Owner<'_> {
    fn is(self) -> String {
        match self {
            Self::Field {
                object: Some(object),
                name,
            } => format!("field \"{object}.{name}\""),
            Self::Field { object: None, name } => format!("field \"{name}\""),
            Self::Directive { name } => format!("directive \"@{name}\""),
        }
    }

    fn begins(self) -> String {
        match self {
            Self::Field { name, .. } => format!("Field \"{name}\""),
            Self::Directive { name } => format!("Directive \"@{name}\""),
        }
    }
}

/// Arguments of a field or a directive; `known` is what the schema has, if it has the field.
pub(super) fn check_arguments<'a>(
    validator: &mut Validator<'a>,
    given: &'a [(Positioned<Name>, Positioned<Value>)],
    known: Option<&'a [Input]>,
    owner: Owner<'_>,
    at: Pos,
) {
    let mut names = HashSet::new();
    for (name, value) in given {
        if !names.insert(&name.node) {
            let message = format!("There can be only one argument named \"{}\".", name.node);
            validator.refuse(name.pos, message);
        }
        let input = known.and_then(|known| known.iter().find(|input| input.name == name.node));
        if let (Some(known), None) = (known, input) {
            let known = || known.iter().map(|input| input.name.as_str()).collect();
            let meant = suggestion(validator, &name.node, known);
            let owner = owner.is();
            let message = format!("Unknown argument \"{}\" on {owner}.{meant}", name.node);
            validator.refuse(name.pos, message);
        }
        check_value(
            validator,
            &value.node,
            input.map(InputPosition::of),
            value.pos,
        );
    }
    for input in known.unwrap_or_default() {
        if input.is_required() && !names.contains(&input.name) {
            let (owner, name, is) = (owner.begins(), &input.name, &input.is);
            let message = format!(
                "{owner} argument \"{name}\" of type \"{is}\" is required, but it was not provided."
            );
            validator.refuse(at, message);
        }
    }
}

pub(super) fn check_directives<'a>(
    validator: &mut Validator<'a>,
    directives: &'a [Positioned<Directive>],
    location: DirectiveLocation,
) {
    let mut names = HashSet::new();
    for directive in directives {
        let (name, at) = (directive.node.name.node.as_str(), directive.pos);
        if !names.insert(name) {
            let message =
                format!("The directive \"@{name}\" can only be used once at this location.");
            validator.refuse(at, message);
        }
        let known = validator.index.directive(name);
        match known {
            None => validator.refuse(at, format!("Unknown directive \"@{name}\".")),
            Some(known) if !known.locations.contains(&location) => {
                validator.refuse(at, format!("Directive \"@{name}\" may not be used here."));
            }
            Some(_) => {}
        }
        let arguments = known.map(|known| &known.arguments[..]);
        check_arguments(
            validator,
            &directive.node.arguments,
            arguments,
            Owner::Directive { name },
            at,
        );
    }
}
