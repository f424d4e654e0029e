//! `crm demo remove`: takes the demo out of a database that is to be used in earnest.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_query;
use diesel_async::RunQueryDsl;

use super::{DemoError, alone};
use crate::db::RequestDb;
use crate::db::schema::{sessions, users};
use crate::service::leads::DeleteLead;
use crate::service::{Actor, LeadId, ServiceError, UserId, perform};

/// The numbers of what was removed, and of what had to stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Leads deleted: nobody touched them since they were made up.
    pub leads: usize,
    /// Users deleted.
    pub users: usize,
    /// Users deactivated: they wrote in a lead that stays, or have one.
    pub deactivated: usize,
}

#[derive(QueryableByName)]
struct Untouched {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: LeadId,
}

/// The leads whose whole timeline was written by runs of the demo. A person or key that changes a lead adds an
/// entry, beyond the runs or between them with an author who is none of the demo's.
const UNTOUCHED: &str = "SELECT leads.id FROM leads
    WHERE EXISTS (SELECT FROM lead_notes WHERE lead_id = leads.id)
    AND NOT EXISTS (
        SELECT FROM lead_notes AS entry LEFT JOIN users ON users.id = author_id
        WHERE lead_id = leads.id AND (users.id IS NOT NULL AND NOT users.is_demo OR NOT EXISTS (
            SELECT FROM demo_runs WHERE position BETWEEN first_position AND last_position)))
    LIMIT 1000";

/// Deletes the leads that only the demo made and changed, and the demo's users. Those who wrote in a lead that
/// stays, or have one, are deactivated instead, as the timeline keeps its authors. Broken off, it is simply run
/// again.
pub async fn remove(db: &RequestDb) -> Result<Removed, DemoError> {
    let _alone = alone(db).await?;
    let mut removed = Removed::default();
    loop {
        let untouched = sql_query(UNTOUCHED)
            .load(&mut *db.connection().await?)
            .await;
        let untouched: Vec<Untouched> = untouched.map_err(ServiceError::from)?;
        if untouched.is_empty() {
            break;
        }
        for Untouched { id } in untouched {
            let delete = DeleteLead {
                id,
                expected_version: None,
            };
            perform(db, &Actor::operator(), delete).await?;
            removed.leads += 1;
        }
    }
    // Agents before their managers: a manager of somebody cannot be deleted.
    let demo = users::table.filter(users::is_demo.and(users::is_active));
    let demo = demo.order_by((users::manager_id.is_null(), users::id));
    let demo = demo
        .select(users::id)
        .load(&mut *db.connection().await?)
        .await;
    for user in demo.map_err(ServiceError::from)? {
        match delete(db, user).await? {
            true => removed.users += 1,
            false => removed.deactivated += 1,
        }
    }
    Ok(removed)
}

/// Deletes a user, or deactivates one whom a lead, an entry or a team refers to. Returns true if deleted.
async fn delete(db: &RequestDb, user: UserId) -> Result<bool, ServiceError> {
    let mut conn = db.connection().await?;
    let deleted = diesel::delete(users::table.find(user))
        .execute(&mut conn)
        .await;
    match deleted {
        Ok(_) => Ok(true),
        Err(DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => {
            let shut_out = diesel::update(users::table.find(user));
            shut_out
                .set(users::is_active.eq(false))
                .execute(&mut conn)
                .await?;
            let theirs = sessions::table.filter(sessions::user_id.eq(user));
            diesel::delete(theirs).execute(&mut conn).await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}
