use async_graphql::parser::types::{BaseType, Type};

use super::generate::{Generator, Variable};
use crate::graphql::prepare::schema_index::{Input, NamedType};
use crate::graphql::schema::index;

/// Values of all types, in documents and in JSON.
impl Generator {
    /// A value in the document: a variable, or written out.
    pub(super) fn value(&mut self, is: &Type, has_default: bool, depth: usize) -> String {
        if self.in_hundred(30) {
            return self.variable(is, has_default);
        }
        if is.nullable && self.in_hundred(8) || self.fails() {
            return "null".to_owned();
        }
        match &is.base {
            BaseType::List(inner) if self.in_hundred(20) => {
                self.value(&not_null(inner), false, depth)
            }
            BaseType::List(inner) => {
                let count = self.below(3);
                let items: Vec<_> = (0..count)
                    .map(|_| self.value(inner, false, depth))
                    .collect();
                format!("[{}]", items.join(", "))
            }
            BaseType::Named(name) => self.named(name, depth),
        }
    }

    fn named(&mut self, name: &str, depth: usize) -> String {
        match index().named(name) {
            _ if self.fails() => self
                .one(&[
                    "1", "1.0", "\"a\"", "true", "A", "[]", "{}", "{a: 1}", "[1]",
                ])
                .to_owned(),
            Some(NamedType::Enum(values)) => {
                let value = &values[self.below(values.len())];
                if self.fails() {
                    format!("\"{value}\"")
                } else {
                    value.to_string()
                }
            }
            Some(NamedType::Input(object)) => {
                let fields = if object.is_one_of {
                    let field = &object.fields[self.below(object.fields.len())];
                    vec![format!(
                        "{}: {}",
                        field.name,
                        self.value(&not_null(&field.is), false, depth + 1)
                    )]
                } else if depth >= 4 {
                    let required: Vec<&Input> =
                        object.fields.iter().filter(|f| f.is_required()).collect();
                    let mut fields = Vec::new();
                    for field in required {
                        fields.push(format!(
                            "{}: {}",
                            field.name,
                            self.value(&field.is, false, depth + 1)
                        ));
                    }
                    fields
                } else {
                    self.inputs(&object.fields, depth + 1)
                };
                format!("{{{}}}", fields.join(", "))
            }
            _ => self.one(literals(name)).to_owned(),
        }
    }

    /// A variable that fits the place, or nearly.
    fn variable(&mut self, is: &Type, has_default: bool) -> String {
        let fitting = self
            .variables
            .iter()
            .position(|variable| variable.is == *is);
        if let Some(place) = fitting.filter(|_| self.below(2) == 0) {
            return format!("${}", self.variables[place].name);
        }
        let mut own = is.clone();
        own.nullable = match self.below(4) {
            0 => false,
            1 => true,
            _ => is.nullable,
        };
        if self.fails() {
            own = Type {
                base: BaseType::List(Box::new(own)),
                nullable: true,
            };
        }
        let wants_default = own.nullable && !is.nullable && !has_default && !self.fails();
        let default = (wants_default || self.in_hundred(20)).then(|| {
            let before = self.variables.len();
            let default = self.value(&not_null(&own), false, 3);
            // A default has no variables.
            match self.variables.len() == before && !default.contains('$') {
                true => default,
                false => {
                    self.variables.truncate(before);
                    "null".to_owned()
                }
            }
        });
        let name = format!("v{}", self.variables.len());
        self.variables.push(Variable {
            name: name.clone(),
            is: own,
            default,
        });
        format!("${name}")
    }

    pub(super) fn json(&mut self, is: &Type, depth: usize) -> String {
        if is.nullable && self.in_hundred(10) || self.fails() {
            return "null".to_owned();
        }
        match &is.base {
            BaseType::List(inner) if self.in_hundred(20) => self.json(&not_null(inner), depth),
            BaseType::List(inner) => {
                let count = self.below(3);
                let items: Vec<_> = (0..count).map(|_| self.json(inner, depth)).collect();
                format!("[{}]", items.join(", "))
            }
            BaseType::Named(name) => self.json_named(name, depth),
        }
    }

    fn json_named(&mut self, name: &str, depth: usize) -> String {
        match index().named(name) {
            _ if self.fails() => self
                .one(&["1", "1.5", "\"a\"", "true", "[]", "{}", "{\"a\": 1}", "[1]"])
                .to_owned(),
            Some(NamedType::Enum(values)) => format!("\"{}\"", values[self.below(values.len())]),
            Some(NamedType::Input(object)) => {
                let mut fields = Vec::new();
                let only = object.is_one_of.then(|| self.below(object.fields.len()));
                for (place, field) in object.fields.iter().enumerate() {
                    let wanted = match only {
                        Some(only) => {
                            if only == place {
                                100
                            } else {
                                0
                            }
                        }
                        None if field.is_required() => 100,
                        None if depth >= 4 => 0,
                        None => 30,
                    };
                    if self.in_hundred(wanted) != self.fails() {
                        let is = if only.is_some() {
                            not_null(&field.is)
                        } else {
                            field.is.clone()
                        };
                        fields.push(format!("\"{}\": {}", field.name, self.json(&is, depth + 1)));
                    }
                }
                if self.fails() {
                    fields.push("\"nothing\": 1".to_owned());
                }
                format!("{{{}}}", fields.join(", "))
            }
            _ => self.one(json_values(name)).to_owned(),
        }
    }
}

fn not_null(is: &Type) -> Type {
    Type {
        base: is.base.clone(),
        nullable: false,
    }
}

fn literals(scalar: &str) -> &'static [&'static str] {
    match scalar {
        "Int" => &["0", "1", "-7", "2147483647", "-2147483648"],
        "Float" => &["0", "1", "0.5", "-1.5e3", "1e-2"],
        "Boolean" => &["true", "false"],
        "ID" => &["\"x\"", "5", "\"5\"", "9007199254740991"],
        "String" => &[
            "\"\"",
            "\"a\\u00e9\"",
            "\"\\u{1F680}\"",
            "\"\\uD83D\\uDE80\"",
            "\"\"\"\n  a\n    b\n\"\"\"",
        ],
        "DateTime" => &["\"2031-05-02T10:00:00+02:00\"", "\"2031-05-02T10:00:00Z\""],
        "Date" => &["\"2031-05-02\""],
        "Position" => &["\"1207\"", "\"0\""],
        "JSON" => &[
            "1",
            "\"a\"",
            "true",
            "[1, \"b\"]",
            "{a: 1, b: {c: [null]}}",
            "1.5",
        ],
        _ => &["\"a\""],
    }
}

fn json_values(scalar: &str) -> &'static [&'static str] {
    match scalar {
        "Int" => &["0", "1", "1.0", "-7", "1e2", "2147483647"],
        "Float" => &["0", "1", "0.5", "-1.5e3", "1e-2"],
        "Boolean" => &["true", "false"],
        "ID" => &["\"x\"", "5", "5.0", "\"5\""],
        "String" => &["\"\"", "\"a\\u00e9\"", "\"\\uD83D\\uDE80\""],
        "DateTime" => &["\"2031-05-02T10:00:00+02:00\"", "\"2031-05-02T10:00:00Z\""],
        "Date" => &["\"2031-05-02\""],
        "Position" => &["\"1207\"", "\"0\""],
        "JSON" => &[
            "1",
            "\"a\"",
            "true",
            "[1, \"b\"]",
            "{\"a\": 1, \"b\": {\"c\": [null]}}",
            "1.5",
        ],
        _ => &["\"a\""],
    }
}
