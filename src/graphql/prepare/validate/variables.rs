use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    BaseType, DirectiveLocation, OperationDefinition, Type, VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned, Value};

use crate::graphql::prepare::schema_index::{NamedType, innermost};
use crate::graphql::prepare::validate::arguments::check_directives;
use crate::graphql::prepare::validate::suggestion::suggestion;
use crate::graphql::prepare::validate::validator::{InputPosition, Scope, Usage, Validator};
use crate::graphql::prepare::validate::values::check_value;

type Definitions<'a> = HashMap<&'a Name, &'a VariableDefinition>;

/// The variables of an operation, as it and the fragments that it reaches use them.
pub(super) fn check_variables<'a>(
    validator: &mut Validator<'a>,
    name: Option<&Name>,
    operation: &'a OperationDefinition,
    scope: &Scope<'a>,
    reached: &HashSet<&'a Name>,
    scopes: &HashMap<&'a Name, Scope<'a>>,
) {
    let mut definitions = Definitions::new();
    for definition in &operation.variable_definitions {
        let variable = &definition.node.name.node;
        if definitions.insert(variable, &definition.node).is_some() {
            let message = format!("There can be only one variable named \"${variable}\".");
            validator.refuse(definition.pos, message);
        }
        check_definition(validator, definition);
    }
    let below = reached.iter().filter_map(|fragment| scopes.get(fragment));
    let mut used = HashSet::new();
    for usage in std::iter::once(scope)
        .chain(below)
        .flat_map(|scope| &scope.usages)
    {
        used.insert(usage.variable);
        match definitions.get(usage.variable) {
            Some(definition) => check_position(validator, definition, usage),
            None => {
                let operation =
                    name.map_or(String::new(), |name| format!(" by operation \"{name}\""));
                let message = format!(
                    "Variable \"${}\" is not defined{operation}.",
                    usage.variable
                );
                validator.refuse(usage.at, message);
            }
        }
    }
    for definition in &operation.variable_definitions {
        let variable = &definition.node.name.node;
        if !used.contains(variable) {
            let operation = name.map_or(String::new(), |name| format!(" in operation \"{name}\""));
            let message = format!("Variable \"${variable}\" is never used{operation}.");
            validator.refuse(definition.pos, message);
        }
    }
}

fn check_definition<'a>(
    validator: &mut Validator<'a>,
    definition: &'a Positioned<VariableDefinition>,
) {
    let (at, definition) = (definition.pos, &definition.node);
    let (variable, is) = (&definition.name.node, &definition.var_type.node);
    check_directives(
        validator,
        &definition.directives,
        DirectiveLocation::VariableDefinition,
    );
    let named = innermost(is);
    match validator.index.named(named) {
        None => {
            let meant = suggestion(validator, named, || validator.index.type_names());
            validator.refuse(
                definition.var_type.pos,
                format!("Unknown type \"{named}\".{meant}"),
            );
        }
        Some(NamedType::Object(_)) => {
            let message = format!("Variable \"${variable}\" cannot be non-input type \"{is}\".");
            validator.refuse(definition.var_type.pos, message);
        }
        Some(_) => {
            if let Some(default) = &definition.default_value {
                check_default(validator, is, &default.node, at);
            }
        }
    }
}

fn check_default(validator: &mut Validator<'_>, is: &Type, default: &Value, at: Pos) {
    let value = default.clone().into_value();
    let mut apart = Validator {
        document: validator.document,
        index: validator.index,
        suggests: validator.suggests,
        errors: Vec::new(),
        scope: Scope::default(),
    };
    check_value(&mut apart, &value, Some(InputPosition::item(is)), at);
    validator.errors.extend(apart.errors);
}

/// VariablesInAllowedPosition.
fn check_position(
    validator: &mut Validator<'_>,
    definition: &VariableDefinition,
    usage: &Usage<'_>,
) {
    let Some(position) = usage.position else {
        return;
    };
    let (variable, is) = (usage.variable, &definition.var_type.node);
    if let Some(object) = position.one_of.filter(|_| is.nullable) {
        let message = format!(
            "Variable \"${variable}\" must be non-nullable to be used for OneOf Input Object \"{object}\"."
        );
        validator.refuse(usage.at, message);
        return;
    }
    let default = definition.default_value.as_ref().map(|value| &value.node);
    let has_default = default.is_some_and(|value| *value != Value::Null) || position.has_default;
    let fits = match is.nullable && !position.is.nullable {
        true => has_default && base_fits(&is.base, &position.is.base),
        false => fits(is, position.is),
    };
    if !fits {
        let wanted = position.is;
        let message = format!(
            "Variable \"${variable}\" of type \"{is}\" used in position expecting type \"{wanted}\"."
        );
        validator.refuse(usage.at, message);
    }
}

/// True if each value of a type is one of the position's type.
fn fits(is: &Type, position: &Type) -> bool {
    (position.nullable || !is.nullable) && base_fits(&is.base, &position.base)
}

fn base_fits(is: &BaseType, position: &BaseType) -> bool {
    match (is, position) {
        (BaseType::Named(is), BaseType::Named(position)) => is == position,
        (BaseType::List(is), BaseType::List(position)) => fits(is, position),
        _ => false,
    }
}
