use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use diesel::dsl::{IntervalDsl, now};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use jsonwebtoken::{DecodingKey, EncodingKey, Header};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::db::schema::session_keys;
use crate::db::{Connection, Db, DbError, RunQueryDsl};
use crate::service::jwt;
use crate::service::sessions::Token;
use crate::service::{Result, ServiceError, random};

/// Least time between two reads of the keys, whatever tokens come in between.
const PAUSE: Duration = Duration::from_secs(5);
/// Time for which a failure to read the keys stands for those that would read them next: the service is
/// to be back as soon as the database is.
const FAILED: Duration = Duration::from_millis(100);
/// Time that a new key waits before it signs. Longer than [`PAUSE`]: a copy of the program that then
/// meets a token of it, and has not read it yet, may read.
const SETTLING_SECONDS: i32 = 10;
/// Keys that have been known for this long are read again: one may have been taken out.
const FRESH: Duration = Duration::from_secs(60);
/// The key that signs, and the one before it.
const TAKEN: i64 = 2;

/// Cache of the keys that sign and verify sessions' tokens. Clones share it.
#[derive(Clone)]
pub struct SessionKeys(Arc<Shared>);

struct Shared {
    db: Db,
    pause: Duration,
    /// Read for every token, written when the database was asked.
    known: RwLock<Known>,
    /// One reads at a time; when that was, and whether it went well.
    read: Mutex<Option<(Instant, bool)>>,
}

#[derive(Default)]
struct Known {
    /// The newest first.
    keys: Vec<Arc<SessionKey>>,
    at: Option<Instant>,
}

/// A key with its name.
pub(super) struct SessionKey {
    pub(super) name: String,
    pub(super) to_sign: EncodingKey,
    to_verify: DecodingKey,
    is_settled: bool,
}

impl SessionKeys {
    /// Knows no key yet; they are read with the first token.
    pub fn new(db: Db) -> Self {
        Self::pausing(db, PAUSE)
    }

    /// The same, but with another time until keys that are not known make the database be asked again.
    pub fn pausing(db: Db, pause: Duration) -> Self {
        jwt::install();
        Self(Arc::new(Shared {
            db,
            pause,
            known: RwLock::default(),
            read: Mutex::default(),
        }))
    }

    /// The token, if this service signed it and its time is not over. The database is asked for keys,
    /// now and then, and for nothing else. Errors: `Unavailable` if it cannot be told.
    #[tracing::instrument(name = "sessions::verify", level = "debug", skip_all)]
    pub async fn verify(&self, text: &str, header: &Header) -> Result<Option<Token>> {
        let Some(name) = &header.kid else {
            return Ok(None);
        };
        let (known, is_fresh) = self.known(name);
        let key = match known {
            Some(key) if is_fresh => Some(key),
            Some(key) => match self.0.read.try_lock() {
                Ok(mut last) => match self.read(&mut last).await {
                    Ok(()) => self.known(name).0,
                    // It serves on while the database cannot be had.
                    Err(_) => Some(key),
                },
                Err(_) => Some(key),
            },
            None => {
                self.look_again().await?;
                self.known(name).0
            }
        };
        Ok(key.and_then(|key| Token::verified(text, &key.to_verify)))
    }

    /// The key that signs: the newest that every copy of the service can know by now.
    pub(super) async fn signing(&self) -> Result<Arc<SessionKey>> {
        self.read(&mut *self.0.read.lock().await).await?;
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let settled = known.keys.iter().find(|key| key.is_settled);
        let key = settled.or(known.keys.last()).cloned();
        key.ok_or_else(|| ServiceError::Internal("there is no key for sessions".to_owned()))
    }

    fn known(&self, name: &str) -> (Option<Arc<SessionKey>>, bool) {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let key = known.keys.iter().find(|key| key.name == *name).cloned();
        (key, known.at.is_some_and(|at| at.elapsed() < FRESH))
    }

    /// Reads the keys unless they were read, or could not be read, a moment ago.
    async fn look_again(&self) -> Result<()> {
        let mut last = self.0.read.lock().await;
        match *last {
            Some((at, true)) if at.elapsed() < self.0.pause => Ok(()),
            // Whoever waited here meanwhile need not wait for a failure each.
            Some((at, false)) if at.elapsed() < FAILED => {
                let reason = "the keys of sessions could not be read a moment ago";
                Err(DbError::Unavailable(reason.to_owned()).into())
            }
            _ => self.read(&mut last).await,
        }
    }

    async fn read(&self, last: &mut Option<(Instant, bool)>) -> Result<()> {
        let began = Instant::now();
        let loaded = load(&self.0.db).await;
        *last = Some((Instant::now(), loaded.is_ok()));
        let (keys, at) = (loaded?, Some(began));
        let known = Known { keys, at };
        *self.0.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }
}

/// Makes a key that signs from now on, but for some seconds until all copies can know it. The one
/// before is still taken, older ones are not: the sessions that they signed end.
#[tracing::instrument(name = "sessions::rotate_keys", level = "debug", skip_all)]
pub async fn rotate_keys(db: &Db) -> Result<()> {
    let mut conn = db.connection().await?;
    conn.transaction(async |conn| {
        lock(conn).await?;
        add(conn).await?;
        let taken = session_keys::table
            .order_by((session_keys::created_at.desc(), session_keys::id.desc()))
            .limit(TAKEN)
            .select(session_keys::id);
        let taken: Vec<Uuid> = taken.load(conn).await?;
        diesel::delete(session_keys::table.filter(session_keys::id.ne_all(taken)))
            .execute(conn)
            .await?;
        Ok(())
    })
    .await
}

/// The keys that are taken, the newest first. Makes the first one.
async fn load(db: &Db) -> Result<Vec<Arc<SessionKey>>> {
    let mut conn = db.connection().await?;
    let keys = taken(&mut conn).await?;
    if !keys.is_empty() {
        return Ok(keys);
    }
    conn.transaction(async |conn| {
        lock(conn).await?;
        if taken(conn).await?.is_empty() {
            add(conn).await?;
        }
        taken(conn).await
    })
    .await
}

async fn taken(conn: &mut Connection) -> Result<Vec<Arc<SessionKey>>> {
    let settled_since = now.into_sql::<Timestamptz>() - SETTLING_SECONDS.seconds();
    let is_settled = session_keys::created_at.le(settled_since);
    let keys = session_keys::table
        .order_by((session_keys::created_at.desc(), session_keys::id.desc()))
        .limit(TAKEN)
        .select((session_keys::id, session_keys::secret, is_settled));
    let keys: Vec<(Uuid, Vec<u8>, bool)> = keys.load(conn).await?;
    let key = |(id, secret, is_settled): (Uuid, Vec<u8>, bool)| {
        Arc::new(SessionKey {
            name: id.to_string(),
            to_sign: EncodingKey::from_secret(&secret),
            to_verify: DecodingKey::from_secret(&secret),
            is_settled,
        })
    };
    Ok(keys.into_iter().map(key).collect())
}

/// One changes the keys at a time; they can be read meanwhile.
async fn lock(conn: &mut Connection) -> Result<()> {
    Ok(conn
        .batch_execute("LOCK TABLE session_keys IN SHARE ROW EXCLUSIVE MODE")
        .await?)
}

async fn add(conn: &mut Connection) -> Result<()> {
    diesel::insert_into(session_keys::table)
        .values((
            session_keys::id.eq(Uuid::now_v7()),
            session_keys::secret.eq(random::<32>()?.to_vec()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
