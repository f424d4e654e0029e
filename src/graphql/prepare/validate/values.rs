use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Name, Pos};
use async_graphql_value::Value;

use crate::graphql::prepare::scalars::{self, Shown};
use crate::graphql::prepare::schema_index::{InputObject, NamedType};
use crate::graphql::prepare::validate::{Place, Usage, Validator};

impl<'a> Validator<'a> {
    /// ValuesOfCorrectType: a value in a document, variables left to VariablesInAllowedPosition.
    pub(super) fn value(&mut self, value: &'a Value, place: Option<Place<'a>>, at: Pos) {
        if let Value::Variable(variable) = value {
            self.scope.usages.push(Usage {
                variable,
                at,
                place,
            });
            return;
        }
        let Some(Place { is, .. }) = place else {
            self.variables_in(value, at);
            return;
        };
        match (&is.base, value) {
            (_, Value::Null) if is.nullable => {}
            (_, Value::Null) => {
                self.refuse(at, format!("Expected value of type \"{is}\", found null."));
            }
            (BaseType::List(inner), Value::List(items)) => {
                for item in items {
                    self.value(item, Some(Place::item(inner)), at);
                }
            }
            // One value stands for a list of it.
            (BaseType::List(inner), value) => self.value(value, Some(Place::item(inner)), at),
            (BaseType::Named(name), value) => self.named(name, value, at),
        }
    }

    fn named(&mut self, name: &'a Name, value: &'a Value, at: Pos) {
        match (self.index.named(name), value) {
            (Some(NamedType::Input(object)), Value::Object(fields)) => {
                self.object(name, object, fields, at);
            }
            (Some(NamedType::Input(_)), value) => {
                let message = format!("Expected value of type \"{name}\", found {}.", shown(value));
                self.refuse(at, message);
                self.variables_in(value, at);
            }
            (Some(NamedType::Enum(values)), value) => self.item(name, values, value, at),
            _ => {
                if let Err(reason) = scalars::check_literal(name, value) {
                    self.refuse(at, reason);
                }
                self.variables_in(value, at);
            }
        }
    }

    /// A value of an enumeration is a name: a string is none.
    fn item(&mut self, name: &Name, values: &[Name], value: &'a Value, at: Pos) {
        let text = match value {
            Value::Enum(item) if values.contains(item) => return,
            Value::Enum(item) => item.as_str(),
            Value::String(text) => text,
            _ => "",
        };
        let meant = self.meant(text, || values.iter().map(Name::as_str).collect());
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
        self.refuse(at, message);
        self.variables_in(value, at);
    }

    fn object(
        &mut self,
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
                let meant = self.meant(field, known);
                let message =
                    format!("Field \"{field}\" is not defined by type \"{name}\".{meant}");
                self.refuse(at, message);
            }
            let place = input.map(|input| Place {
                one_of: object.is_one_of.then_some(name),
                ..Place::of(input)
            });
            self.value(value, place, at);
        }
        for input in object.fields.iter().filter(|input| input.is_required()) {
            if !given.contains_key(&input.name) {
                let (field, is) = (&input.name, &input.is);
                let message =
                    format!("Field \"{name}.{field}\" of required type \"{is}\" was not provided.");
                self.refuse(at, message);
            }
        }
        if object.is_one_of {
            self.check_one_of(name, given, at);
        }
    }

    /// Of a `@oneOf` input exactly one field is given, and not null.
    fn check_one_of(&mut self, name: &Name, given: &IndexMap<Name, Value>, at: Pos) {
        let mut fields = given.iter();
        match (fields.next(), fields.next()) {
            (Some((field, Value::Null)), None) => {
                self.refuse(at, format!("Field \"{name}.{field}\" must be non-null."));
            }
            (Some(_), None) => {}
            _ => {
                let message =
                    format!("OneOf Input Object \"{name}\" must specify exactly one key.");
                self.refuse(at, message);
            }
        }
    }

    /// The variables in a value of which the schema says nothing.
    fn variables_in(&mut self, value: &'a Value, at: Pos) {
        match value {
            Value::Variable(variable) => {
                let place = None;
                self.scope.usages.push(Usage {
                    variable,
                    at,
                    place,
                });
            }
            Value::List(items) => items.iter().for_each(|item| self.variables_in(item, at)),
            Value::Object(fields) => fields.values().for_each(|item| self.variables_in(item, at)),
            _ => {}
        }
    }
}

impl<'a> Place<'a> {
    /// A place of its own: an item of a list, or a default value.
    pub(super) fn item(is: &'a Type) -> Self {
        Self {
            is,
            has_default: false,
            one_of: None,
        }
    }
}

fn shown(value: &Value) -> String {
    match value.clone().into_const() {
        Some(value) => Shown(&value).to_string(),
        None => "a value with variables".to_owned(),
    }
}
