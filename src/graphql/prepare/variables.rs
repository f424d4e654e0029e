use std::collections::{BTreeMap, HashMap};

use async_graphql::parser::types::{BaseType, OperationDefinition, Type, VariableDefinition};
use async_graphql::{Name, Pos, Positioned, ServerError, Value};

use crate::graphql::prepare::scalars::{self, DisplayValue};
use crate::graphql::prepare::schema_index::{Input, InputObject, NamedType, SchemaIndex};

/// The most faults that are reported for the variables of one request.
const MOST_FAULTS: usize = 50;

/// The values of an operation's variables, coerced. One that was neither given nor has a default
/// is not among them.
pub(in crate::graphql) type Variables = HashMap<Name, Value>;

/// CoerceVariableValues: coerces the values of a request to the types of the variables. With
/// `suggests`, errors list the values of an enumeration.
///
/// Errors: one per invalid value, with the variable's name and the path in it.
pub(in crate::graphql) fn coerce_variables(
    operation: &OperationDefinition,
    given: &async_graphql::Variables,
    index: &SchemaIndex,
    suggests: bool,
) -> Result<Variables, Vec<ServerError>> {
    if operation.variable_definitions.is_empty() {
        return Ok(Variables::new());
    }
    let mut coerced = Variables::new();
    let mut errors = Vec::new();
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        let default = definition.node.default_value.as_ref();
        let is = &definition.node.var_type.node;
        let value = match (given.get(name).cloned(), default) {
            (Some(Value::Null), _) if !is.nullable => {
                let message =
                    format!("Variable \"${name}\" of non-null type \"{is}\" must not be null.");
                errors.push(ServerError::new(message, Some(definition.pos)));
                continue;
            }
            (Some(value), _) => {
                Coercion::new(index, suggests, definition, &mut errors).value(is, value)
            }
            // Validation has held it against its type.
            (None, Some(default)) => default.node.clone(),
            (None, None) if is.nullable => continue,
            (None, None) => {
                let message =
                    format!("Variable \"${name}\" of required type \"{is}\" was not provided.");
                errors.push(ServerError::new(message, Some(definition.pos)));
                continue;
            }
        };
        coerced.insert(name.clone(), value);
    }
    match errors.is_empty() {
        true => Ok(coerced),
        false => Err(errors),
    }
}

type Fields = BTreeMap<Name, Value>;

/// The coercion of one variable's value.
struct Coercion<'a> {
    index: &'a SchemaIndex,
    suggests: bool,
    variable: &'a Name,
    at: Pos,
    path: Vec<String>,
    errors: &'a mut Vec<ServerError>,
}

impl<'a> Coercion<'a> {
    fn new(
        index: &'a SchemaIndex,
        suggests: bool,
        definition: &'a Positioned<VariableDefinition>,
        errors: &'a mut Vec<ServerError>,
    ) -> Self {
        Self {
            index,
            suggests,
            variable: &definition.node.name.node,
            at: definition.pos,
            path: Vec::new(),
            errors,
        }
    }

    fn value(&mut self, is: &Type, value: Value) -> Value {
        match (&is.base, value) {
            (_, Value::Null) if is.nullable => Value::Null,
            (_, Value::Null) => {
                let reason = format!("Expected non-nullable type \"{is}\" not to be null.");
                self.refuse(&Value::Null, &reason)
            }
            (BaseType::List(inner), Value::List(items)) => {
                let mut coerced = Vec::with_capacity(items.len());
                for (position, item) in items.into_iter().enumerate() {
                    self.path.push(position.to_string());
                    coerced.push(self.value(inner, item));
                    self.path.pop();
                }
                Value::List(coerced)
            }
            // One value stands for a list of it.
            (BaseType::List(inner), value) => Value::List(vec![self.value(inner, value)]),
            (BaseType::Named(name), value) => self.named(name, value),
        }
    }

    fn named(&mut self, name: &Name, value: Value) -> Value {
        match self.index.named(name) {
            Some(NamedType::Enum(values)) => self.item(name, values, value),
            Some(NamedType::Input(object)) => match value {
                Value::Object(fields) => {
                    let given = fields.into_iter().collect();
                    self.object(name, object, given)
                }
                value => {
                    let reason = format!("Expected type \"{name}\" to be an object.");
                    self.refuse(&value, &reason)
                }
            },
            _ => match scalars::from_json(name, &value) {
                Ok(None) => value,
                Ok(Some(coerced)) => coerced,
                Err(reason) => self.refuse(&value, &reason),
            },
        }
    }

    fn item(&mut self, name: &Name, values: &[Name], value: Value) -> Value {
        let reason = match &value {
            Value::String(text) => match values.iter().find(|known| *known == text) {
                Some(known) => return Value::Enum(known.clone()),
                None => format!("Value \"{text}\" does not exist in \"{name}\" enum."),
            },
            _ => format!(
                "Enum \"{name}\" cannot represent non-string value: {}.",
                DisplayValue(&value)
            ),
        };
        let known = match self.suggests {
            true => {
                let values: Vec<&str> = values.iter().map(Name::as_str).collect();
                format!(" It has {}.", values.join(", "))
            }
            false => String::new(),
        };
        self.refuse(&value, &format!("{reason}{known}"))
    }

    fn object(&mut self, name: &Name, object: &InputObject, mut given: Fields) -> Value {
        if object.is_one_of {
            self.check_one_of(name, &given);
        }
        let mut coerced = Vec::with_capacity(given.len());
        for field in &object.fields {
            let Some(value) = given.remove(&field.name) else {
                self.check_absent(name, field);
                continue;
            };
            self.path.push(field.name.to_string());
            let value = self.value(&field.is, value);
            self.path.pop();
            coerced.push((field.name.clone(), value));
        }
        for unknown in given.keys() {
            let reason = format!("Field \"{unknown}\" is not defined by type \"{name}\".");
            self.refuse_object(&reason);
        }
        Value::Object(coerced.into_iter().collect())
    }

    /// A field that is left out takes its default, or is as if it were not there.
    fn check_absent(&mut self, object: &Name, field: &Input) {
        if !field.is.nullable && field.default.is_none() {
            let (name, is) = (&field.name, &field.is);
            let reason =
                format!("Field \"{object}.{name}\" of required type \"{is}\" was not provided.");
            self.refuse_object(&reason);
        }
    }

    /// Of a `@oneOf` input exactly one field is given, and not null.
    fn check_one_of(&mut self, name: &Name, given: &Fields) {
        let mut fields = given.iter();
        match (fields.next(), fields.next()) {
            (Some((field, Value::Null)), None) => {
                self.path.push(field.to_string());
                self.refuse(
                    &Value::Null,
                    &format!("Field \"{field}\" must be non-null."),
                );
                self.path.pop();
            }
            (Some(_), None) => {}
            _ => self.refuse_object(&format!(
                "Exactly one key must be specified for OneOf type \"{name}\"."
            )),
        }
    }

    fn refuse(&mut self, value: &Value, reason: &str) -> Value {
        self.fault(&DisplayValue(value).to_string(), reason);
        Value::Null
    }

    /// Refuses an object because of its fields, without printing it: the text would hide the reason.
    fn refuse_object(&mut self, reason: &str) {
        self.fault("an object", reason);
    }

    fn fault(&mut self, value: &str, reason: &str) {
        if self.errors.len() >= MOST_FAULTS {
            return;
        }
        let variable = self.variable;
        let position = match self.path.is_empty() {
            true => String::new(),
            false => format!(" at \"{variable}.{}\"", self.path.join(".")),
        };
        let message =
            format!("Variable \"${variable}\" got invalid value {value}{position}; {reason}");
        self.errors.push(ServerError::new(message, Some(self.at)));
    }
}
