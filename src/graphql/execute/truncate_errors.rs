//! Errors as many and as long as a client can use: a document of a few kilobytes that is wrong
//! everywhere would else be answered with megabytes.

use async_graphql::{Response, ServerError, Value};

use crate::graphql::prepare::limits::{self, Limits};

/// Keeps the first errors; the last one of them says how many more there were, `untold` among them.
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

/// Leaves out the middle: a message begins with what is wrong and ends with what was expected.
pub(in crate::graphql) fn truncate_message(error: &mut ServerError, most: usize) {
    let message = &mut error.message;
    // Most messages are short, and then their bytes are enough to see it.
    if message.len() <= most || message.chars().count() <= most {
        return;
    }
    let tail = most / 2;
    let head = most - tail - 1;
    let start = message.char_indices().nth(head).map_or(0, |(at, _)| at);
    let end = message.char_indices().nth_back(tail.saturating_sub(1));
    let end = end.map_or(message.len(), |(at, _)| at).max(start);
    message.replace_range(start..end, "…");
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
