//! Failed attempts to sign in are counted, and refused above a number a minute.
//!
//! Attempts whose password is being checked hold a place, so that those which come at the same time
//! let no more guesses through; when all places are held, others wait a moment. Failures are counted by
//! the account together with the network of the client: an address from which its owner signed in
//! lately has a count of its own, so that nobody elsewhere can keep the owner out; all other addresses
//! share one.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Binary, Bool, Integer, Text, Timestamptz};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use crate::db::schema::{login_addresses, users};
use crate::db::{Cached, RequestDb, RunQueryDsl};
use crate::service::clock::now;
use crate::service::{Result, ServiceError, UserId, sha256};

/// Failures a minute for an account from one of its owner's addresses; and from all other addresses
/// together.
const PER_ACCOUNT: i32 = 5;
/// Failures a minute from an address, whatever the accounts; its owners' accounts are not refused for it.
const PER_ADDRESS: i32 = 20;
/// An address is an owner's for so long after the owner signed in from it.
const OWNERS_FOR: TimeDelta = TimeDelta::days(30);
/// The time of an owner's address is written at most once in this time.
const WRITTEN_EVERY: TimeDelta = TimeDelta::days(1);
/// The longest wait for those whose password is being checked.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// The most attempts that wait in this copy: each asks the database a few times a second.
static WAITING: Semaphore = Semaphore::const_new(256);

/// An attempt to sign in whose password is being checked. It must be ended; one that is not counts
/// as failed.
pub(crate) struct LoginAttempt {
    keys: Vec<Vec<u8>>,
    at: DateTime<Utc>,
    /// The account together with the network of the client, if that is known.
    address: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
struct StartedAttempt {
    #[diesel(sql_type = Text)]
    verdict: String,
    #[diesel(sql_type = Timestamptz)]
    attempt: DateTime<Utc>,
}

impl LoginAttempt {
    /// Takes a place before the password is looked at. An account that nobody has is counted like any
    /// other. Errors: `RateLimited`.
    pub(crate) async fn begin(db: &RequestDb, email: &str, client: Option<IpAddr>) -> Result<Self> {
        let network = client.map(network);
        let address = network
            .as_ref()
            .map(|network| key("account at", &format!("{email} {network}")));
        let is_owners = match &address {
            Some(address) => is_owners(db, email, address).await?,
            None => false,
        };
        let mut limits = match &address {
            Some(address) if is_owners => vec![(address.clone(), PER_ACCOUNT)],
            _ => vec![(key("account", email), PER_ACCOUNT)],
        };
        if let Some(network) = &network {
            let most = if is_owners { i32::MAX } else { PER_ADDRESS };
            limits.push((key("address", network), most));
        }
        let (keys, most): (Vec<_>, Vec<_>) = limits.into_iter().unzip();
        let at = take_place(db, &keys, &most).await?;
        Ok(Self { keys, at, address })
    }

    /// Ends it as a failed one.
    pub(crate) async fn failed(self, db: &RequestDb) -> Result<()> {
        self.end(db, true).await
    }

    /// Ends it as one that was right, which counts no longer, and remembers the owner's address.
    pub(crate) async fn succeeded(self, db: &RequestDb, user: UserId) -> Result<()> {
        if let Some(address) = &self.address {
            remember(db, user, address).await?;
        }
        self.end(db, false).await
    }

    /// Ends it as one that was right but is no owner's sign-in.
    pub(crate) async fn passed(self, db: &RequestDb) -> Result<()> {
        self.end(db, false).await
    }

    async fn end(self, db: &RequestDb, has_failed: bool) -> Result<()> {
        let end = sql_query("SELECT end_login_attempt($1, $2, $3)")
            .bind::<Array<Binary>, _>(self.keys)
            .bind::<Timestamptz, _>(self.at)
            .bind::<Bool, _>(has_failed);
        Cached(end).execute(&mut *db.connection().await?).await?;
        Ok(())
    }
}

/// Waits until fewer are being checked than may still fail. Errors: `RateLimited`.
async fn take_place(db: &RequestDb, keys: &[Vec<u8>], most: &[i32]) -> Result<DateTime<Utc>> {
    let until = Instant::now() + LONGEST_WAIT;
    let mut pause = Duration::from_millis(20);
    let mut waiting = None;
    loop {
        let begin = sql_query("SELECT verdict, attempt FROM begin_login_attempt($1, $2)")
            .bind::<Array<Binary>, _>(keys)
            .bind::<Array<Integer>, _>(most);
        let begun: StartedAttempt = Cached(begin)
            .get_result(&mut *db.connection().await?)
            .await?;
        match begun.verdict.as_str() {
            "STARTED" => return Ok(begun.attempt),
            "WAIT" if Instant::now() < until => {}
            _ => return Err(ServiceError::RateLimited),
        }
        if waiting.is_none() {
            let place = WAITING.try_acquire();
            waiting = Some(place.map_err(|_| ServiceError::RateLimited)?);
        }
        sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_millis(200));
    }
}

/// Tells whether the owner of the account signed in from this address lately.
async fn is_owners(db: &RequestDb, email: &str, address: &[u8]) -> Result<bool> {
    let known = login_addresses::table
        .inner_join(users::table)
        .filter(users::email.eq(email))
        .filter(login_addresses::address.eq(address))
        .filter(login_addresses::last_login_at.gt(now() - OWNERS_FOR));
    Ok(diesel::select(diesel::dsl::exists(known))
        .get_result(&mut *db.connection().await?)
        .await?)
}

async fn remember(db: &RequestDb, user: UserId, address: &[u8]) -> Result<()> {
    let at = now();
    let known = sql_query(
        "INSERT INTO login_addresses AS known VALUES ($1, $2, $3) ON CONFLICT (user_id, address) \
         DO UPDATE SET last_login_at = $3 WHERE known.last_login_at < $4",
    )
    .bind::<diesel::sql_types::Uuid, _>(user)
    .bind::<Binary, _>(address)
    .bind::<Timestamptz, _>(at)
    .bind::<Timestamptz, _>(at - WRITTEN_EVERY);
    Cached(known).execute(&mut *db.connection().await?).await?;
    Ok(())
}

/// Forgets attempts and addresses that no longer count.
pub(super) async fn forget(db: &RequestDb, now: DateTime<Utc>) -> Result<()> {
    let mut conn = db.connection().await?;
    sql_query("DELETE FROM login_attempts WHERE $1 > ALL (failed || pending)")
        .bind::<Timestamptz, _>(now - TimeDelta::minutes(1))
        .execute(&mut conn)
        .await?;
    let old = login_addresses::table.filter(login_addresses::last_login_at.lt(now - OWNERS_FOR));
    diesel::delete(old).execute(&mut conn).await?;
    Ok(())
}

fn key(kind: &str, of: &str) -> Vec<u8> {
    sha256(format!("{kind} {of}")).to_vec()
}

/// The network that a client's address is counted in: of IPv6, a /64.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x?}", &address.segments()[..4]),
    }
}
