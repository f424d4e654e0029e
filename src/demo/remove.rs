//! `crm demo remove`: takes the demo out of a database that is to be used in earnest.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_query;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::RunQueryDsl;
use serde::Serialize;

use super::{DemoError, alone};
use crate::db::schema::users;
use crate::db::{Connection, RequestDb};
use crate::service::permission::Action;
use crate::service::{Actor, Command, LeadId, ServiceError, UserId, leads, perform, sessions};

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
            SELECT FROM demo_runs WHERE position BETWEEN first_position AND last_position)))";

/// Deletes a lead unless somebody touches it first.
#[derive(Serialize)]
struct DeleteUntouched(LeadId);

impl Command for DeleteUntouched {
    const NAME: &'static str = "demo remove";
    const ACTION: Action = Action::DeleteLead;
    type Answer = LeadId;

    /// Errors: `LeadNotFound`, `Conflict` if it was touched meanwhile.
    async fn apply(self, conn: &mut Connection, _: &Actor) -> Result<LeadId, ServiceError> {
        let Self(id) = self;
        // Whoever changes or notes on a lead locks it first: what they wrote is seen behind the lock.
        leads::lock_one(conn, id).await?;
        let same = sql_query(format!("{UNTOUCHED} AND leads.id = $1"));
        let same: Vec<Untouched> = same.bind::<SqlUuid, _>(id).load(conn).await?;
        if same.is_empty() {
            return Err(ServiceError::conflict("the lead was touched meanwhile"));
        }
        // Without a line of the log for each: the command says how many they were.
        leads::delete(conn, id).await?;
        Ok(id)
    }
}

/// Deletes the leads that only the demo made and changed, and the demo's users. Those who wrote in a lead that
/// stays, or have one, are deactivated instead, as the timeline keeps its authors. Broken off, it is simply run
/// again.
pub async fn remove(db: &RequestDb) -> Result<Removed, DemoError> {
    let _alone = alone(db).await?;
    let mut removed = Removed::default();
    loop {
        let untouched = sql_query(format!("{UNTOUCHED} LIMIT 1000"));
        let untouched = untouched.load(&mut *db.connection().await?).await;
        let untouched: Vec<Untouched> = untouched.map_err(ServiceError::from)?;
        if untouched.is_empty() {
            break;
        }
        for Untouched { id } in untouched {
            match perform(db, &Actor::operator(), DeleteUntouched(id)).await {
                Ok(_) => removed.leads += 1,
                Err(ServiceError::Conflict(_) | ServiceError::LeadNotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
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
    // Not one who has a password of their own by now.
    let demo = users::table.find(user).filter(users::is_demo);
    match diesel::delete(demo).execute(&mut conn).await {
        Ok(deleted) => Ok(deleted == 1),
        Err(DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => {
            let shut_out = diesel::update(demo).set(users::is_active.eq(false));
            shut_out.execute(&mut conn).await?;
            sessions::end_all(&mut conn, user).await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}
