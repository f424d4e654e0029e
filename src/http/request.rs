//! From an HTTP request to a GraphQL one, as the GraphQL-over-HTTP specification has it.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Pos, Request, Value, Variables};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::graphql::{Cost, LimitExceeded, Schema, Unusable, read_object};

/// Why a request was turned away before GraphQL saw it.
#[derive(Clone)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// The fault's places in the document, if it is in it.
    pub(super) locations: Vec<Pos>,
    /// Extensions of the error besides its code.
    pub(super) details: Vec<(&'static str, Value)>,
    /// The header that HTTP wants with this status.
    pub(super) header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            locations: Vec::new(),
            details: Vec::new(),
            header: None,
        }
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }
}

/// The members of a body or a query string. Others are allowed and mean nothing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Box<RawValue>>,
    extensions: Option<Box<RawValue>>,
}

/// Reads the body of a POST: one object. A list would otherwise be taken for the members of one, in
/// their order.
pub(super) fn from_body(schema: &Schema, body: &[u8]) -> Result<Request, Refusal> {
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
    let parameters: Parameters = serde_json::from_slice(body).map_err(|error| {
        bad_request(format!(
            "the body is not a GraphQL request in JSON: {error}"
        ))
    })?;
    parameters.request(schema)
}

/// Reads the query string of a GET.
pub(super) fn from_query(schema: &Schema, pairs: &[(String, String)]) -> Result<Request, Refusal> {
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
    Parameters {
        query: text("query"),
        operation_name: text("operationName").filter(|name| !name.is_empty()),
        variables: object("variables")?,
        extensions: object("extensions")?,
    }
    .request(schema)
}

impl Parameters {
    fn request(self, schema: &Schema) -> Result<Request, Refusal> {
        let is_given = self.query.is_some();
        let variables = object("variables", self.variables)?;
        let extensions = object("extensions", self.extensions)?.into_iter();
        let mut request = Request::new(self.query.unwrap_or_default())
            .variables(Variables::from_value(Value::Object(variables)));
        request.operation_name = self.operation_name;
        request.extensions.0 = extensions
            .map(|(name, value)| (name.to_string(), value))
            .collect();
        if !is_given && !request.extensions.contains_key("persistedQuery") {
            return Err(bad_request("the query is missing"));
        }
        schema.read(&mut request).map_err(Refusal::from)?;
        Ok(request)
    }
}

/// A member of the request that must be an object, if it is there.
fn object(name: &str, member: Option<Box<RawValue>>) -> Result<IndexMap<Name, Value>, Refusal> {
    let Some(text) = member else {
        return Ok(IndexMap::new());
    };
    read_object(text.get())
        .map_err(|error| bad_request(format!("{name} is not a JSON object: {error}")))
}

impl From<Unusable> for Refusal {
    fn from(unusable: Unusable) -> Self {
        // What the schema would find wrong, or may be right elsewhere, is answered as GraphQL's.
        let (status, code, message) = match &unusable {
            Unusable::Unreadable(error) => {
                (200, "GRAPHQL_VALIDATION_FAILED", error.message.clone())
            }
            Unusable::TooLarge(excess) => (400, "DOCUMENT_TOO_LARGE", excess.to_string()),
            Unusable::TooExpensive(Cost { requested, limit }) => {
                let message = format!("the query costs {requested}, the limit is {limit}");
                (400, "COST_LIMIT_EXCEEDED", message)
            }
            Unusable::Cycle(fragment) => {
                let message = format!("the fragment {fragment} spreads itself");
                (200, "GRAPHQL_VALIDATION_FAILED", message)
            }
            Unusable::NotTrusted => {
                let message = "only the documents that the operator trusts are answered";
                (200, "DOCUMENT_NOT_TRUSTED", message.to_owned())
            }
            // Apollo's clients know it by these words; it is the usual first step, not a fault.
            Unusable::NotFound => {
                let message = "PersistedQueryNotFound".to_owned();
                (200, "PERSISTED_QUERY_NOT_FOUND", message)
            }
            Unusable::Misnamed(message) => (400, "BAD_REQUEST", (*message).to_owned()),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let locations = match &unusable {
            Unusable::Unreadable(error) => error.locations.clone(),
            _ => Vec::new(),
        };
        Self {
            locations,
            details: details(unusable),
            ..Self::new(status, code, message)
        }
    }
}

/// The error's extensions about a limit.
fn details(unusable: Unusable) -> Vec<(&'static str, Value)> {
    match unusable {
        Unusable::TooLarge(LimitExceeded {
            measure,
            found,
            most,
        }) => vec![
            ("limit", measure.name().into()),
            ("found", found.into()),
            ("most", most.into()),
        ],
        Unusable::TooExpensive(cost) => vec![("cost", cost.into())],
        _ => Vec::new(),
    }
}

pub(super) fn bad_request(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
}
