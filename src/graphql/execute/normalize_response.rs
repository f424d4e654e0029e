//! Arguments that are found not to fit their types when a field comes to read them: of scalars that
//! only their resolvers know. What validation and the coercion of variables can see is refused
//! before anything runs.

use async_graphql::{Name, PathSegment, Response, ServerError, Value};

use crate::graphql::error::code_of;

/// Gives the answer the shape that the schema promises where an argument that does not fit was
/// found on the way all the same: a query was asked in vain; of a change the field is null.
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
