use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned};
use async_graphql_value::Value;

use crate::graphql::prepare::schema_index::SchemaIndex;
use crate::graphql::prepare::variables::Variables;

/// The fields of each name in an answer's object, in the order in which the names come.
pub(in crate::graphql) type Groups<'a> = Vec<(&'a Name, Vec<&'a Positioned<Field>>)>;

/// The document, variables and schema that a selection is collected by.
#[derive(Clone, Copy)]
pub(in crate::graphql) struct Collector<'a> {
    pub(in crate::graphql) document: &'a ExecutableDocument,
    pub(in crate::graphql) variables: &'a Variables,
    pub(in crate::graphql) index: &'a SchemaIndex,
}

impl<'a> Collector<'a> {
    /// CollectFields: the fields that are selected of an object of the concrete type, through
    /// fragments. Where the type is not known, all fragments are for it.
    pub(in crate::graphql) fn collect(
        self,
        set: &'a SelectionSet,
        concrete: Option<&str>,
        groups: &mut Groups<'a>,
    ) {
        for item in &set.items {
            if left_out(item.node.directives(), self.variables) != Ok(false) {
                continue;
            }
            let (on, set) = match &item.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    match groups.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, fields)) => fields.push(field),
                        None => groups.push((key, vec![field])),
                    }
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref();
                    (on, &inline.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else {
                        continue;
                    };
                    let on = Some(&fragment.node.type_condition);
                    (on, &fragment.node.selection_set.node)
                }
            };
            if on.is_none_or(|on| self.applies(&on.node.on.node, concrete)) {
                self.collect(set, concrete, groups);
            }
        }
    }

    /// True if a fragment on this type is for an object of the concrete type.
    fn applies(self, on: &str, concrete: Option<&str>) -> bool {
        concrete.is_none_or(|concrete| self.index.is_possible(on, concrete))
    }
}

/// True if `@skip` or `@include` leave a selection out. Errors: where a condition is null, which a
/// variable can be that has a default.
pub(super) fn left_out(
    directives: &[Positioned<Directive>],
    variables: &Variables,
) -> Result<bool, Pos> {
    for (name, left_out_if) in [("skip", true), ("include", false)] {
        let mut directives = directives.iter();
        let Some(directive) = directives.find(|directive| directive.node.name.node == name) else {
            continue;
        };
        let is = match directive.node.get_argument("if").map(|value| &value.node) {
            Some(Value::Boolean(is)) => Some(*is),
            Some(Value::Variable(name)) => match variables.get(name) {
                Some(async_graphql::Value::Boolean(is)) => Some(*is),
                _ => None,
            },
            _ => None,
        };
        if is.ok_or(directive.pos)? == left_out_if {
            return Ok(true);
        }
    }
    Ok(false)
}
