use std::net::IpAddr;

use chrono::Utc;
use diesel::prelude::*;
use diesel::sql_query;
use serde::Serialize;

use crate::db::schema::{account_links, users};
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::clock::now;
use crate::service::command::Command;
use crate::service::permission::Action;
use crate::service::sessions::{self, LoginAttempt, NewSession, PasswordHash, SignInPolicy};
use crate::service::users::{CreateUser, User, UserRole, is_administered, lock};
use crate::service::validation::{self, FieldErrors};
use crate::service::{Actor, OpaqueToken, Result, ServiceError, UserId, perform, sha256};

/// The advisory lock of whoever becomes the first administrator: "crm adm", read as a number.
const FIRST_ADMIN_LOCK: i64 = i64::from_be_bytes(*b"\0crm adm");

const REFUSED: &str = "the link is not valid: it was used, replaced by another, or its time is over; \
                       ask an administrator for another";

/// The use of a link.
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct UseLink {
    pub token: String,
    pub email: Option<String>,
    pub full_name: Option<String>,
    pub password: String,
}

/// Gives the user of a link the password, makes them active, and signs them in; the link of the first
/// administrator makes that user. All former sessions of the user end, and the link is used up.
///
/// Errors: `Unauthenticated` for a link that is not valid; `RateLimited` as in `login`, an invalid link
/// counts as a failed attempt; `InvalidData`, also for an address or a name that the link does not ask
/// for; `Conflict` if the address is taken or there is an administrator already. The link stays valid
/// then.
#[tracing::instrument(name = "account_links::use_link", level = "debug", skip_all)]
pub async fn use_link(
    db: &RequestDb,
    link: UseLink,
    from: Option<IpAddr>,
    policy: SignInPolicy,
) -> Result<NewSession> {
    let refused = || ServiceError::Unauthenticated(REFUSED);
    let token = link.token.rsplit('#').next().unwrap_or_default();
    let token_hash = OpaqueToken::parse(token).map(|token| *token.hash());
    let attempt = sha256(token).map(|byte| format!("{byte:02x}"));
    let attempt = format!("link {}", attempt.concat());
    let attempt = LoginAttempt::begin(db, &attempt, from).await?;
    let found = match token_hash {
        Some(hash) => owner(db, hash).await?.map(|owner| (hash, owner)),
        None => None,
    };
    let Some((token_hash, owner)) = found else {
        attempt.failed(db).await?;
        return Err(refused());
    };
    attempt.passed(db).await?;
    let password = PasswordHash::of(&link.password).await?;
    let hash = password.hash().map(str::to_owned);
    let command = AcceptLink {
        token_hash,
        owner,
        email: link.email,
        full_name: link.full_name,
        password,
        policy,
    };
    let user = perform(db, &Actor::operator(), command).await?;
    let session = sessions::start(db, user, hash, policy).await?;
    session.ok_or_else(refused)
}

/// The user of a valid link, `Some(None)` for that of the first administrator.
async fn owner(db: &RequestDb, token_hash: [u8; 32]) -> Result<Option<Option<UserId>>> {
    let link = account_links::table
        .find(token_hash.as_slice())
        .filter(account_links::expires_at.gt(Utc::now()))
        .select(account_links::user_id);
    let mut conn = db.connection().await?;
    Ok(link.first(&mut conn).await.optional()?)
}

/// Uses a link that was found.
#[derive(Serialize)]
struct AcceptLink {
    token_hash: [u8; 32],
    owner: Option<UserId>,
    email: Option<String>,
    full_name: Option<String>,
    password: PasswordHash,
    #[serde(skip)]
    policy: SignInPolicy,
}

impl Command for AcceptLink {
    const NAME: &'static str = "useLink";
    const ACTION: Action = Action::ManageUsers;
    type Answer = User;

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<User> {
        // The user is locked before the link, as by whoever makes one.
        let owner = match self.owner {
            Some(id) => Some(lock(conn, id, None).await?),
            None => None,
        };
        let link = account_links::table
            .find(self.token_hash.as_slice())
            .filter(account_links::expires_at.gt(now()));
        if diesel::delete(link).execute(conn).await? == 0 {
            return Err(ServiceError::Unauthenticated(REFUSED));
        }
        match owner {
            Some(user) => self.choose_password(conn, user).await,
            None => self.create_first_admin(conn, actor).await,
        }
    }
}

impl AcceptLink {
    async fn create_first_admin(self, conn: &mut Connection, actor: &Actor) -> Result<User> {
        // One after the other, so that the next sees the administrator.
        let lock = sql_query(format!("SELECT pg_advisory_xact_lock({FIRST_ADMIN_LOCK})"));
        lock.execute(conn).await?;
        if is_administered(conn, self.policy).await? {
            let reason = "there is an administrator already: ask them for an invitation";
            return Err(ServiceError::conflict(reason));
        }
        let mut faults = FieldErrors::default();
        for (field, given) in [("email", &self.email), ("fullName", &self.full_name)] {
            if given.is_none() {
                faults.add(field, "is needed: the link makes the first administrator");
            }
        }
        if !faults.is_empty() {
            faults.take("password", self.password.check_for(None));
            return Err(faults.into());
        }
        let admin = CreateUser {
            email: self.email.unwrap_or_default(),
            full_name: self.full_name.unwrap_or_default(),
            role: UserRole::Admin,
            manager: None,
            password: Some(self.password),
            is_demo: false,
        };
        admin.apply(conn, actor).await
    }

    async fn choose_password(self, conn: &mut Connection, before: User) -> Result<User> {
        let mut faults = FieldErrors::default();
        if self.email.is_some() {
            let why = "must be left out: the address was chosen by an administrator";
            faults.add("email", why);
        }
        let name = match &self.full_name {
            Some(_) if before.invited_at.is_none() => {
                faults.add("fullName", "must be left out: the link is for the password");
                None
            }
            Some(name) => faults.take("fullName", validation::required_text(name, 200)),
            None => None,
        };
        faults.take("password", self.password.check_for(Some(&before.email)));
        faults.finish()?;
        let after = User {
            full_name: name.unwrap_or(before.full_name),
            is_active: true,
            invited_at: None,
            updated_at: now(),
            ..before
        };
        let hash = users::password_hash.eq(self.password.hash());
        diesel::update(users::table.find(after.id))
            .set((&after, hash, users::is_demo.eq(false)))
            .execute(conn)
            .await?;
        sessions::end_all(conn, after.id).await?;
        Ok(after)
    }
}
