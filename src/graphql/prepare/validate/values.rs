use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::BaseType;
use async_graphql::{Name, Pos};
use async_graphql_value::Value;

use crate::graphql::prepare::scalars::{self, DisplayValue};
use crate::graphql::prepare::schema_index::{InputObject, NamedType};
use crate::graphql::prepare::validate::suggestion::suggestion;
use crate::graphql::prepare::validate::validator::{InputPosition, Usage, Validator};

/// ValuesOfCorrectType: a value in a document, variables left to VariablesInAllowedPosition.
pub(super) fn check_value<'a>(
    validator: &mut Validator<'a>,
    value: &'a Value,
    position: Option<InputPosition<'a>>,
    at: Pos,
) {
    if let Value::Variable(variable) = value {
        validator.scope.usages.push(Usage {
            variable,
            at,
            position,
        });
        return;
    }
    let Some(InputPosition { is, .. }) = position else {
        variables_in(validator, value, at);
        return;
    };
    match (&is.base, value) {
        (_, Value::Null) if is.nullable => {}
        (_, Value::Null) => {
            validator.refuse(at, format!("Expected value of type \"{is}\", found null."));
        }
        (BaseType::List(inner), Value::List(items)) => {
            for item in items {
                check_value(validator, item, Some(InputPosition::item(inner)), at);
            }
        }
        // One value stands for a list of it.
        (BaseType::List(inner), value) => {
            check_value(validator, value, Some(InputPosition::item(inner)), at)
        }
        (BaseType::Named(name), value) => check_named_value(validator, name, value, at),
    }
}

fn check_named_value<'a>(validator: &mut Validator<'a>, name: &'a Name, value: &'a Value, at: Pos) {
    match (validator.index.named(name), value) {
        (Some(NamedType::Input(object)), Value::Object(fields)) => {
            check_input_object(validator, name, object, fields, at);
        }
        (Some(NamedType::Input(_)), value) => {
            let message = format!("Expected value of type \"{name}\", found {}.", shown(value));
            validator.refuse(at, message);
            variables_in(validator, value, at);
        }
        (Some(NamedType::Enum(values)), value) => {
            check_enum_value(validator, name, values, value, at)
        }
        _ => {
            if let Err(reason) = scalars::check_literal(name, value) {
                validator.refuse(at, reason);
            }
            variables_in(validator, value, at);
        }
    }
}

/// A value of an enumeration is a name: a string is none.
fn check_enum_value<'a>(
    validator: &mut Validator<'a>,
    name: &Name,
    values: &[Name],
    value: &'a Value,
    at: Pos,
) {
    let text = match value {
        Value::Enum(item) if values.contains(item) => return,
        Value::Enum(item) => item.as_str(),
        Value::String(text) => text,
        _ => "",
    };
    let meant = suggestion(validator, text, || {
        values.iter().map(Name::as_str).collect()
    });
    let meant = meant
        .replace("Did you mean", "Did you mean the enum value")
        .replace('"', "");
    let message = match value {
        Value::Enum(item) => {
            format!("Value \"{item}\" does not exist in \"{name}\" enum.{meant}")
        }
        value => {
            let value = shown(value);
            format!("Enum \"{name}\" cannot represent non-enum value: {value}.{meant}")
        }
    };
    validator.refuse(at, message);
    variables_in(validator, value, at);
}

fn check_input_object<'a>(
    validator: &mut Validator<'a>,
    name: &'a Name,
    object: &'a InputObject,
    given: &'a IndexMap<Name, Value>,
    at: Pos,
) {
    for (field, value) in given {
        let input = object.fields.iter().find(|input| input.name == *field);
        if input.is_none() {
            let known = || {
                object
                    .fields
                    .iter()
                    .map(|input| input.name.as_str())
                    .collect()
            };
            let meant = suggestion(validator, field, known);
            let message = format!("Field \"{field}\" is not defined by type \"{name}\".{meant}");
            validator.refuse(at, message);
        }
        let position = input.map(|input| InputPosition {
            one_of: object.is_one_of.then_some(name),
            ..InputPosition::of(input)
        });
        check_value(validator, value, position, at);
    }
    for input in object.fields.iter().filter(|input| input.is_required()) {
        if !given.contains_key(&input.name) {
            let (field, is) = (&input.name, &input.is);
            let message =
                format!("Field \"{name}.{field}\" of required type \"{is}\" was not provided.");
            validator.refuse(at, message);
        }
    }
    if object.is_one_of {
        check_one_of(validator, name, given, at);
    }
}

/// Of a `@oneOf` input exactly one field is given, and not null.
fn check_one_of(
    validator: &mut Validator<'_>,
    name: &Name,
    given: &IndexMap<Name, Value>,
    at: Pos,
) {
    let mut fields = given.iter();
    match (fields.next(), fields.next()) {
        (Some((field, Value::Null)), None) => {
            validator.refuse(at, format!("Field \"{name}.{field}\" must be non-null."));
        }
        (Some(_), None) => {}
        _ => {
            let message = format!("OneOf Input Object \"{name}\" must specify exactly one key.");
            validator.refuse(at, message);
        }
    }
}

/// The variables in a value of which the schema says nothing.
fn variables_in<'a>(validator: &mut Validator<'a>, value: &'a Value, at: Pos) {
    match value {
        Value::Variable(variable) => {
            let position = None;
            validator.scope.usages.push(Usage {
                variable,
                at,
                position,
            });
        }
        Value::List(items) => items
            .iter()
            .for_each(|item| variables_in(validator, item, at)),
        Value::Object(fields) => fields
            .values()
            .for_each(|item| variables_in(validator, item, at)),
        _ => {}
    }
}

fn shown(value: &Value) -> String {
    match value.clone().into_const() {
        Some(value) => DisplayValue(&value).to_string(),
        None => "a value with variables".to_owned(),
    }
}
