//! From a GraphQL response to an HTTP one, as the GraphQL-over-HTTP specification has it.

use std::sync::Arc;

use async_graphql::{Response as Answer, ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::Json;
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::ext::ReasonPhrase;
use serde::Serialize;

use crate::graphql::{AnswerSize, Answered, RequestId, SMALL_ANSWER, code_of, to_json};
use crate::http::large_body::LargeBody;

/// The form that a client wants its answer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`: what a proxy could have said too, so that only 200 means an answer
    /// from GraphQL, whatever it says.
    Json,
    /// `application/graphql-response+json`: the status says how the request fared.
    GraphqlResponse,
}

impl MediaType {
    /// The best of what the client accepts; nothing if it accepts neither.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let accepted = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let accepted = accepted.collect::<Vec<_>>().join(",");
        if accepted.trim().is_empty() {
            return Some(Self::Json);
        }
        let choices = accepted.split(',').filter_map(|choice| {
            let mut parts = choice.split(';').map(str::trim);
            let media_type = match parts.next()?.to_ascii_lowercase().as_str() {
                "application/graphql-response+json" => Self::GraphqlResponse,
                "application/json" | "application/*" | "*/*" => Self::Json,
                _ => return None,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            let quality: f32 = quality.unwrap_or("1").parse().unwrap_or(0.0);
            (quality > 0.0).then_some((media_type, quality))
        });
        // Of equals the first one counts.
        let best = choices.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(media_type, _)| media_type)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// Data with errors, as GraphQL over HTTP names it; no registered status says that.
const PARTIAL_SUCCESS: u16 = 294;

/// The usual size of an answer without its data, in bytes.
const OVERHEAD: usize = 1024;

/// The response for an answer of GraphQL's, or for why it was not asked, then with a status other
/// than 200.
pub(super) fn respond(
    answered: Answered,
    status: StatusCode,
    media_type: MediaType,
    RequestId(request_id): &RequestId,
) -> Response {
    let (answer, size) = (answered.response, answered.size);
    let is_refused = is_request_error(&answer);
    let has = |code| {
        answer
            .errors
            .iter()
            .any(|error| code_of(error) == Some(code))
    };
    let status = match (status, media_type) {
        // The server's fault, not the request's.
        (StatusCode::OK, _) if is_refused && has("INTERNAL") => StatusCode::INTERNAL_SERVER_ERROR,
        (StatusCode::OK, _) if is_refused && has("TIMEOUT") => StatusCode::GATEWAY_TIMEOUT,
        (StatusCode::OK, MediaType::GraphqlResponse) if is_refused => StatusCode::BAD_REQUEST,
        (StatusCode::OK, MediaType::GraphqlResponse) if !answer.errors.is_empty() => {
            StatusCode::from_u16(PARTIAL_SUCCESS).unwrap_or(StatusCode::OK)
        }
        (status, _) => status,
    };
    let may_come_again = has("UNAVAILABLE");
    let mut response = match is_refused {
        // No operation was executed, so there is no data, not even null.
        true => Json(OnlyErrors {
            errors: &answer.errors,
        })
        .into_response(),
        false => written(answer, size),
    };
    *response.status_mut() = status;
    if status.as_u16() == PARTIAL_SUCCESS {
        let reason = ReasonPhrase::from_static(b"Partial Success");
        response.extensions_mut().insert(reason);
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type.as_str()));
    if may_come_again {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", value);
    }
    response
}

fn written(answer: Answer, size: Option<Arc<AnswerSize>>) -> Response {
    // By the library's responder it would be written once more, without what is written already.
    let GraphQLResponse(answer) = answer.into();
    let written = size.as_ref().map_or(0, |size| size.written());
    let json = to_json(&answer, written + OVERHEAD);
    match size.filter(|_| json.len() > SMALL_ANSWER) {
        Some(size) => Body::new(LargeBody::new(json.into(), size)).into_response(),
        None => json.into_response(),
    }
}

#[derive(Serialize)]
struct OnlyErrors<'a> {
    errors: &'a [ServerError],
}

/// Tells whether the request itself was wrong: a field that fails says which one it is.
fn is_request_error(answer: &Answer) -> bool {
    answer.data == Value::Null
        && !answer.errors.is_empty()
        && answer.errors.iter().all(|error| error.path.is_empty())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::MediaType;

    fn chosen(accept: &'static str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static(accept));
        MediaType::of(&headers)
    }

    #[test]
    fn the_client_gets_the_form_it_likes_best() {
        use MediaType::{GraphqlResponse, Json};
        assert_eq!(MediaType::of(&HeaderMap::new()), Some(Json));
        assert_eq!(chosen("*/*"), Some(Json));
        assert_eq!(
            chosen("application/graphql-response+json, application/json;q=0.9"),
            Some(GraphqlResponse)
        );
        assert_eq!(
            chosen("application/graphql-response+json;q=0.5, application/json"),
            Some(Json)
        );
        assert_eq!(chosen("text/html"), None);
        assert_eq!(chosen("application/json;q=0"), None);
    }
}
