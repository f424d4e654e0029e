use std::panic::resume_unwind;
use std::sync::Arc;

use async_graphql::{Name, PathSegment, Pos, Response, ServerError, Value};
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::graphql::context::RequestId;
use crate::graphql::error::{code_of, mark, transport_error};
use crate::graphql::execute::answer_size::{AnswerSize, SMALL_ANSWER};
use crate::graphql::execute::raw_json::to_json;
use crate::graphql::prepare::{Cost, LimitExceeded, Unusable};
use crate::service::ServiceError;

/// The usual size of an answer without its data, in bytes.
const OVERHEAD: usize = 1024;
/// The most refused introspection fields that are reported: answers have few errors.
const MOST_TOLD: usize = 10;

/// The answer to a request, as JSON, and what a transport must know of it.
pub struct Answer {
    /// The outcome, by which a transport chooses its status.
    pub outcome: Outcome,
    /// The codes of its errors.
    pub codes: Vec<String>,
    /// The answer.
    pub json: Vec<u8>,
    /// The turn of a large answer, for as long as it is being sent.
    pub turn: Option<AnswerTurn>,
}

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was executed.
    Success,
    /// It was executed, and some of it failed.
    PartialSuccess,
    /// It was not executed: the document, or the variables, are not what the API takes.
    Refused,
    /// It was not executed: it is no GraphQL request, or asks for too much.
    Malformed,
    /// It was not executed: it is a change where only queries are answered.
    NotAQuery,
    /// It was not executed: the database, or the identity provider, cannot be reached.
    Unavailable,
    /// It took too long.
    TimedOut,
    /// The server has a defect.
    Defect,
}

/// Holds a large answer's turn among those that are being sent.
pub struct AnswerTurn {
    _size: Arc<AnswerSize>,
}

/// The answer where no operation was executed: there is no data, not even null.
#[derive(Serialize)]
struct OnlyErrors<'a> {
    errors: &'a [ServerError],
}

impl Answer {
    /// The answer to a request that the transport itself rejects with this code.
    pub fn turned_away(
        code: &str,
        message: String,
        details: Vec<(&'static str, Value)>,
        request_id: &RequestId,
    ) -> Self {
        let error = ServerError::new(message, None);
        Self::refusal(Outcome::Malformed, error, code, details, request_id)
    }

    /// The answer where the operation failed without a result.
    pub(super) fn failed(error: &ServiceError, request_id: &RequestId) -> Self {
        let outcome = match error {
            ServiceError::Unavailable(_) | ServiceError::ProviderUnavailable(_) => {
                Outcome::Unavailable
            }
            ServiceError::TimedOut(_) => Outcome::TimedOut,
            _ => Outcome::Defect,
        };
        Self::only_errors(outcome, &[transport_error(error, request_id)])
    }

    /// The answer of an execution. A large one is serialized on a blocking thread, so that it does
    /// not hold up the threads that answer requests.
    pub(super) async fn executed(response: Response, size: Option<Arc<AnswerSize>>) -> Self {
        let Some(size) = size else {
            return Self::of(&response, None);
        };
        if !size.is_large() {
            return Self::of(&response, Some(size));
        }
        let counted = Arc::clone(&size);
        let written = spawn_blocking(move || Self::of(&response, Some(counted))).await;
        size.end_turn().await;
        written.unwrap_or_else(|panic| resume_unwind(panic.into_panic()))
    }

    fn of(response: &Response, size: Option<Arc<AnswerSize>>) -> Self {
        if is_request_error(response) {
            let has = |code| response.errors.iter().any(|of| code_of(of) == Some(code));
            // The first two are the server's fault, not the request's.
            let outcome = match () {
                () if has("INTERNAL") => Outcome::Defect,
                () if has("TIMEOUT") => Outcome::TimedOut,
                () => Outcome::Refused,
            };
            return Self::only_errors(outcome, &response.errors);
        }
        let written = size.as_ref().map_or(0, |size| size.written());
        let json = to_json(response, written + OVERHEAD);
        let size = size.filter(|_| json.len() > SMALL_ANSWER);
        Self {
            outcome: match response.errors.is_empty() {
                true => Outcome::Success,
                false => Outcome::PartialSuccess,
            },
            codes: codes(&response.errors),
            json,
            turn: size.map(|_size| AnswerTurn { _size }),
        }
    }

    fn only_errors(outcome: Outcome, errors: &[ServerError]) -> Self {
        Self {
            outcome,
            codes: codes(errors),
            json: to_json(&OnlyErrors { errors }, OVERHEAD),
            turn: None,
        }
    }

    fn refusal(
        outcome: Outcome,
        mut error: ServerError,
        code: &str,
        details: Vec<(&'static str, Value)>,
        request_id: &RequestId,
    ) -> Self {
        mark(&mut error, code, request_id);
        for (name, detail) in details {
            error.extensions.get_or_insert_default().set(name, detail);
        }
        Self::only_errors(outcome, &[error])
    }

    /// The answer to a request whose document is not answered.
    pub(super) fn unusable(unusable: Unusable, request_id: &RequestId) -> Self {
        // A fault that validation would find, or a valid document that is not allowed here, is a GraphQL error.
        let (refused, malformed) = (Outcome::Refused, Outcome::Malformed);
        let invalid = "GRAPHQL_VALIDATION_FAILED";
        let mut details = Vec::new();
        let error = |message: String| ServerError::new(message, None);
        let (outcome, code, error) = match unusable {
            Unusable::Malformed(message) => (malformed, "BAD_REQUEST", error(message)),
            Unusable::NotAQuery => {
                let message = "by GET only queries are answered".to_owned();
                (Outcome::NotAQuery, "BAD_REQUEST", error(message))
            }
            Unusable::Unreadable(error) => (refused, invalid, error),
            Unusable::TooLarge(excess) => {
                details = limit(&excess);
                (malformed, "DOCUMENT_TOO_LARGE", error(excess.to_string()))
            }
            Unusable::TooExpensive(cost) => {
                details = vec![("cost", cost.into())];
                let Cost { requested, limit } = cost;
                let message = format!("the query costs {requested}, the limit is {limit}");
                (malformed, "COST_LIMIT_EXCEEDED", error(message))
            }
            Unusable::Cycle(fragment) => {
                let message = format!("the fragment {fragment} spreads itself");
                (refused, invalid, error(message))
            }
            Unusable::NotTrusted => {
                let message = "only the documents that the operator trusts are answered";
                (refused, "DOCUMENT_NOT_TRUSTED", error(message.to_owned()))
            }
            // Apollo's clients know it by these words; it is the usual first step, not a fault.
            Unusable::NotFound => {
                let message = "PersistedQueryNotFound".to_owned();
                (refused, "PERSISTED_QUERY_NOT_FOUND", error(message))
            }
            Unusable::Misnamed(message) => (malformed, "BAD_REQUEST", error(message.to_owned())),
        };
        Self::refusal(outcome, error, code, details, request_id)
    }

    /// True if the same request may be answered in a moment.
    pub fn may_be_repeated(&self) -> bool {
        self.codes.iter().any(|code| code == "UNAVAILABLE")
    }
}

/// The error's extensions about a limit.
fn limit(excess: &LimitExceeded) -> Vec<(&'static str, Value)> {
    vec![
        ("limit", excess.measure.name().into()),
        ("found", excess.found.into()),
        ("most", excess.most.into()),
    ]
}

fn codes(errors: &[ServerError]) -> Vec<String> {
    let codes = errors.iter().filter_map(code_of);
    codes.map(str::to_owned).collect()
}

/// True if the request itself was wrong: the error of a field has a path.
fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// Adds an error for each of these introspection fields that was executed and refused: the library
/// leaves null there without an error.
pub(super) fn refuse_introspection(
    questions: &[(Name, Pos)],
    response: &mut Response,
    request_id: &RequestId,
) {
    let Value::Object(data) = &response.data else {
        return;
    };
    for (key, at) in questions.iter().take(MOST_TOLD) {
        if data.get(key) != Some(&Value::Null) {
            continue;
        }
        let denied = "only an administrator may ask about the schema";
        let denied = ServiceError::PermissionDenied(denied.to_owned());
        let mut error = transport_error(&denied, request_id);
        error.locations = vec![*at];
        error.path = vec![PathSegment::Field(key.to_string())];
        response.errors.push(error);
    }
}
