//! OverlappingFieldsCanBeMerged.
//!
//! Each set of merged fields is checked once, and each field is compared only with the first one of
//! its name, which is enough because equality is transitive. Compared in pairs, as the rule is written,
//! a document of a thousand equal fields would take a million steps.

use std::collections::BTreeMap;

use async_graphql::Positioned;
use async_graphql::parser::types::{
    BaseType, Field, OperationDefinition, Selection, SelectionSet, Type,
};

use crate::graphql::prepare::schema_index::SchemaIndex;
use crate::graphql::prepare::validate::validator::Validator;

/// A field, and the type that it is selected of.
type Selected<'a> = (&'a str, &'a Positioned<Field>);
type ByName<'a> = BTreeMap<&'a str, Vec<Selected<'a>>>;

pub(super) fn check_overlaps<'a>(
    validator: &mut Validator<'a>,
    operation: &'a OperationDefinition,
) {
    let root = SchemaIndex::root(operation.ty).unwrap_or_default();
    let mut fields = ByName::new();
    collect_fields(validator, &operation.selection_set.node, root, &mut fields);
    check_same_shape(validator, &fields);
    check_same_fields(validator, &fields);
}

fn collect_fields<'a>(
    validator: &Validator<'a>,
    set: &'a SelectionSet,
    object: &'a str,
    fields: &mut ByName<'a>,
) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => {
                let key = field.node.response_key().node.as_str();
                fields.entry(key).or_default().push((object, field));
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref();
                let on = on.map_or(object, |on| &on.node.on.node);
                collect_fields(validator, &inline.node.selection_set.node, on, fields);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if let Some(fragment) = validator.document.fragments.get(name) {
                    let on = &fragment.node.type_condition.node.on.node;
                    collect_fields(validator, &fragment.node.selection_set.node, on, fields);
                }
            }
        }
    }
}

fn fields_below<'a>(validator: &Validator<'a>, fields: &[Selected<'a>]) -> ByName<'a> {
    let mut below = ByName::new();
    for (object, field) in fields {
        let known = validator.index.field(object, &field.node.name.node);
        let object = known.map_or("", |known| &known.object);
        collect_fields(
            validator,
            &field.node.selection_set.node,
            object,
            &mut below,
        );
    }
    below
}

/// SameResponseShape, for all fields of each name.
fn check_same_shape<'a>(validator: &mut Validator<'a>, fields: &ByName<'a>) {
    for (name, fields) in fields {
        let is =
            |(object, field): &Selected<'a>| validator.index.field(object, &field.node.name.node);
        let known: Vec<_> = fields
            .iter()
            .filter_map(|f| Some((f.1, &is(f)?.is)))
            .collect();
        if let Some(((first, is), others)) = known.split_first() {
            let other = others
                .iter()
                .find(|(_, other)| !is_same_shape(validator, is, other));
            if let Some((other, other_is)) = other {
                let reason = format!("they return conflicting types \"{is}\" and \"{other_is}\"");
                let (first, other) = (*first, *other);
                refuse_conflict(validator, name, first, other, &reason);
                continue;
            }
        }
        let below = fields_below(validator, fields);
        check_same_shape(validator, &below);
    }
}

fn is_same_shape(validator: &Validator<'_>, a: &Type, b: &Type) -> bool {
    a.nullable == b.nullable
        && match (&a.base, &b.base) {
            (BaseType::List(a), BaseType::List(b)) => is_same_shape(validator, a, b),
            (BaseType::Named(a), BaseType::Named(b)) => {
                let is_object = |name: &str| validator.index.selectable(name).is_some();
                a == b || is_object(a) && is_object(b)
            }
            _ => false,
        }
}

/// FieldsInSetCanMerge: those that may belong to one object are the same field, with the same
/// arguments.
fn check_same_fields<'a>(validator: &mut Validator<'a>, fields: &ByName<'a>) {
    for (name, fields) in fields {
        for group in groups_of_common_objects(validator, fields) {
            let Some((&(_, first), others)) = group.split_first() else {
                continue;
            };
            let conflict = others.iter().find_map(|&(_, other)| {
                let reason = difference(&first.node, &other.node)?;
                Some((other, reason))
            });
            match conflict {
                Some((other, reason)) => refuse_conflict(validator, name, first, other, &reason),
                None => {
                    let below = fields_below(validator, &group);
                    check_same_fields(validator, &below);
                }
            }
        }
    }
}

/// Groups of fields that may belong to one object: a group for each concrete type, in all of
/// which stand the fields of interfaces.
fn groups_of_common_objects<'a>(
    validator: &Validator<'a>,
    fields: &[Selected<'a>],
) -> Vec<Vec<Selected<'a>>> {
    let is_abstract = |object: &str| {
        let object = validator.index.selectable(object);
        object.is_none_or(|object| object.possible.is_some())
    };
    let mut groups: BTreeMap<&str, Vec<Selected<'a>>> = BTreeMap::new();
    let mut shared = Vec::new();
    for &(object, field) in fields {
        match is_abstract(object) {
            true => shared.push((object, field)),
            false => groups.entry(object).or_default().push((object, field)),
        }
    }
    if groups.is_empty() {
        return vec![shared];
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    for group in &mut groups {
        group.extend(&shared);
    }
    groups
}

fn refuse_conflict(
    validator: &mut Validator<'_>,
    name: &str,
    first: &Positioned<Field>,
    other: &Positioned<Field>,
    reason: &str,
) {
    let message = format!(
        "Fields \"{name}\" conflict because {reason}. Use different aliases on the fields to fetch both if this was intentional."
    );
    // The same pair may meet on several ways.
    let locations = vec![first.pos, other.pos];
    if validator
        .errors
        .iter()
        .any(|error| error.locations == locations && error.message == message)
    {
        return;
    }
    validator.refuse(first.pos, message);
    if let Some(error) = validator.errors.last_mut() {
        error.locations = locations;
    }
}

fn difference(a: &Field, b: &Field) -> Option<String> {
    let (name, other) = (&a.name.node, &b.name.node);
    if name != other {
        return Some(format!("\"{name}\" and \"{other}\" are different fields"));
    }
    let is_same = a.arguments.len() == b.arguments.len()
        && a.arguments.iter().all(|(name, value)| {
            let other = b.get_argument(&name.node);
            other.is_some_and(|other| other.node == value.node)
        });
    (!is_same).then(|| "they have differing arguments".to_owned())
}
