use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, Binary, Integer, Timestamptz};
use diesel::{define_sql_function, sql_query};

use crate::db::{Db, RunQueryDsl};
use crate::service::clock::now;
use crate::service::{Result, ServiceError, sha256};

/// How many tries an account has in any minute.
const PER_ACCOUNT: i32 = 5;
/// How many tries an address has in any minute, whatever the accounts.
const PER_ADDRESS: i32 = 20;

define_sql_function! {
    /// Takes one of the tries that are left; says whether there was one.
    fn take_sign_in_try(key: Binary, most: Integer, at: Timestamptz) -> Bool;
}

/// A try to sign in that counts until it is given back.
pub(super) struct Try {
    keys: Vec<Vec<u8>>,
    at: DateTime<Utc>,
}

impl Try {
    /// Counts a try, before the password is looked at, so that tries which come at the same time
    /// count too. An account that nobody has is counted like any other. Errors: `RateLimited`.
    pub(super) async fn take(db: &Db, email: &str, address: Option<IpAddr>) -> Result<Self> {
        let mut limits = vec![(key("account", email), PER_ACCOUNT)];
        if let Some(address) = address {
            limits.insert(0, (key("address", &network(address)), PER_ADDRESS));
        }
        let (mut keys, at) = (Vec::new(), now());
        let mut conn = db.connection().await?;
        for (key, most) in limits {
            let taken = diesel::select(take_sign_in_try(key.clone(), most, at));
            if !taken.get_result::<bool>(&mut conn).await? {
                return Err(ServiceError::RateLimited);
            }
            keys.push(key);
        }
        Ok(Self { keys, at })
    }

    /// The password was right: the try counts no longer.
    pub(super) async fn give_back(self, db: &Db) -> Result<()> {
        sql_query("UPDATE sign_in_tries SET tries = array_remove(tries, $2) WHERE key = ANY ($1)")
            .bind::<Array<Binary>, _>(self.keys)
            .bind::<Timestamptz, _>(self.at)
            .execute(&mut *db.connection().await?)
            .await?;
        Ok(())
    }
}

/// Forgets the tries that no longer count.
pub(super) async fn forget(db: &Db, now: DateTime<Utc>) -> Result<()> {
    sql_query("DELETE FROM sign_in_tries WHERE $1 > ALL (tries)")
        .bind::<Timestamptz, _>(now - TimeDelta::minutes(1))
        .execute(&mut *db.connection().await?)
        .await?;
    Ok(())
}

fn key(kind: &str, of: &str) -> Vec<u8> {
    sha256(format!("{kind} {of}")).to_vec()
}

/// Whoever has an IPv6 address has its whole network of 64 bits.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x?}", &address.segments()[..4]),
    }
}
