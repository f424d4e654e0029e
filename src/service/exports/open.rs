use chrono::Utc;
use diesel::prelude::*;

use crate::db::schema::{api_keys, exports, users};
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::exports::ExportSelection;
use crate::service::sessions::SignInPolicy;
use crate::service::users::{UserRole, team_of};
use crate::service::{
    Actor, ApiKeyId, OpaqueToken, Result, ServiceError, SessionId, TokenKind, UserId,
};

/// An export that can be downloaded.
pub struct Export {
    /// Its maker, as of now.
    pub actor: Actor,
    /// The selection.
    pub selection: ExportSelection,
    token_hash: [u8; 32],
    policy: SignInPolicy,
}

impl Export {
    /// The same as of the snapshot that is open. Errors: `Unauthenticated` if it can no longer be
    /// downloaded.
    pub(super) async fn again(&self, conn: &mut Connection) -> Result<Self> {
        let export = find(conn, self.token_hash, self.policy).await?;
        export.ok_or(ServiceError::Unauthenticated("the export has ended"))
    }
}

type Row = (
    String,
    UserId,
    UserRole,
    Option<SessionId>,
    Option<ApiKeyId>,
    Option<UserRole>,
);

/// The export of a token, with the permissions that its maker has now; `None` if there is none, its time
/// is over, or its maker is no longer signed in as when it was made.
#[tracing::instrument(name = "exports::open", level = "debug", skip_all)]
pub async fn open(db: &RequestDb, token: &str, policy: SignInPolicy) -> Result<Option<Export>> {
    let token = OpaqueToken::parse(token).filter(|token| token.kind() == TokenKind::Export);
    let Some(token) = token else {
        return Ok(None);
    };
    find(&mut *db.connection().await?, *token.hash(), policy).await
}

async fn find(
    conn: &mut Connection,
    token_hash: [u8; 32],
    policy: SignInPolicy,
) -> Result<Option<Export>> {
    let found = row(conn, token_hash, policy).await?;
    let Some((selection, id, own_role, session, api_key, key_role)) = found else {
        return Ok(None);
    };
    let unreadable = |error| ServiceError::Internal(format!("an export: {error}"));
    let role = key_role.unwrap_or(own_role);
    let actor = Actor {
        id,
        role,
        team: team_of(conn, id, role).await?,
        auth_revision: None,
        api_key,
        session,
    };
    Ok(Some(Export {
        actor,
        selection: serde_json::from_str(&selection).map_err(unreadable)?,
        token_hash,
        policy,
    }))
}

async fn row(
    conn: &mut Connection,
    token_hash: [u8; 32],
    policy: SignInPolicy,
) -> Result<Option<Row>> {
    let key_is_good = api_keys::revoked_at
        .is_null()
        .and(api_keys::expires_at.gt(Utc::now()))
        .and(api_keys::role.ge(users::role));
    let export = exports::table
        .inner_join(users::table.on(users::id.eq(exports::user_id)))
        .left_join(api_keys::table.on(exports::api_key_id.eq(api_keys::id.nullable())))
        .filter(exports::token_hash.eq(token_hash.as_slice()))
        .filter(exports::expires_at.gt(Utc::now()))
        .filter(policy.admits())
        .filter(
            exports::api_key_id
                .is_null()
                .or(key_is_good.nullable().assume_not_null()),
        )
        .select((
            exports::selection,
            users::id,
            users::role,
            exports::session_id,
            exports::api_key_id,
            api_keys::role.nullable(),
        ));
    Ok(export.first(conn).await.optional()?)
}
