use diesel::prelude::*;

use crate::db::schema::users;
use crate::db::{Connection, RunQueryDsl};
use crate::service::text::login_address;
use crate::service::{Result, UserId};

/// Brings the addresses that users sign in with into their present normal form. Of two that become the
/// same the older user's stays as it is, and so does the other's, who then signs in by no way of writing
/// it: an administrator has to give one of them another.
pub(crate) async fn normalize_addresses(conn: &mut Connection) -> Result<()> {
    let all = users::table
        .order_by(users::id)
        .select((users::id, users::email));
    let all: Vec<(UserId, String)> = all.load(conn).await?;
    for (id, before) in &all {
        let Ok(after) = login_address(before) else {
            continue;
        };
        if after == *before {
            continue;
        }
        if all.iter().any(|(_, taken)| *taken == after) {
            tracing::warn!(user = %id, "another user has the same address, written otherwise");
            continue;
        }
        diesel::update(users::table.find(id))
            .set(users::email.eq(after))
            .execute(conn)
            .await?;
    }
    Ok(())
}
