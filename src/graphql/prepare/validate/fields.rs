use async_graphql::parser::types::{DirectiveLocation, Field, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned};

use crate::graphql::prepare::schema_index;
use crate::graphql::prepare::validate::Validator;
use crate::graphql::prepare::validate::arguments::Owner;

impl<'a> Validator<'a> {
    /// A selection of this type; nothing is known of what stands in one of an unknown type, but the
    /// variables that it uses.
    pub(super) fn set(&mut self, set: &'a SelectionSet, object: Option<&'a str>) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    self.directives(&field.node.directives, DirectiveLocation::Field);
                    self.field(field, object);
                }
                Selection::InlineFragment(inline) => {
                    let location = DirectiveLocation::InlineFragment;
                    self.directives(&inline.node.directives, location);
                    let on = match &inline.node.type_condition {
                        Some(on) => {
                            let on = self.condition(&on.node.on, None);
                            self.check_possible(None, on, object, inline.pos);
                            on
                        }
                        None => object,
                    };
                    self.set(&inline.node.selection_set.node, on);
                }
                Selection::FragmentSpread(spread) => {
                    let location = DirectiveLocation::FragmentSpread;
                    self.directives(&spread.node.directives, location);
                    self.spread(&spread.node.fragment_name.node, spread.pos, object);
                }
            }
        }
    }

    fn spread(&mut self, name: &'a Name, at: Pos, object: Option<&'a str>) {
        self.scope.spreads.push(name);
        match self.document.fragments.get(name) {
            Some(fragment) => {
                let on = fragment.node.type_condition.node.on.node.as_str();
                self.check_possible(Some(name), Some(on), object, at);
            }
            None => self.refuse(at, format!("Unknown fragment \"{name}\".")),
        }
    }

    /// PossibleFragmentSpreads: some object is of both types.
    fn check_possible(
        &mut self,
        fragment: Option<&Name>,
        on: Option<&str>,
        object: Option<&str>,
        at: Pos,
    ) {
        let (Some(on), Some(object)) = (on, object) else {
            return;
        };
        if self.index.selectable(on).is_none() || self.index.overlap(on, object) {
            return;
        }
        let fragment = fragment.map_or(String::new(), |name| format!(" \"{name}\""));
        let message = format!(
            "Fragment{fragment} cannot be spread here as objects of type \"{object}\" can never be of type \"{on}\"."
        );
        self.refuse(at, message);
    }

    fn field(&mut self, field: &'a Positioned<Field>, object: Option<&'a str>) {
        let (at, field) = (field.pos, &field.node);
        let name = field.name.node.as_str();
        let owner = Owner::Field { object, name };
        let selection = &field.selection_set.node;
        if name == "__typename" {
            self.arguments(&field.arguments, Some(&[]), owner, at);
            if !selection.items.is_empty() {
                self.refuse_selection(name, "String!", at);
            }
            self.set(selection, None);
            return;
        }
        let known = object.and_then(|object| self.index.field(object, name));
        if let (Some(object), None) = (object, known) {
            let names = || {
                self.index
                    .selectable(object)
                    .map_or(Vec::new(), |o| o.field_names())
            };
            let meant = self.meant(name, names);
            let message = format!("Cannot query field \"{name}\" on type \"{object}\".{meant}");
            self.refuse(at, message);
        }
        let arguments = known.map(|known| &known.arguments[..]);
        self.arguments(&field.arguments, arguments, owner, at);
        let below = known.and_then(|known| self.check_leaf(known, field, at));
        self.set(selection, below);
    }

    /// ScalarLeafs: of an object something is selected, and of nothing else. Returns the object's
    /// type.
    fn check_leaf(
        &mut self,
        known: &'a schema_index::Field,
        field: &Field,
        at: Pos,
    ) -> Option<&'a str> {
        let (name, is) = (&field.name.node, &known.is);
        let is_selected = !field.selection_set.node.items.is_empty();
        let is_object = self.index.selectable(&known.object).is_some();
        match (is_object, is_selected) {
            (true, false) => self.refuse(
                at,
                format!("Field \"{name}\" of type \"{is}\" must have a selection of subfields. Did you mean \"{name} {{ ... }}\"?"),
            ),
            (false, true) => self.refuse_selection(name, &is.to_string(), at),
            _ => {}
        }
        is_object.then_some(&known.object)
    }

    fn refuse_selection(&mut self, name: &str, is: &str, at: Pos) {
        let message = format!(
            "Field \"{name}\" must not have a selection since type \"{is}\" has no subfields."
        );
        self.refuse(at, message);
    }
}
