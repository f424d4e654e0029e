use async_graphql::connection::{Connection, Edge, EmptyFields};
use async_graphql::{ObjectType, OutputType};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::service::page::{Page, Slice};
use crate::service::{Result, ServiceError};

/// The paging arguments of a list, as a client gives them.
#[derive(Default)]
pub(super) struct PageArguments {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub offset: Option<i32>,
}

impl PageArguments {
    /// Errors: `InvalidData` for a broken cursor and for what [`Page::from_arguments`] refuses.
    pub(super) fn page<P: DeserializeOwned>(self) -> Result<Page<P>> {
        let after = self
            .after
            .map(|cursor| place("after", &cursor))
            .transpose()?;
        let before = self
            .before
            .map(|cursor| place("before", &cursor))
            .transpose()?;
        Page::from_arguments(self.first, after, self.last, before, self.offset)
    }
}

/// A page as a Relay connection, each row with its cursor.
pub(super) fn connection<T, P: Serialize, N: OutputType, F: ObjectType>(
    slice: Slice<T>,
    fields: F,
    place: impl Fn(&T) -> P,
    node: impl Fn(T) -> N,
) -> Connection<String, N, F> {
    let mut connection =
        Connection::with_additional_fields(slice.has_previous, slice.has_next, fields);
    connection.edges.extend(slice.rows.into_iter().map(|row| {
        let cursor = cursor(&place(&row));
        Edge::<String, N, EmptyFields>::new(cursor, node(row))
    }));
    connection
}

/// Opaque on purpose: what is in a cursor may change.
fn cursor(place: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
}

fn place<P: DeserializeOwned>(argument: &str, cursor: &str) -> Result<P> {
    let broken = || ServiceError::invalid(argument, "is not a cursor of this list");
    let text = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| broken())?;
    serde_json::from_slice(&text).map_err(|_| broken())
}
