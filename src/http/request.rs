//! From an HTTP request to a GraphQL request, by the GraphQL-over-HTTP specification.

use async_graphql::Value;
use axum::http::{HeaderName, HeaderValue, StatusCode};

use crate::graphql::Parameters;

/// The reason why a request was rejected before it reached GraphQL.
#[derive(Clone)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Extensions of the error besides its code.
    pub(super) details: Vec<(&'static str, Value)>,
    /// The header that HTTP requires with this status.
    pub(super) header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
            header: None,
        }
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }
}

/// Reads the body of a POST: one object. A list is refused, because serde would read it as the members
/// of an object, in their order.
pub(super) fn from_body(body: &[u8]) -> Result<Parameters, Refusal> {
    match body.iter().find(|byte| !b" \t\r\n".contains(byte)) {
        Some(b'{') => {}
        Some(b'[') => {
            let message = "batches are not taken: the body must be one JSON object, not a list; send \
                           each operation in a request of its own";
            return Err(bad_request(message));
        }
        None => return Err(bad_request("the body is empty")),
        Some(_) => return Err(bad_request("the body must be a JSON object with a query")),
    }
    serde_json::from_slice(body).map_err(|error| {
        bad_request(format!(
            "the body is not a GraphQL request in JSON: {error}"
        ))
    })
}

/// Reads the query string of a GET.
pub(super) fn from_query(pairs: &[(String, String)]) -> Result<Parameters, Refusal> {
    let text = |name: &str| {
        pairs
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
    };
    let object = |name: &str| match text(name).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| bad_request(format!("{name} is not a JSON object: {error}"))),
    };
    Ok(Parameters {
        query: text("query"),
        operation_name: text("operationName").filter(|name| !name.is_empty()),
        variables: object("variables")?,
        extensions: object("extensions")?,
    })
}

pub(super) fn bad_request(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
}
