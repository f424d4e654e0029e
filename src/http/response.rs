//! From a GraphQL response to an HTTP response, by the GraphQL-over-HTTP specification.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::ext::ReasonPhrase;

use crate::graphql::{Answer, Outcome, RequestId};
use crate::http::large_body::LargeBody;

/// The media type that a client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`: a proxy could send it, too, so that an answer from GraphQL always has the
    /// status 200, even with errors.
    Json,
    /// `application/graphql-response+json`: the status tells the outcome of the request.
    GraphqlResponse,
}

impl MediaType {
    /// The preferred one that the client accepts; `None` if it accepts neither.
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
        // Of equal weights the first one counts.
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

/// The status of data with errors in GraphQL over HTTP; it is not a registered status.
const PARTIAL_SUCCESS: u16 = 294;

/// The status of an answer with this media type.
pub(super) fn status_of(outcome: Outcome, media_type: MediaType) -> StatusCode {
    match (outcome, media_type) {
        (Outcome::PartialSuccess, MediaType::GraphqlResponse) => {
            StatusCode::from_u16(PARTIAL_SUCCESS).unwrap_or(StatusCode::OK)
        }
        (Outcome::Refused, MediaType::GraphqlResponse) => StatusCode::BAD_REQUEST,
        (Outcome::Success | Outcome::PartialSuccess | Outcome::Refused, _) => StatusCode::OK,
        (Outcome::Malformed, _) => StatusCode::BAD_REQUEST,
        (Outcome::NotAQuery, _) => StatusCode::METHOD_NOT_ALLOWED,
        (Outcome::Unavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
        (Outcome::TimedOut, _) => StatusCode::GATEWAY_TIMEOUT,
        (Outcome::Defect, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The response with an answer of GraphQL, or with a refusal in the same form.
pub(super) fn respond(
    answer: Answer,
    status: StatusCode,
    media_type: MediaType,
    RequestId(request_id): &RequestId,
) -> Response {
    let may_be_repeated = answer.may_be_repeated();
    let mut response = match answer.turn {
        Some(turn) => Body::new(LargeBody::new(answer.json.into(), turn)).into_response(),
        None => answer.json.into_response(),
    };
    *response.status_mut() = status;
    if status.as_u16() == PARTIAL_SUCCESS {
        let reason = ReasonPhrase::from_static(b"Partial Success");
        response.extensions_mut().insert(reason);
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type.as_str()));
    if may_be_repeated {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", value);
    }
    response
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
