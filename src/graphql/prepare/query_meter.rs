//! The limits of a parsed document, checked before it is validated.
//!
//! Validation follows every spread of a fragment, so that a chain of fragments which each spread the
//! next one twice would take exponential time. Here each fragment is measured once.

use std::collections::HashMap;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};

use crate::graphql::prepare::limits::{self, LimitExceeded, Limits, Measure};
use crate::graphql::prepare::weights::{Uses, Weights};

/// A fault of a document, found before validation.
#[derive(Debug, PartialEq)]
pub(in crate::graphql) enum MeterError {
    LimitExceeded(LimitExceeded),
    /// This fragment spreads itself, by whatever way.
    Cycle(Name),
}

/// Looks at the parsed document, its variables having these weights. Errors: the first limit that
/// it goes beyond, or a cycle.
pub(in crate::graphql) fn check_size(
    document: &ExecutableDocument,
    weights: &Weights,
    limits: &Limits,
) -> Result<Uses, MeterError> {
    let mut meter = QueryMeter {
        document,
        weights,
        limits,
        fragments: HashMap::new(),
    };
    let mut whole = Size::default();
    for (_, operation) in document.operations.iter() {
        let size = meter.operation(&operation.node)?;
        whole = whole.beside(size);
        whole.check(limits)?;
    }
    // A fragment that nothing spreads is validated all the same.
    for name in document.fragments.keys() {
        whole = whole.beside(meter.fragment(name, 1)?);
        whole.check(limits)?;
    }
    Ok(whole.uses)
}

/// The extent of a part of a document, fragments expanded.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    fields: usize,
    depth: usize,
    /// Selections one inside the other, of whatever kind.
    levels: usize,
    /// Fields that belong to the surrounding object.
    own_fields: usize,
    aliases: usize,
    directives: usize,
    /// Lists one inside the other, of what the schema says of itself.
    lists: usize,
    uses: Uses,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        let sum = usize::saturating_add;
        Self {
            fields: sum(self.fields, other.fields),
            depth: self.depth.max(other.depth),
            levels: self.levels.max(other.levels),
            own_fields: sum(self.own_fields, other.own_fields),
            aliases: sum(self.aliases, other.aliases),
            directives: sum(self.directives, other.directives),
            lists: self.lists.max(other.lists),
            uses: self.uses.beside(other.uses),
        }
    }

    fn check(&self, limits: &Limits) -> Result<(), MeterError> {
        for (measure, found, most) in [
            (Measure::Fields, self.fields, limits.fields),
            (Measure::Depth, self.depth, limits.depth),
            (Measure::Aliases, self.aliases, limits.aliases),
            (Measure::Directives, self.directives, limits::DIRECTIVES),
            (Measure::Introspection, self.lists, limits::INTROSPECTION),
            (Measure::Values, self.uses.values, limits::VALUES),
        ] {
            measure
                .check(found, most)
                .map_err(MeterError::LimitExceeded)?;
        }
        Ok(())
    }

    fn add_directives(&mut self, directives: &[Positioned<Directive>], weights: &Weights) {
        self.directives = self.directives.saturating_add(directives.len());
        let arguments = directives.iter().flat_map(|d| &d.node.arguments);
        for (_, value) in arguments {
            self.uses = self.uses.beside(weights.of(&value.node));
        }
    }
}

struct QueryMeter<'a> {
    document: &'a ExecutableDocument,
    weights: &'a Weights,
    limits: &'a Limits,
    /// The size of each fragment; nothing while it is being measured.
    fragments: HashMap<&'a Name, Option<Size>>,
}

impl<'a> QueryMeter<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size, MeterError> {
        let mut size = self.set(&operation.selection_set.node, 1)?;
        let most = self.limits.root_fields;
        let is_more = Measure::RootFields.check(size.own_fields, most);
        is_more.map_err(MeterError::LimitExceeded)?;
        size.add_directives(&operation.directives, self.weights);
        for variable in &operation.variable_definitions {
            size.add_directives(&variable.node.directives, self.weights);
        }
        Ok(size)
    }

    /// `level` is how many selections stand around this one. It is bounded, because this function
    /// calls itself, as validation and execution do.
    fn set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Size, MeterError> {
        let check = Measure::Nesting.check(level, limits::NESTING);
        check.map_err(MeterError::LimitExceeded)?;
        let mut whole = Size::default();
        for selection in &set.items {
            let mut size = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::InlineFragment(inline) => {
                    self.set(&inline.node.selection_set.node, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, level + 1)?
                }
            };
            size.add_directives(selection.node.directives(), self.weights);
            size.fields = size.fields.saturating_add(1);
            size.levels += 1;
            whole = whole.beside(size);
            let fields = Measure::Fields.check(whole.fields, self.limits.fields);
            fields.map_err(MeterError::LimitExceeded)?;
        }
        Ok(whole)
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Result<Size, MeterError> {
        let mut size = self.set(&field.selection_set.node, level + 1)?;
        size.depth += 1;
        size.own_fields = 1;
        size.aliases = size
            .aliases
            .saturating_add(usize::from(field.alias.is_some()));
        size.lists += usize::from(is_list_of_the_schema(&field.name.node));
        for (_, value) in &field.arguments {
            size.uses = size.uses.beside(self.weights.of(&value.node));
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &Name, level: usize) -> Result<Size, MeterError> {
        // Validation reports a missing fragment.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Size::default());
        };
        let size = match self.fragments.get(name) {
            Some(Some(known)) => *known,
            Some(None) => return Err(MeterError::Cycle(name.clone())),
            None => {
                self.fragments.insert(name, None);
                let mut size = self.set(&fragment.node.selection_set.node, level)?;
                size.add_directives(&fragment.node.directives, self.weights);
                self.fragments.insert(name, Some(size));
                size
            }
        };
        let levels = Measure::Nesting.check(level + size.levels, limits::NESTING + 1);
        levels.map_err(MeterError::LimitExceeded)?;
        Ok(size)
    }
}

/// The lists through which introspection comes back to where it was; nothing else is called so.
fn is_list_of_the_schema(field: &Name) -> bool {
    ["fields", "inputFields", "interfaces", "possibleTypes"].contains(&field.as_str())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use async_graphql::Name;
    use async_graphql::parser::parse_query;

    use super::{MeterError, Weights, check_size};
    use crate::graphql::prepare::limits::{Limits, Measure};

    fn measure(document: &str) -> Option<Measure> {
        let limits = Limits::default();
        match check_size(
            &parse_query(document).unwrap(),
            &Weights::default(),
            &limits,
        ) {
            Ok(_) => None,
            Err(MeterError::LimitExceeded(excess)) => Some(excess.measure),
            Err(MeterError::Cycle(name)) => panic!("{name}"),
        }
    }

    /// Fragments of which each spreads the next one.
    fn chain(length: usize, spreads: usize) -> String {
        let mut document = "{ me { ...f0 } }".to_owned();
        for i in 0..length {
            let next = format!("...f{} ", i + 1).repeat(spreads);
            write!(document, " fragment f{i} on User {{ {next} }}").unwrap();
        }
        document + &format!(" fragment f{length} on User {{ __typename }}")
    }

    #[test]
    fn fragments_that_double_are_refused_at_once() {
        assert_eq!(measure(&chain(5, 2)), None);
        assert_eq!(measure(&chain(50, 2)), Some(Measure::Fields));
        assert_eq!(measure(&chain(60, 1)), None);
        assert_eq!(measure(&chain(3_000, 1)), Some(Measure::Nesting));
    }

    #[test]
    fn each_measure_is_taken_with_fragments_expanded() {
        let twice = |fields: &str| {
            format!("{{ me {{ ...a b: manager {{ ...a }} }} }} fragment a on User {{ {fields} }}")
        };
        assert_eq!(measure(&twice("a: id ")), None);
        let aliases = (0..50).map(|i| format!("a{i}: id ")).collect::<String>();
        assert_eq!(measure(&twice(&aliases)), Some(Measure::Aliases));
        let directives = format!("id {}", "@skip(if: false) ".repeat(13));
        assert_eq!(measure(&twice(&directives)), None);
        let directives = format!("id {}", "@skip(if: false) ".repeat(17));
        assert_eq!(measure(&twice(&directives)), Some(Measure::Directives));
        let root = "me { id } ".repeat(51);
        assert_eq!(measure(&format!("{{ {root} }}")), Some(Measure::RootFields));
        let spread = format!("{{ ...r }} fragment r on Query {{ {root} }}");
        assert_eq!(measure(&spread), Some(Measure::RootFields));
        let deep = format!("{{ {} id {} }}", "manager { ".repeat(20), "}".repeat(20));
        assert_eq!(measure(&deep), Some(Measure::Depth));
        let values = format!("id(x: [{}])", "1 ".repeat(40_000));
        assert_eq!(measure(&twice(&values)), Some(Measure::Values));
        let schema = |lists: usize| {
            let (open, close) = ("fields { type { ".repeat(lists), "} }".repeat(lists));
            format!("{{ __schema {{ types {{ {open} name {close} }} }} }}")
        };
        assert_eq!(measure(&schema(3)), None);
        assert_eq!(measure(&schema(4)), Some(Measure::Introspection));
    }

    #[test]
    fn a_directive_counts_wherever_it_stands() {
        let many = "@a ".repeat(51);
        for document in [
            format!("query {many} {{ a }}"),
            format!("query ($a: Int {many}) {{ a }}"),
            format!("{{ ... {many} {{ a }} }}"),
            format!("{{ ...f {many} }} fragment f on Query {{ a }}"),
            format!("{{ a }} fragment f on Query {many} {{ a }}"),
        ] {
            assert_eq!(measure(&document), Some(Measure::Directives));
        }
    }

    #[test]
    fn a_cycle_of_fragments_is_named() {
        let limits = Limits::default();
        for cycle in [
            "{ ...a } fragment a on Query { ...a }",
            "{ b } fragment a on Query { me { ...b } } fragment b on Query { ... { ...a } }",
        ] {
            let found = check_size(&parse_query(cycle).unwrap(), &Weights::default(), &limits);
            let names = [Name::new("a"), Name::new("b")];
            assert!(matches!(found, Err(MeterError::Cycle(name)) if names.contains(&name)));
        }
    }
}
