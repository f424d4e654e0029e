use diesel::prelude::*;

use crate::db::schema::users;
use crate::db::{CurrentRevision, RequestDb, RunQueryDsl};
use crate::service::sessions::SignInPolicy;
use crate::service::text::claimed_address;
use crate::service::users::{UserRole, team_of};
use crate::service::{Actor, Result, UserId};

/// By what an identity provider names somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The e-mail address that the user signs in with, verified by the provider.
    Email(String),
    /// The provider's own name for somebody, noted at the user by an administrator.
    Subject(String),
}

/// The active user behind an identity right now, asked of the database for every request.
#[tracing::instrument(name = "users::identified", level = "debug", skip_all)]
pub async fn identified(
    db: &RequestDb,
    identity: &Identity,
    policy: SignInPolicy,
) -> Result<Option<Actor>> {
    let user = users::table.filter(policy.admits()).into_boxed();
    let user = match identity {
        // What PostgreSQL cannot hold is nobody's.
        Identity::Email(text) | Identity::Subject(text) if text.contains('\0') => return Ok(None),
        Identity::Email(email) => user.filter(users::email.eq(claimed_address(email))),
        Identity::Subject(subject) => user.filter(users::oidc_subject.eq(subject)),
    };
    let user = user.select((users::id, users::role, CurrentRevision));
    let mut conn = db.connection().await?;
    let found: Option<(UserId, UserRole, Option<i64>)> =
        user.get_result(&mut conn).await.optional()?;
    let Some((id, role, auth_revision)) = found else {
        return Ok(None);
    };
    Ok(Some(Actor {
        id,
        role,
        team: team_of(&mut conn, id, role).await?,
        auth_revision,
        api_key: None,
        session: None,
    }))
}
