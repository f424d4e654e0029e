use std::net::IpAddr;

use diesel::prelude::*;
use serde::Serialize;

use crate::db::schema::{sessions, users};
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::clock::now;
use crate::service::command::Command;
use crate::service::permission::Action;
use crate::service::sessions::throttle::LoginAttempt;
use crate::service::sessions::{PasswordHash, password};
use crate::service::users::User;
use crate::service::{Actor, Result, ServiceError, SessionId, perform, text};

/// Changes the actor's own password, and ends all sessions of the actor but this one.
///
/// Errors: `PermissionDenied` for an API key, for a token of the identity provider and for whoever has
/// no password; `InvalidData` for a wrong current password, which counts as a failed attempt to sign
/// in, and for a new one that is too short, too long or the same; `RateLimited` as in `login`;
/// `Conflict` if the password was changed meanwhile.
#[tracing::instrument(name = "sessions::change_password", level = "debug", skip_all)]
pub async fn change_password(
    db: &RequestDb,
    actor: &Actor,
    current: &str,
    new: &str,
    from: Option<IpAddr>,
) -> Result<User> {
    let refused = |why: &str| Err(ServiceError::PermissionDenied(why.to_owned()));
    if actor.api_key.is_some() {
        return refused("an API key may not change a password");
    }
    let Some(session) = actor.session else {
        return refused("only who signed in with a password may change it");
    };
    let user = users::table
        .find(actor.id)
        .select((users::email, users::password_hash));
    let (email, before): (String, Option<String>) =
        user.first(&mut *db.connection().await?).await?;
    let Some(before) = before else {
        return refused("there is no password that could be changed");
    };
    let after = PasswordHash::of(new).await?;
    if let Err(fault) = after.check_for(Some(&email)) {
        return Err(ServiceError::invalid("input.newPassword", fault));
    }
    let attempt = LoginAttempt::begin(db, &email, from).await?;
    if !password::is_right(current, Some(before.clone())).await? {
        attempt.failed(db).await?;
        let fault = "is not the present password";
        return Err(ServiceError::invalid("input.currentPassword", fault));
    }
    attempt.succeeded(db, actor.id).await?;
    if text::password(current) == text::password(new) {
        let fault = "must be another one than the present password";
        return Err(ServiceError::invalid("input.newPassword", fault));
    }
    let change = ChangePassword {
        before,
        after,
        session,
    };
    perform(db, actor, change).await
}

/// Stores the new hash in place of the one that was compared with.
#[derive(Serialize)]
struct ChangePassword {
    before: String,
    after: PasswordHash,
    session: SessionId,
}

impl Command for ChangePassword {
    const NAME: &'static str = "changePassword";
    const ACTION: Action = Action::ReadUser;
    type Answer = User;

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<User> {
        let same = users::table
            .find(actor.id)
            .filter(users::password_hash.eq(&self.before))
            .filter(users::is_active);
        let changed: Option<User> = diesel::update(same)
            .set((
                users::password_hash.eq(self.after.hash()),
                users::updated_at.eq(now()),
                // Nobody else knows this one.
                users::is_demo.eq(false),
            ))
            .returning(User::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        let Some(user) = changed else {
            let meanwhile = "the password was changed meanwhile";
            return Err(ServiceError::conflict(meanwhile));
        };
        let others = sessions::table
            .filter(sessions::user_id.eq(actor.id))
            .filter(sessions::id.ne(self.session));
        diesel::delete(others).execute(conn).await?;
        Ok(user)
    }
}
