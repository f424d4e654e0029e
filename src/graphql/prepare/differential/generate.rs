use std::fmt::Write;

use async_graphql::parser::types::{BaseType, Type};
use serde_json::json;

use crate::graphql::prepare::schema_index::Input;
use crate::graphql::schema::index;

/// A document with what a request gives for its variables.
pub(super) struct Pair {
    pub(super) document: String,
    pub(super) operation: Option<String>,
    /// A JSON object.
    pub(super) variables: String,
}

impl Pair {
    pub(super) fn of(seed: u64) -> Self {
        let mut generator = Generator {
            state: seed,
            faults: 0,
            variables: Vec::new(),
            definitions: Vec::new(),
        };
        // Many pairs have no fault, others several.
        generator.faults = [0, 0, 0, 1, 2, 5][generator.below(6)];
        generator.pair()
    }
}

pub(super) struct Variable {
    pub(super) name: String,
    pub(super) is: Type,
    pub(super) default: Option<String>,
}

pub(super) struct Generator {
    state: u64,
    /// In a hundred places.
    faults: usize,
    pub(super) variables: Vec<Variable>,
    pub(super) definitions: Vec<String>,
}

impl Generator {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(super) fn in_hundred(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    pub(super) fn fails(&mut self) -> bool {
        let faults = self.faults;
        self.in_hundred(faults)
    }

    pub(super) fn one<'x>(&mut self, of: &[&'x str]) -> &'x str {
        of[self.below(of.len())]
    }

    fn pair(&mut self) -> Pair {
        let count = if self.in_hundred(15) { 2 } else { 1 };
        let mut bodies: Vec<(&str, String)> = Vec::new();
        for number in 0..count {
            // A second operation of the same variables is mostly one that uses them all.
            if number > 0 && self.in_hundred(80) {
                bodies.push(bodies[0].clone());
                continue;
            }
            let kind = if self.in_hundred(40) {
                "mutation"
            } else {
                "query"
            };
            let root = if kind == "query" { "Query" } else { "Mutation" };
            bodies.push((kind, self.selection(root, 0)));
        }
        let mut document = String::new();
        for (number, (kind, body)) in bodies.iter().enumerate() {
            let definitions = self.variable_definitions();
            let name = if count > 1 || self.in_hundred(50) {
                format!("O{number}")
            } else {
                String::new()
            };
            write!(document, "{kind} {name}{definitions} {body} ").unwrap();
        }
        for fragment in std::mem::take(&mut self.definitions) {
            document.push_str(&fragment);
        }
        let operation = match (count, self.below(20)) {
            (2, 0) => None,
            (2, number) => Some(format!("O{}", number % 2)),
            (_, 0) => Some("O0".to_owned()),
            _ => None,
        };
        Pair {
            document,
            operation,
            variables: self.given(),
        }
    }

    fn variable_definitions(&mut self) -> String {
        if self.variables.is_empty() {
            return String::new();
        }
        let left_out = self.fails().then(|| self.below(self.variables.len()));
        let definition = |variable: &Variable| {
            let (name, is) = (&variable.name, &variable.is);
            match &variable.default {
                Some(default) => format!("${name}: {is} = {default}"),
                None => format!("${name}: {is}"),
            }
        };
        let mut definitions: Vec<_> = self.variables.iter().map(definition).collect();
        if let Some(place) = left_out {
            definitions.remove(place);
        }
        if self.fails() {
            definitions.push(
                self.one(&["$unused: Int", "$v0: Int", "$x: Nothing", "$x: Lead"])
                    .to_owned(),
            );
        }
        match definitions.is_empty() {
            true => String::new(),
            false => format!("({})", definitions.join(", ")),
        }
    }

    fn given(&mut self) -> String {
        let mut given = Vec::new();
        for place in 0..self.variables.len() {
            let (name, is) = (
                self.variables[place].name.clone(),
                self.variables[place].is.clone(),
            );
            let has_default = self.variables[place].default.is_some();
            let may_be_absent = is.nullable || has_default;
            if may_be_absent && self.in_hundred(30) || self.fails() {
                continue;
            }
            given.push(format!("{}: {}", json!(name), self.json(&is, 0)));
        }
        if self.in_hundred(3) {
            given.push("\"other\": 1".to_owned());
        }
        match given.is_empty() {
            true => "{}".to_owned(),
            false => format!("{{{}}}", given.join(", ")),
        }
    }

    fn selection(&mut self, object: &str, depth: usize) -> String {
        let known = index().selectable(object).unwrap();
        let mut names = known.field_names();
        names.sort_unstable();
        let mut fields = Vec::new();
        for _ in 0..1 + self.below(3) {
            let name = self.one(&names);
            let field = index().field(object, name).unwrap();
            let is_leaf = index().selectable(&field.object).is_none();
            if !is_leaf && depth >= 4 {
                continue;
            }
            let mut text = String::new();
            if self.in_hundred(25) {
                write!(text, "{}: ", self.one(&["a", "b", "c", "d", "e"])).unwrap();
            }
            let name = if self.fails() { "nothing" } else { name };
            write!(
                text,
                "{name}{}{}",
                self.arguments(&field.arguments, depth),
                self.directives()
            )
            .unwrap();
            if is_leaf == self.fails() {
                text.push_str(
                    &self.selection(if is_leaf { "Lead" } else { &field.object }, depth + 1),
                );
            }
            fields.push(text);
        }
        if fields.is_empty() || self.in_hundred(10) {
            fields.push("__typename".to_owned());
        }
        fields.extend(self.fragments(object, depth));
        if self.in_hundred(5) {
            let again = self.below(fields.len());
            fields.push(fields[again].clone());
        }
        format!(" {{ {} }}", fields.join(" "))
    }

    fn fragments(&mut self, object: &str, depth: usize) -> Vec<String> {
        let mut found = Vec::new();
        let known = index().selectable(object).unwrap();
        if let Some(possible) = &known.possible {
            let names: Vec<&str> = possible.iter().map(String::as_str).collect();
            let on = self.one(&names).to_owned();
            found.push(format!("... on {on}{}", self.selection(&on, depth + 1)));
        }
        if depth < 3 && self.in_hundred(10) {
            let on = if self.fails() { "User" } else { object };
            let directives = self.directives();
            found.push(format!(
                "... on {on}{directives}{}",
                self.selection(on, depth + 1)
            ));
        }
        if depth < 3 && self.in_hundred(10) {
            let on = if self.fails() { "IntRange" } else { object };
            let body = self.selection(object, depth + 1);
            let name = format!("F{}", self.definitions.len());
            self.definitions
                .push(format!("fragment {name} on {on} {body} "));
            found.push(format!("...{name}{}", self.directives()));
        }
        found
    }

    fn directives(&mut self) -> String {
        if !self.in_hundred(12) {
            return String::new();
        }
        let name = self.one(&["skip", "include"]);
        let is = Type {
            base: BaseType::Named(async_graphql::Name::new("Boolean")),
            nullable: false,
        };
        let condition = self.value(&is, false, 0);
        let argument = if self.fails() { "unless" } else { "if" };
        format!(" @{name}({argument}: {condition})")
    }

    fn arguments(&mut self, inputs: &[Input], depth: usize) -> String {
        let given = self.inputs(inputs, depth);
        match given.is_empty() {
            true => String::new(),
            false => format!("({})", given.join(", ")),
        }
    }

    pub(super) fn inputs(&mut self, inputs: &[Input], depth: usize) -> Vec<String> {
        let mut given = Vec::new();
        for input in inputs {
            let wanted = if input.is_required() { 100 } else { 30 };
            if self.in_hundred(wanted) != self.fails() {
                let value = self.value(&input.is, input.default.is_some(), depth);
                given.push(format!("{}: {value}", input.name));
            }
        }
        if self.fails() {
            given.push("nothing: 1".to_owned());
        }
        if self.fails() && !given.is_empty() {
            given.push(given[0].clone());
        }
        given
    }
}
