//! Converts the library's response to the specified one: its shape, the order of its members, and the
//! number and length of its errors.

use async_graphql::parser::types::{BaseType, OperationDefinition, SelectionSet, Type};
use async_graphql::{Name, PathSegment, Response, ServerError, Value};

use crate::graphql::error::code_of;
use crate::graphql::execute::raw_json::is_left_out;
use crate::graphql::prepare::limits::{self, Limits, truncate_message};
use crate::graphql::prepare::{Collector, Groups, SchemaIndex, TYPE_MARKER};

/// Gives the answer the shape of the schema if an argument of a custom scalar was invalid, which only its
/// resolver finds: a query fails as a whole; of a change the field is null. Faults that validation and
/// the coercion of variables find are refused before anything runs.
pub(in crate::graphql) fn normalize_response(is_change: bool, answer: Response) -> Response {
    let is_late = |error: &ServerError| code_of(error).is_none() && !error.path.is_empty();
    if !answer.errors.iter().any(is_late) {
        return answer;
    }
    let mut answer = answer;
    match &mut answer.data {
        Value::Object(data) if is_change => {
            for error in answer.errors.iter().filter(|error| is_late(error)) {
                if let Some(PathSegment::Field(field)) = error.path.first() {
                    data.entry(Name::new(field)).or_insert(Value::Null);
                }
            }
            answer
        }
        _ => {
            let mut errors = answer.errors;
            errors.retain(is_late);
            for error in &mut errors {
                error.path.clear();
            }
            Response::from_errors(errors)
        }
    }
}

/// Keeps the first errors, because a document of a few kilobytes that is wrong everywhere would cause
/// megabytes of them; the last one gives the number of the others, with `untold`.
pub(in crate::graphql) fn truncate_errors(answer: &mut Response, limits: &Limits, untold: usize) {
    let errors = &mut answer.errors;
    let omitted = errors.len().saturating_sub(limits.errors) + untold;
    errors.truncate(limits.errors);
    for error in errors.iter_mut() {
        truncate_message(error, limits::ERROR_LENGTH);
    }
    if let Some(last) = errors.last_mut().filter(|_| omitted > 0) {
        let extensions = last.extensions.get_or_insert_default();
        extensions.set("omittedErrors", Value::from(omitted));
    }
}

/// The fields of an answer that were left out, because it would have become too large.
#[derive(Debug, Default)]
pub(in crate::graphql) struct LeftOut {
    /// The paths of the first left-out fields.
    pub(in crate::graphql) paths: Vec<Vec<PathSegment>>,
    /// The number of all left-out fields.
    pub(in crate::graphql) count: usize,
}

/// Completes an answer by the specification. Its members get the order of CollectFields, while the
/// library leaves them in the order of completion. A field that failed or was left out is null, and
/// the null propagates to the next nullable parent. Values that were written as JSON are complete
/// already. Reports at most `most` of the left-out fields.
pub(in crate::graphql) fn complete<'a>(
    collector: Collector<'a>,
    operation: &'a OperationDefinition,
    data: &mut Value,
    most: usize,
) -> LeftOut {
    let root = SchemaIndex::root(operation.ty).unwrap_or_default();
    let mut completion = Completion {
        collector,
        most,
        left_out: LeftOut::default(),
    };
    completion.value(root, &[&operation.selection_set.node], data, None);
    completion.left_out
}

struct Completion<'a> {
    collector: Collector<'a>,
    most: usize,
    left_out: LeftOut,
}

/// The path of a value in the answer.
struct PathNode<'p> {
    parent: Option<&'p PathNode<'p>>,
    segment: Segment<'p>,
}

enum Segment<'p> {
    Field(&'p str),
    Index(usize),
}

impl<'a> Completion<'a> {
    /// Completes a field's value, of this type. Returns true for a null that the type forbids.
    fn field(
        &mut self,
        is: &Type,
        object: &str,
        sets: &[&'a SelectionSet],
        value: &mut Value,
        place: &PathNode<'_>,
    ) -> bool {
        if is_left_out(value) {
            self.note(place);
            *value = Value::Null;
        }
        match (&is.base, &mut *value) {
            (BaseType::List(of), Value::List(items)) => {
                let mut is_broken = false;
                for (index, item) in items.iter_mut().enumerate() {
                    let parent = Some(place);
                    let segment = Segment::Index(index);
                    is_broken |= self.field(of, object, sets, item, &PathNode { parent, segment });
                }
                if is_broken {
                    *value = Value::Null;
                }
            }
            _ => self.value(object, sets, value, Some(place)),
        }
        !is.nullable && *value == Value::Null
    }

    /// Completes a value. `object` is the schema's type of the selection's object.
    fn value(
        &mut self,
        object: &str,
        sets: &[&'a SelectionSet],
        value: &mut Value,
        place: Option<&PathNode<'_>>,
    ) {
        // An object that is a JSON scalar has no selection set.
        let is_selected_from = sets.iter().any(|set| !set.items.is_empty());
        if matches!(value, Value::Object(_)) && is_selected_from {
            self.object(object, sets, value, place);
        }
    }

    fn object(
        &mut self,
        object: &str,
        sets: &[&'a SelectionSet],
        value: &mut Value,
        place: Option<&PathNode<'_>>,
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
            self.collector.collect(set, Some(&concrete), &mut groups);
        }
        let mut ordered = Vec::with_capacity(groups.len());
        for (key, fields) in groups {
            let name = &fields[0].node.name.node;
            // A field that failed is missing.
            let mut member = members.swap_remove(key).unwrap_or_default();
            let sets: Vec<_> = match &member {
                Value::Object(_) | Value::List(_) => {
                    fields.iter().map(|f| &f.node.selection_set.node).collect()
                }
                _ => Vec::new(),
            };
            if let Some(known) = self.collector.index.field(&concrete, name) {
                let segment = Segment::Field(key);
                let place = PathNode {
                    parent: place,
                    segment,
                };
                let is_broken = self.field(&known.is, &known.object, &sets, &mut member, &place);
                // A caller who may not introspect gets null, and an error elsewhere.
                if is_broken && !name.starts_with("__") {
                    return;
                }
            }
            ordered.push((key.clone(), member));
        }
        *value = Value::Object(ordered.into_iter().chain(members).collect());
    }

    fn note(&mut self, place: &PathNode<'_>) {
        self.left_out.count += 1;
        if self.left_out.paths.len() < self.most {
            self.left_out.paths.push(place.path());
        }
    }
}

impl PathNode<'_> {
    fn path(&self) -> Vec<PathSegment> {
        let mut path = self.parent.map(PathNode::path).unwrap_or_default();
        path.push(match self.segment {
            Segment::Field(name) => PathSegment::Field(name.to_owned()),
            Segment::Index(index) => PathSegment::Index(index),
        });
        path
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Response, ServerError, Value};

    use super::truncate_errors;
    use crate::graphql::prepare::limits::Limits;

    #[test]
    fn many_long_errors_become_few_short_ones() {
        let limits = Limits::default();
        let long = format!("begin {} end", "ü".repeat(1_000));
        let errors = (0..37).map(|_| ServerError::new(long.clone(), None));
        let mut answer = Response::from_errors(errors.collect());
        truncate_errors(&mut answer, &limits, 5);
        assert_eq!(answer.errors.len(), 10);
        for error in &answer.errors {
            assert_eq!(error.message.chars().count(), 300);
            assert!(error.message.starts_with("begin ü") && error.message.ends_with("ü end"));
        }
        let omitted = |index: usize| {
            let extensions = answer.errors[index].extensions.as_ref();
            extensions.and_then(|extensions| extensions.get("omittedErrors"))
        };
        assert_eq!((omitted(0), omitted(9)), (None, Some(&Value::from(32))));
    }

    #[test]
    fn short_errors_stay_as_they_are() {
        let limits = Limits::default();
        let message = "ü".repeat(300);
        let mut answer = Response::from_errors(vec![ServerError::new(message.clone(), None)]);
        truncate_errors(&mut answer, &limits, 0);
        assert_eq!(answer.errors[0].message, message);
        assert_eq!(answer.errors[0].extensions, None);
    }
}
