use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread,
    InlineFragment, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::Value;

use crate::graphql::prepare::collect::{Collector, Groups, left_out};
use crate::graphql::prepare::scalars;
use crate::graphql::prepare::schema_index::{Input, NamedType, SchemaIndex, innermost};

/// The name in the answer of a field that tells which type an object has. No document can have it.
///
/// The library answers null for an object without fields, and the order of an object's fields behind an
/// interface depends on its type, which decides the fragments that apply. In both cases this field is
/// added to the selection, and removed from the answer.
pub(in crate::graphql) const TYPE_MARKER: &str = "$type";

/// The document for the library, with a single operation: each variable is replaced by its value,
/// arguments with an absent variable are left out, and so are skipped selections.
///
/// Errors: a null of a variable that the type forbids, which validation cannot find.
pub(in crate::graphql) fn executable<'a>(
    collector: Collector<'a>,
    operation: &'a Positioned<OperationDefinition>,
) -> Result<ExecutableDocument, Vec<ServerError>> {
    let mut writing = DocumentWriter {
        collector,
        fragments: HashMap::new(),
        spread: Vec::new(),
        errors: Vec::new(),
    };
    writing.check_conditions(&operation.node.selection_set.node, &mut HashSet::new());
    let root = SchemaIndex::root(operation.node.ty).unwrap_or_default();
    let selection_set = writing.sets(&[&operation.node.selection_set], root);
    while let Some(name) = writing.spread.pop() {
        writing.fragment(name);
    }
    if !writing.errors.is_empty() {
        return Err(writing.errors);
    }
    let definition = OperationDefinition {
        ty: operation.node.ty,
        variable_definitions: Vec::new(),
        directives: Vec::new(),
        selection_set,
    };
    Ok(ExecutableDocument {
        operations: DocumentOperations::Single(Positioned::new(definition, operation.pos)),
        fragments: writing.fragments,
    })
}

/// True if the document, as long as it has no variables, can be executed as it stands: nothing is skipped,
/// and no selection depends on what an interface turns out to be.
pub(in crate::graphql) fn is_plain(document: &ExecutableDocument, index: &SchemaIndex) -> bool {
    let mut operations = document.operations.iter();
    let mut fragments = document.fragments.values();
    operations.all(|(_, operation)| {
        let root = SchemaIndex::root(operation.node.ty).unwrap_or_default();
        operation.node.directives.is_empty()
            && is_plain_set(&operation.node.selection_set.node, root, index)
    }) && fragments.all(|fragment| {
        let on = &fragment.node.type_condition.node.on.node;
        fragment.node.directives.is_empty()
            && is_plain_set(&fragment.node.selection_set.node, on, index)
    })
}

fn is_plain_set(set: &SelectionSet, object: &str, index: &SchemaIndex) -> bool {
    !is_of_many(set, object, index)
        && set.items.iter().all(|item| {
            item.node.directives().is_empty()
                && match &item.node {
                    Selection::Field(field) if has_exact_number(&field.node) => false,
                    Selection::Field(field) => {
                        let known = index.field(object, &field.node.name.node);
                        let below = known.map_or("", |known| &known.object);
                        is_plain_set(&field.node.selection_set.node, below, index)
                    }
                    Selection::InlineFragment(inline) => {
                        let on = condition(&inline.node).unwrap_or(object);
                        is_plain_set(&inline.node.selection_set.node, on, index)
                    }
                    Selection::FragmentSpread(_) => true,
                }
        })
}

/// True if there is a number that is kept as text: as a Float it must be converted.
fn has_exact_number(field: &Field) -> bool {
    fn is_in(value: &Value) -> bool {
        match value {
            Value::Binary(_) => true,
            Value::List(items) => items.iter().any(is_in),
            Value::Object(fields) => fields.values().any(is_in),
            _ => false,
        }
    }
    field.arguments.iter().any(|(_, value)| is_in(&value.node))
}

/// True if the object may be of one of several types, and some of what is selected is for some of
/// them only.
fn is_of_many(set: &SelectionSet, object: &str, index: &SchemaIndex) -> bool {
    let object = index.selectable(object);
    object.is_some_and(|object| object.possible.is_some())
        && set.items.iter().any(|item| match &item.node {
            Selection::Field(_) => false,
            Selection::InlineFragment(inline) => inline.node.type_condition.is_some(),
            Selection::FragmentSpread(_) => true,
        })
}

fn condition(inline: &InlineFragment) -> Option<&str> {
    let on = inline.type_condition.as_ref()?;
    Some(on.node.on.node.as_str())
}

struct DocumentWriter<'a> {
    collector: Collector<'a>,
    fragments: HashMap<Name, Positioned<FragmentDefinition>>,
    /// Fragments that are spread and not written yet.
    spread: Vec<&'a Name>,
    errors: Vec<ServerError>,
}

impl<'a> DocumentWriter<'a> {
    /// Checks that no condition of a `@skip` or `@include` is null.
    fn check_conditions(&mut self, set: &'a SelectionSet, seen: &mut HashSet<&'a Name>) {
        for item in &set.items {
            match left_out(item.node.directives(), self.collector.variables) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(at) => {
                    let message = "\"if\" of non-null type \"Boolean!\" must not be null.";
                    self.errors.push(ServerError::new(message, Some(at)));
                    continue;
                }
            }
            match &item.node {
                Selection::Field(field) => {
                    self.check_conditions(&field.node.selection_set.node, seen);
                }
                Selection::InlineFragment(inline) => {
                    self.check_conditions(&inline.node.selection_set.node, seen);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.collector.document.fragments.get(name)
                        && seen.insert(name)
                    {
                        self.check_conditions(&fragment.node.selection_set.node, seen);
                    }
                }
            }
        }
    }

    fn fragment(&mut self, name: &'a Name) {
        let Some(fragment) = self.collector.document.fragments.get(name) else {
            return;
        };
        if self.fragments.contains_key(name) {
            return;
        }
        let on = &fragment.node.type_condition;
        let written = FragmentDefinition {
            type_condition: on.clone(),
            directives: Vec::new(),
            selection_set: self.sets(&[&fragment.node.selection_set], &on.node.on.node),
        };
        let written = Positioned::new(written, fragment.pos);
        self.fragments.insert(name.clone(), written);
    }

    /// The selection set of an object of this type. For a concrete type, fields of the same name are
    /// merged, because the library would resolve them twice.
    fn sets(
        &mut self,
        sets: &[&'a Positioned<SelectionSet>],
        object: &str,
    ) -> Positioned<SelectionSet> {
        let at = sets.first().map_or_else(Pos::default, |set| set.pos);
        let known = self.collector.index.selectable(object);
        let mut items = Vec::new();
        if known.is_some_and(|known| known.possible.is_some()) {
            for set in sets {
                self.items(&set.node, object, &mut items);
            }
            if sets
                .iter()
                .any(|set| is_of_many(&set.node, object, self.collector.index))
            {
                items.push(type_marker(at));
            }
        } else {
            let mut groups = Groups::new();
            for set in sets {
                let concrete = known.map(|_| object);
                self.collector.collect(&set.node, concrete, &mut groups);
            }
            for (_, fields) in groups {
                let at = fields[0].pos;
                let field = Selection::Field(Positioned::new(self.field(&fields, object), at));
                items.push(Positioned::new(field, at));
            }
        }
        if items.is_empty() {
            items.push(type_marker(at));
        }
        Positioned::new(SelectionSet { items }, at)
    }

    /// Adds the selections of an object of one of several types.
    fn items(
        &mut self,
        set: &'a SelectionSet,
        object: &str,
        items: &mut Vec<Positioned<Selection>>,
    ) {
        for item in &set.items {
            if left_out(item.node.directives(), self.collector.variables) != Ok(false) {
                continue;
            }
            let written = match &item.node {
                Selection::Field(field) => {
                    Selection::Field(Positioned::new(self.field(&[field], object), field.pos))
                }
                Selection::InlineFragment(inline) => {
                    let on = condition(&inline.node).unwrap_or(object);
                    let written = InlineFragment {
                        type_condition: inline.node.type_condition.clone(),
                        directives: Vec::new(),
                        selection_set: self.sets(&[&inline.node.selection_set], on),
                    };
                    Selection::InlineFragment(Positioned::new(written, inline.pos))
                }
                Selection::FragmentSpread(spread) => {
                    self.spread.push(&spread.node.fragment_name.node);
                    let written = FragmentSpread {
                        fragment_name: spread.node.fragment_name.clone(),
                        directives: Vec::new(),
                    };
                    Selection::FragmentSpread(Positioned::new(written, spread.pos))
                }
            };
            items.push(Positioned::new(written, item.pos));
        }
    }

    /// Merges the fields of the same name into one.
    fn field(&mut self, fields: &[&'a Positioned<Field>], object: &str) -> Field {
        let field = &fields[0].node;
        let known = self.collector.index.field(object, &field.name.node);
        let selection_set = match known {
            Some(known) if !field.selection_set.node.items.is_empty() => {
                let sets: Vec<_> = fields
                    .iter()
                    .map(|field| &field.node.selection_set)
                    .collect();
                self.sets(&sets, &known.object)
            }
            _ => field.selection_set.clone(),
        };
        let inputs = known.map_or(&[][..], |known| &known.arguments);
        let mut arguments = Vec::with_capacity(field.arguments.len());
        for (name, value) in &field.arguments {
            let input = inputs.iter().find(|input| input.name == name.node);
            if let Some(written) = self.input(input, &value.node, value.pos) {
                arguments.push((name.clone(), Positioned::new(written, value.pos)));
            }
        }
        Field {
            alias: field.alias.clone(),
            name: field.name.clone(),
            arguments,
            directives: Vec::new(),
            selection_set,
        }
    }

    /// The value of an argument or of a field of an input object, without variables. `None` for an
    /// absent variable: the argument then counts as missing, and its default applies.
    fn input(&mut self, input: Option<&Input>, value: &Value, pos: Pos) -> Option<Value> {
        let written = self.value(input.map(|input| &input.is), value, pos)?;
        if let Some(input) = input
            && !input.is.nullable
            && written == Value::Null
        {
            let (name, is) = (&input.name, &input.is);
            let message = format!("\"{name}\" of non-null type \"{is}\" must not be null.");
            self.errors.push(ServerError::new(message, Some(pos)));
        }
        Some(written)
    }

    fn value(&mut self, is: Option<&Type>, value: &Value, pos: Pos) -> Option<Value> {
        match value {
            Value::Variable(name) => {
                let value = self.collector.variables.get(name)?;
                Some(value.clone().into_value())
            }
            Value::List(items) => {
                let inner = is.and_then(|is| match &is.base {
                    BaseType::List(inner) => Some(&**inner),
                    BaseType::Named(_) => None,
                });
                let mut written = Vec::with_capacity(items.len());
                for item in items {
                    // In a list an absent variable is null.
                    let item = self.value(inner, item, pos).unwrap_or_default();
                    if item == Value::Null && inner.is_some_and(|inner| !inner.nullable) {
                        let message = "a list of non-null values must not contain null.";
                        self.errors.push(ServerError::new(message, Some(pos)));
                    }
                    written.push(item);
                }
                Some(Value::List(written))
            }
            Value::Object(fields) => {
                let object = is.and_then(|is| self.collector.index.named(innermost(is)));
                let inputs = match object {
                    Some(NamedType::Input(object)) => &object.fields[..],
                    _ => &[],
                };
                let mut written = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    let input = inputs.iter().find(|input| input.name == *name);
                    if let Some(value) = self.input(input, value, pos) {
                        written.push((name.clone(), value));
                    }
                }
                Some(Value::Object(written.into_iter().collect()))
            }
            Value::Binary(text) => Some(scalars::exact(is.map(innermost), text).into_value()),
            plain => Some(plain.clone()),
        }
    }
}

fn type_marker(pos: Pos) -> Positioned<Selection> {
    let field = Field {
        alias: Some(Positioned::new(Name::new(TYPE_MARKER), pos)),
        name: Positioned::new(Name::new("__typename"), pos),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet::default(), pos),
    };
    Positioned::new(Selection::Field(Positioned::new(field, pos)), pos)
}
