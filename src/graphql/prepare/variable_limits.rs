//! The limits of a request's variables, checked before they are coerced.

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Value, Variables};

use crate::graphql::prepare::limits::{self, Limits, Measure};
use crate::graphql::prepare::query_meter::{MeterError, check_size};
use crate::graphql::prepare::weights::{Uses, Weights};

/// Checks the values of a document's variables. Errors: values that nest too
/// deep, or too many of them, each variable counted wherever it is used.
pub(in crate::graphql) fn check_variables(
    variables: &Variables,
    document: &ExecutableDocument,
    uses: Uses,
    limits: &Limits,
) -> Result<(), MeterError> {
    let deepest = variables.values().map(nesting).max().unwrap_or(0);
    let nesting = Measure::Nesting.check(deepest, limits::NESTING);
    nesting.map_err(MeterError::LimitExceeded)?;
    let weights = Weights::of_variables(variables, document);
    // Mostly even this is little; which variable is used how often is counted only where it is not.
    let at_most = uses
        .values
        .saturating_add(uses.variables.saturating_mul(weights.largest()));
    if at_most <= limits::VALUES {
        return Ok(());
    }
    check_size(document, &weights, limits).map(|_| ())
}

/// The depth of lists and objects, one inside the other. What reads them calls itself for each.
fn nesting(value: &Value) -> usize {
    let inner = match value {
        Value::List(items) => items.iter().map(nesting).max(),
        Value::Object(fields) => fields.values().map(nesting).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or(0)
}
