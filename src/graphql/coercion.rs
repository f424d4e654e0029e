//! Arguments fit their types before anything runs.
//!
//! By itself the library looks at most of that when it comes to a field: the changes before it are
//! made by then, and the field is missing from the answer.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::Directive;
use async_graphql::registry::{MetaType, Registry};
use async_graphql::{
    ContextDirective, CustomDirective, CustomDirectiveFactory, InputType, Name, PathSegment,
    Response, ServerError, ServerResult, Value,
};
use chrono::{DateTime, Utc};

use crate::graphql::error::code_of;
use crate::graphql::timeline::Position;

/// Has the validation look into the scalars that it takes as they come.
///
/// A directive is what the library lets reach into the table of types. It is not one of the
/// schema's: no document can use it.
pub(super) struct StrictScalars;

impl CustomDirectiveFactory for StrictScalars {
    fn name(&self) -> Cow<'static, str> {
        "strictScalars".into()
    }

    fn register(&self, registry: &mut Registry) {
        strict::<i32>(registry);
        strict::<DateTime<Utc>>(registry);
        strict::<Position>(registry);
    }

    fn create(
        &self,
        _: &ContextDirective<'_>,
        directive: &Directive,
    ) -> ServerResult<Box<dyn CustomDirective>> {
        let message = format!("Unknown directive \"{}\"", directive.name.node);
        Err(ServerError::new(message, Some(directive.name.pos)))
    }
}

fn strict<T: InputType>(registry: &mut Registry) {
    if let Some(MetaType::Scalar { is_valid, .. }) = registry.types.get_mut(&*T::type_name()) {
        *is_valid = Some(Arc::new(|value| T::parse(Some(value.clone())).is_ok()));
    }
}

/// Gives the answer the shape that the schema promises where an argument that does not fit was
/// found on the way all the same: a query was asked in vain; of a change the field is null.
pub(super) fn settle(is_change: bool, answer: Response) -> Response {
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
