use async_graphql::Value;
use async_graphql::parser::types::{OperationDefinition, SelectionSet};

use crate::graphql::prepare::{Collector, Groups, SchemaIndex, TYPE_MARKER};

/// Puts the members of an answer in the order of CollectFields: that of the document, through
/// fragments. The library leaves them in the order in which they were completed. What was written
/// as JSON is in order already.
pub(in crate::graphql) fn in_document_order<'a>(
    collector: Collector<'a>,
    operation: &'a OperationDefinition,
    data: &mut Value,
) {
    let root = SchemaIndex::root(operation.ty).unwrap_or_default();
    put_in_order(collector, root, &[&operation.selection_set.node], data);
}

/// `object` is the type that the schema gives what is selected from.
fn put_in_order<'a>(
    collector: Collector<'a>,
    object: &str,
    sets: &[&'a SelectionSet],
    value: &mut Value,
) {
    match value {
        // Of JSON that a scalar is, nothing is selected.
        Value::Object(_) if sets.iter().any(|set| !set.items.is_empty()) => {
            order_object(collector, object, sets, value);
        }
        Value::List(items) => {
            for item in items {
                put_in_order(collector, object, sets, item);
            }
        }
        _ => {}
    }
}

fn order_object<'a>(
    collector: Collector<'a>,
    object: &str,
    sets: &[&'a SelectionSet],
    value: &mut Value,
) {
    let Value::Object(mut members) = std::mem::take(value) else {
        return;
    };
    let concrete = match members.swap_remove(TYPE_MARKER) {
        Some(Value::String(name)) => name,
        _ => object.to_owned(),
    };
    let mut groups = Groups::with_capacity(members.len());
    for set in sets {
        collector.collect(set, Some(&concrete), &mut groups);
    }
    let mut ordered = Vec::with_capacity(members.len());
    for (key, fields) in groups {
        if let Some(mut member) = members.swap_remove(key) {
            if matches!(member, Value::Object(_) | Value::List(_)) {
                let sets: Vec<_> = fields.iter().map(|f| &f.node.selection_set.node).collect();
                let known = collector.index.field(&concrete, &fields[0].node.name.node);
                let below = known.map_or("", |known| &known.object);
                put_in_order(collector, below, &sets, &mut member);
            }
            ordered.push((key.clone(), member));
        }
    }
    *value = Value::Object(ordered.into_iter().chain(members).collect());
}
