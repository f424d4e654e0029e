//! The weight of values. Each use of a variable copies its value, so that a document which often uses a
//! large one would take all memory.

use std::collections::HashMap;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Name, Value as Given, Variables};
use async_graphql_value::Value;

/// The number of bytes of a text that weigh as much as one more value.
const TEXT: usize = 32;
/// The weight of an object, in values: even an empty one is read for each field of its type.
const OBJECT: usize = 10;

/// The counts of the values in arguments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::graphql) struct Uses {
    /// The number of values, weighed.
    pub(in crate::graphql) values: usize,
    /// The number of them that are variables.
    pub(in crate::graphql) variables: usize,
}

impl Uses {
    pub(in crate::graphql) fn beside(self, other: Self) -> Self {
        Self {
            values: self.values.saturating_add(other.values),
            variables: self.variables.saturating_add(other.variables),
        }
    }
}

/// The weights of the values of variables; those that are not here weigh 1.
#[derive(Debug, Default)]
pub(in crate::graphql) struct Weights(HashMap<Name, usize>);

impl Weights {
    /// The weights of a request's variables, or of their defaults if these weigh more.
    pub(in crate::graphql) fn of_variables(
        variables: &Variables,
        document: &ExecutableDocument,
    ) -> Self {
        let mut weights = HashMap::new();
        let mut add = |name: &Name, value: &Given| {
            let known: &mut usize = weights.entry(name.clone()).or_default();
            *known = weight(value).max(*known);
        };
        for (name, value) in variables.iter() {
            add(name, value);
        }
        for (_, operation) in document.operations.iter() {
            for variable in &operation.node.variable_definitions {
                if let Some(default) = &variable.node.default_value {
                    add(&variable.node.name.node, &default.node);
                }
            }
        }
        Self(weights)
    }

    /// The largest weight of a variable.
    pub(in crate::graphql) fn largest(&self) -> usize {
        self.0.values().max().copied().unwrap_or(1)
    }

    /// The weight of a value in the document.
    pub(in crate::graphql) fn of(&self, value: &Value) -> Uses {
        let sum = |uses: Uses, value: &Value| uses.beside(self.of(value));
        let one = |values, variables| Uses { values, variables };
        match value {
            Value::Variable(name) => one(self.0.get(name).copied().unwrap_or(1), 1),
            Value::String(text) => one(1 + text.len() / TEXT, 0),
            Value::Binary(text) => one(1 + text.len() / TEXT, 0),
            Value::List(items) => items.iter().fold(one(1, 0), sum),
            Value::Object(fields) => fields.values().fold(one(OBJECT, 0), sum),
            _ => one(1, 0),
        }
    }
}

fn weight(value: &Given) -> usize {
    let sum = |sum: usize, value: &Given| sum.saturating_add(weight(value));
    match value {
        Given::String(text) => 1 + text.len() / TEXT,
        Given::Binary(text) => 1 + text.len() / TEXT,
        Given::List(items) => items.iter().fold(1, sum),
        Given::Object(fields) => {
            let names: usize = fields.keys().map(|name| name.len() / TEXT).sum();
            fields.values().fold(OBJECT + names, sum)
        }
        _ => 1,
    }
}
