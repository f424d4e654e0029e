use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::{Object, ObjectType, OutputType, SimpleObject, TypeName};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::graphql::context::both;
use crate::graphql::execute::raw_json::Leaf;
use crate::graphql::execute::sync_object::{ChildOf, FieldWriter, RawList, RawObject, SyncObject};
use crate::service::page::{Page, PageResult};
use crate::service::validation::FieldErrors;
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
    /// Errors: `InvalidData` for broken cursors and for what [`Page::from_arguments`] refuses.
    pub(super) fn page<P: DeserializeOwned>(self) -> Result<Page<P>> {
        let decoded = |name, cursor: Option<String>| cursor.map(|c| decode(name, &c)).transpose();
        let cursors = both(decoded("after", self.after), decoded("before", self.before));
        let mut faults = FieldErrors::default();
        let (after, before) = faults.absorb(cursors)?.unwrap_or_default();
        let page = Page::from_arguments(self.first, after, self.last, before, self.offset);
        match faults.absorb(page)? {
            Some(page) if faults.is_empty() => Ok(page),
            _ => Err(faults.into()),
        }
    }
}

/// A type that can be listed page by page.
pub trait Listed: SyncObject + 'static {
    /// The position of a row in the list.
    type Cursor: Send + Sync;
    /// The data of the list besides its rows.
    type About: ObjectType;
}

/// A page of a list: a connection of the Relay specification.
pub struct Connection<N: Listed> {
    edges: Vec<RawObject<Edge<N>>>,
    has_previous: bool,
    has_next: bool,
    about: N::About,
}

/// A row of a list.
pub struct Edge<N: Listed> {
    node: RawObject<N>,
    cursor: N::Cursor,
    encode: fn(&N::Cursor) -> String,
}

/// The position of a page in its list.
#[derive(SimpleObject)]
pub struct PageInfo {
    /// True if there are rows before the page.
    has_previous_page: bool,
    /// True if there are rows after the page.
    has_next_page: bool,
    /// The first row's cursor, to page backwards with `before`; null if the page is empty.
    start_cursor: Option<String>,
    /// The last row's cursor, to page forwards with `after`; null if the page is empty.
    end_cursor: Option<String>,
}

impl<N: Listed> Connection<N> {
    /// The page of these rows. `encode` is asked only for rows whose cursor the client names.
    pub(super) fn new<T>(
        page: PageResult<T>,
        about: N::About,
        encode: fn(&N::Cursor) -> String,
        row: impl Fn(T) -> (N::Cursor, N),
    ) -> Self {
        let edge = |(cursor, node)| {
            RawObject(Edge {
                node: RawObject(node),
                cursor,
                encode,
            })
        };
        Self {
            edges: page.rows.into_iter().map(row).map(edge).collect(),
            has_previous: page.has_previous,
            has_next: page.has_next,
            about,
        }
    }
}

/// A page of a list.
#[Object(name_type)]
impl<N: Listed> Connection<N> {
    /// The rows of the page, each with its cursor.
    async fn edges(&self) -> RawList<'_, Edge<N>> {
        RawList(self.edges.iter().collect())
    }

    /// The rows of the page.
    async fn nodes(&self) -> RawList<'_, N> {
        RawList(self.edges.iter().map(|edge| &edge.0.node).collect())
    }

    /// The position of the page in its list.
    async fn page_info(&self) -> PageInfo {
        let cursor = |edge: &RawObject<Edge<N>>| (edge.0.encode)(&edge.0.cursor);
        PageInfo {
            has_previous_page: self.has_previous,
            has_next_page: self.has_next,
            start_cursor: self.edges.first().map(cursor),
            end_cursor: self.edges.last().map(cursor),
        }
    }

    #[graphql(flatten)]
    async fn about(&self) -> &N::About {
        &self.about
    }
}

/// A row of a list, with its position.
#[Object(name_type)]
impl<N: Listed> Edge<N> {
    /// The row.
    async fn node(&self) -> &RawObject<N> {
        &self.node
    }

    /// The row's position in the list, for `after` and `before`. Opaque: its format may change.
    async fn cursor(&self) -> String {
        (self.encode)(&self.cursor)
    }
}

impl<N: Listed> SyncObject for Edge<N> {
    type Child = N;

    fn is_ready(&self, field: &Field) -> bool {
        field.name.node != "node" || self.node.0.are_ready(&field.selection_set.node)
    }

    fn writer(field: &str) -> Option<FieldWriter<Self>> {
        (field == "cursor").then_some(|edge, json| (edge.encode)(&edge.cursor).write(json))
    }

    fn child(field: &str) -> Option<ChildOf<Self>> {
        (field == "node").then_some(|edge| Some(Some(&edge.node.0)))
    }
}

impl<N: Listed> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", <N as OutputType>::type_name()).into()
    }
}

impl<N: Listed> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", <N as OutputType>::type_name()).into()
    }
}

/// Opaque on purpose: the format of a cursor may change.
pub(super) fn opaque(position: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

fn decode<P: DeserializeOwned>(argument: &str, cursor: &str) -> Result<P> {
    let broken = || ServiceError::invalid(argument, "is not a cursor of this list");
    let text = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| broken())?;
    serde_json::from_slice(&text).map_err(|_| broken())
}
