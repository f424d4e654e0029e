use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    BaseType, DirectiveLocation, OperationDefinition, Type, VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned, Value};

use crate::graphql::prepare::schema_index::{NamedType, innermost};
use crate::graphql::prepare::validate::{Place, Scope, Usage, Validator};

type Definitions<'a> = HashMap<&'a Name, &'a VariableDefinition>;

impl<'a> Validator<'a> {
    /// The variables of an operation, as it and the fragments that it reaches use them.
    pub(super) fn variables(
        &mut self,
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
                self.refuse(definition.pos, message);
            }
            self.definition(definition);
        }
        let below = reached.iter().filter_map(|fragment| scopes.get(fragment));
        let mut used = HashSet::new();
        for usage in std::iter::once(scope)
            .chain(below)
            .flat_map(|scope| &scope.usages)
        {
            used.insert(usage.variable);
            match definitions.get(usage.variable) {
                Some(definition) => self.check_position(definition, usage),
                None => {
                    let operation =
                        name.map_or(String::new(), |name| format!(" by operation \"{name}\""));
                    let message = format!(
                        "Variable \"${}\" is not defined{operation}.",
                        usage.variable
                    );
                    self.refuse(usage.at, message);
                }
            }
        }
        for definition in &operation.variable_definitions {
            let variable = &definition.node.name.node;
            if !used.contains(variable) {
                let operation =
                    name.map_or(String::new(), |name| format!(" in operation \"{name}\""));
                let message = format!("Variable \"${variable}\" is never used{operation}.");
                self.refuse(definition.pos, message);
            }
        }
    }

    fn definition(&mut self, definition: &'a Positioned<VariableDefinition>) {
        let (at, definition) = (definition.pos, &definition.node);
        let (variable, is) = (&definition.name.node, &definition.var_type.node);
        self.directives(
            &definition.directives,
            DirectiveLocation::VariableDefinition,
        );
        let named = innermost(is);
        match self.index.named(named) {
            None => {
                let meant = self.meant(named, || self.index.type_names());
                self.refuse(
                    definition.var_type.pos,
                    format!("Unknown type \"{named}\".{meant}"),
                );
            }
            Some(NamedType::Object(_)) => {
                let message =
                    format!("Variable \"${variable}\" cannot be non-input type \"{is}\".");
                self.refuse(definition.var_type.pos, message);
            }
            Some(_) => {
                if let Some(default) = &definition.default_value {
                    self.default(is, &default.node, at);
                }
            }
        }
    }

    fn default(&mut self, is: &Type, default: &Value, at: Pos) {
        let value = default.clone().into_value();
        let mut apart = Validator {
            document: self.document,
            index: self.index,
            suggests: self.suggests,
            errors: Vec::new(),
            scope: Scope::default(),
        };
        apart.value(&value, Some(Place::item(is)), at);
        self.errors.extend(apart.errors);
    }

    /// VariablesInAllowedPosition.
    fn check_position(&mut self, definition: &VariableDefinition, usage: &Usage<'_>) {
        let Some(place) = usage.place else {
            return;
        };
        let (variable, is) = (usage.variable, &definition.var_type.node);
        if let Some(object) = place.one_of.filter(|_| is.nullable) {
            let message = format!(
                "Variable \"${variable}\" must be non-nullable to be used for OneOf Input Object \"{object}\"."
            );
            self.refuse(usage.at, message);
            return;
        }
        let default = definition.default_value.as_ref().map(|value| &value.node);
        let has_default = default.is_some_and(|value| *value != Value::Null) || place.has_default;
        let fits = match is.nullable && !place.is.nullable {
            true => has_default && base_fits(&is.base, &place.is.base),
            false => fits(is, place.is),
        };
        if !fits {
            let wanted = place.is;
            let message = format!(
                "Variable \"${variable}\" of type \"{is}\" used in position expecting type \"{wanted}\"."
            );
            self.refuse(usage.at, message);
        }
    }
}

/// True if each value of a type is one of the place's type.
fn fits(is: &Type, place: &Type) -> bool {
    (place.nullable || !is.nullable) && base_fits(&is.base, &place.base)
}

fn base_fits(is: &BaseType, place: &BaseType) -> bool {
    match (is, place) {
        (BaseType::Named(is), BaseType::Named(place)) => is == place,
        (BaseType::List(is), BaseType::List(place)) => fits(is, place),
        _ => false,
    }
}
