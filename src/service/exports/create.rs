use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use crate::db::schema::exports;
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::clock::now;
use crate::service::command::{Answer, Command};
use crate::service::exports::ExportSelection;
use crate::service::permission::Action;
use crate::service::{Actor, OpaqueToken, Result, ServiceError, TokenKind};

/// An export can be downloaded for so long.
const LASTS: TimeDelta = TimeDelta::hours(1);

/// Notes a selection of leads that its maker may download.
#[derive(Debug, Serialize)]
pub struct CreateExport(pub ExportSelection);

/// An export that was made.
pub struct NewExport {
    /// The token of its address. It is never written down, not even for a repeated idempotency key, which
    /// is answered without it.
    pub token: Option<OpaqueToken>,
    /// When it can no longer be downloaded.
    pub expires_at: DateTime<Utc>,
}

impl Command for CreateExport {
    const NAME: &'static str = "createExport";
    const ACTION: Action = Action::ReadLead;
    type Answer = NewExport;

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<NewExport> {
        let Self(selection) = self;
        // Errors of the filter are told now, not in the middle of a download.
        selection.filter.condition(actor)?;
        let text = serde_json::to_string(&selection);
        let text = text.map_err(|error| ServiceError::Internal(error.to_string()))?;
        let token = OpaqueToken::generate(TokenKind::Export)?;
        let expires_at = now() + LASTS;
        let row = (
            exports::id.eq(Uuid::now_v7()),
            exports::token_hash.eq(token.hash().as_slice()),
            exports::user_id.eq(actor.id),
            exports::session_id.eq(actor.session),
            exports::api_key_id.eq(actor.api_key),
            exports::selection.eq(text),
            exports::expires_at.eq(expires_at),
        );
        diesel::insert_into(exports::table)
            .values(row)
            .execute(conn)
            .await?;
        let token = Some(token);
        Ok(NewExport { token, expires_at })
    }
}

impl Answer for NewExport {
    type Done = DateTime<Utc>;

    fn done(&self) -> DateTime<Utc> {
        self.expires_at
    }

    async fn again(
        _: &mut Connection,
        _: &Actor,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<Self>> {
        let token = None;
        Ok(Some(Self { token, expires_at }))
    }
}

/// Forgets the exports whose time is over. Returns how many.
pub async fn forget_expired(db: &RequestDb, now: DateTime<Utc>) -> Result<usize> {
    let over = diesel::delete(exports::table.filter(exports::expires_at.lt(now)));
    Ok(over.execute(&mut *db.connection().await?).await?)
}
