use async_graphql::parser::types::Field;
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use crate::graphql::connection::{Connection, Listed, PageArguments, opaque};
use crate::graphql::context::{actor, db};
use crate::graphql::error::answer;
use crate::graphql::execute::sync_object::SyncObject;
use crate::service::{Actor, Result, SessionId, sessions};

/// One of the viewer's own sessions.
#[derive(Clone)]
pub struct Session {
    row: sessions::Session,
    is_current: bool,
}

/// A list of sessions.
pub(super) type SessionConnection = Connection<Session>;

impl Session {
    pub(in crate::graphql) fn of(viewer: &Actor, row: sessions::Session) -> Self {
        let is_current = viewer.session == Some(row.id);
        Self { row, is_current }
    }
}

impl SyncObject for Session {
    type Child = Self;

    fn is_ready(&self, _: &Field) -> bool {
        true
    }
}

impl Listed for Session {
    type Cursor = SessionId;
    type About = SessionTotal;
}

/// A session of a user who signed in with a password. Its token is shown only by `login`.
#[Object]
impl Session {
    /// The session's id. It is no secret.
    pub async fn id(&self) -> ID {
        self.row.id.0.into()
    }

    /// When the user signed in.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When the session was last used, exact to ten minutes.
    async fn last_used_at(&self) -> DateTime<Utc> {
        self.row.last_used_at
    }

    /// When the session ends unless it is used. Each use prolongs it, written at most once in ten
    /// minutes, until 30 days after `createdAt`.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.row.expires_at
    }

    /// True if it is the session that this request was sent with.
    async fn is_current(&self) -> bool {
        self.is_current
    }
}

/// The data of a list of sessions besides its rows.
pub struct SessionTotal;

#[Object]
impl SessionTotal {
    /// The number of sessions on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<i64> {
        let count = async { sessions::count(db(ctx), actor(ctx)?).await };
        answer(ctx, count.await)
    }
}

/// A page of the viewer's own sessions.
pub(super) async fn session_connection(
    ctx: &Context<'_>,
    page: PageArguments,
) -> Result<SessionConnection> {
    let actor = actor(ctx)?;
    let slice = sessions::list(db(ctx), actor, &page.page()?).await?;
    let row = |row: sessions::Session| (row.id, Session::of(actor, row));
    Ok(Connection::new(slice, SessionTotal, opaque, row))
}
