use chrono::Utc;
use diesel::prelude::*;

use crate::db::schema::{api_keys, exports, users};
use crate::db::{RequestDb, RunQueryDsl};
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
    let mut conn = db.connection().await?;
    let key_is_good = api_keys::revoked_at
        .is_null()
        .and(api_keys::expires_at.gt(Utc::now()))
        .and(api_keys::role.ge(users::role));
    let export = exports::table
        .inner_join(users::table.on(users::id.eq(exports::user_id)))
        .left_join(api_keys::table.on(exports::api_key_id.eq(api_keys::id.nullable())))
        .filter(exports::token_hash.eq(token.hash().as_slice()))
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
    let found: Option<Row> = export.first(&mut conn).await.optional()?;
    let Some((selection, id, own_role, session, api_key, key_role)) = found else {
        return Ok(None);
    };
    let selection = serde_json::from_str(&selection);
    let selection =
        selection.map_err(|error| ServiceError::Internal(format!("an export: {error}")))?;
    let role = key_role.unwrap_or(own_role);
    let actor = Actor {
        id,
        role,
        team: team_of(&mut conn, id, role).await?,
        auth_revision: None,
        api_key,
        session,
    };
    Ok(Some(Export { actor, selection }))
}
