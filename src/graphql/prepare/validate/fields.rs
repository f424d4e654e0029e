use async_graphql::parser::types::{DirectiveLocation, Field, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned};

use crate::graphql::prepare::schema_index::{self, NamedType};
use crate::graphql::prepare::validate::arguments::Owner;
use crate::graphql::prepare::validate::arguments::{check_arguments, check_directives};
use crate::graphql::prepare::validate::suggestion::suggestion;
use crate::graphql::prepare::validate::validator::Validator;

/// A selection of this type; nothing is known of what stands in one of an unknown type, but the
/// variables that it uses.
pub(super) fn check_selection_set<'a>(
    validator: &mut Validator<'a>,
    set: &'a SelectionSet,
    object: Option<&'a str>,
) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => {
                check_directives(validator, &field.node.directives, DirectiveLocation::Field);
                check_field(validator, field, object);
            }
            Selection::InlineFragment(inline) => {
                let location = DirectiveLocation::InlineFragment;
                check_directives(validator, &inline.node.directives, location);
                let on = match &inline.node.type_condition {
                    Some(on) => {
                        let on = condition(validator, &on.node.on, None);
                        check_possible(validator, None, on, object, inline.pos);
                        on
                    }
                    None => object,
                };
                check_selection_set(validator, &inline.node.selection_set.node, on);
            }
            Selection::FragmentSpread(spread) => {
                let location = DirectiveLocation::FragmentSpread;
                check_directives(validator, &spread.node.directives, location);
                check_spread(
                    validator,
                    &spread.node.fragment_name.node,
                    spread.pos,
                    object,
                );
            }
        }
    }
}

fn check_spread<'a>(
    validator: &mut Validator<'a>,
    name: &'a Name,
    at: Pos,
    object: Option<&'a str>,
) {
    validator.scope.spreads.push(name);
    match validator.document.fragments.get(name) {
        Some(fragment) => {
            let on = fragment.node.type_condition.node.on.node.as_str();
            check_possible(validator, Some(name), Some(on), object, at);
        }
        None => validator.refuse(at, format!("Unknown fragment \"{name}\".")),
    }
}

/// PossibleFragmentSpreads: some object is of both types.
fn check_possible(
    validator: &mut Validator<'_>,
    fragment: Option<&Name>,
    on: Option<&str>,
    object: Option<&str>,
    at: Pos,
) {
    let (Some(on), Some(object)) = (on, object) else {
        return;
    };
    if validator.index.selectable(on).is_none() || validator.index.overlap(on, object) {
        return;
    }
    let fragment = fragment.map_or(String::new(), |name| format!(" \"{name}\""));
    let message = format!(
        "Fragment{fragment} cannot be spread here as objects of type \"{object}\" can never be of type \"{on}\"."
    );
    validator.refuse(at, message);
}

fn check_field<'a>(
    validator: &mut Validator<'a>,
    field: &'a Positioned<Field>,
    object: Option<&'a str>,
) {
    let (at, field) = (field.pos, &field.node);
    let name = field.name.node.as_str();
    let owner = Owner::Field { object, name };
    let selection = &field.selection_set.node;
    if name == "__typename" {
        check_arguments(validator, &field.arguments, Some(&[]), owner, at);
        if !selection.items.is_empty() {
            refuse_selection(validator, name, "String!", at);
        }
        check_selection_set(validator, selection, None);
        return;
    }
    let known = object.and_then(|object| validator.index.field(object, name));
    if let (Some(object), None) = (object, known) {
        let names = || {
            validator
                .index
                .selectable(object)
                .map_or(Vec::new(), |o| o.field_names())
        };
        let meant = suggestion(validator, name, names);
        let message = format!("Cannot query field \"{name}\" on type \"{object}\".{meant}");
        validator.refuse(at, message);
    }
    let arguments = known.map(|known| &known.arguments[..]);
    check_arguments(validator, &field.arguments, arguments, owner, at);
    let below = known.and_then(|known| check_leaf(validator, known, field, at));
    check_selection_set(validator, selection, below);
}

/// ScalarLeafs: of an object something is selected, and of nothing else. Returns the object's
/// type.
fn check_leaf<'a>(
    validator: &mut Validator<'a>,
    known: &'a schema_index::Field,
    field: &Field,
    at: Pos,
) -> Option<&'a str> {
    let (name, is) = (&field.name.node, &known.is);
    let is_selected = !field.selection_set.node.items.is_empty();
    let is_object = validator.index.selectable(&known.object).is_some();
    match (is_object, is_selected) {
        (true, false) => validator.refuse(
            at,
            format!("Field \"{name}\" of type \"{is}\" must have a selection of subfields. Did you mean \"{name} {{ ... }}\"?"),
        ),
        (false, true) => refuse_selection(validator, name, &is.to_string(), at),
        _ => {}
    }
    is_object.then_some(&known.object)
}

fn refuse_selection(validator: &mut Validator<'_>, name: &str, is: &str, at: Pos) {
    let message =
        format!("Field \"{name}\" must not have a selection since type \"{is}\" has no subfields.");
    validator.refuse(at, message);
}

/// The type that a fragment is for, if it can have fields.
pub(super) fn condition<'a>(
    validator: &mut Validator<'a>,
    on: &'a Positioned<Name>,
    fragment: Option<&Name>,
) -> Option<&'a str> {
    let (name, at) = (&on.node, on.pos);
    match validator.index.named(name) {
        Some(NamedType::Object(_)) => Some(name),
        Some(_) => {
            let fragment = fragment.map_or(String::new(), |name| format!(" \"{name}\""));
            let message =
                format!("Fragment{fragment} cannot condition on non composite type \"{name}\".");
            validator.refuse(at, message);
            None
        }
        None => {
            let meant = suggestion(validator, name, || validator.index.type_names());
            validator.refuse(at, format!("Unknown type \"{name}\".{meant}"));
            None
        }
    }
}
