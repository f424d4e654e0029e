use std::collections::HashMap;

use diesel::prelude::*;

use crate::db::schema::leads;
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::command::Answer;
use crate::service::leads::{Lead, sql, visible_to};
use crate::service::permission::{Action, denied, may};
use crate::service::{Actor, LeadId, Result, ServiceError};

/// One lead. Errors: `LeadNotFound`, and `PermissionDenied` if it exists but the actor may not see
/// it.
#[tracing::instrument(name = "leads::read", level = "debug", skip_all)]
pub async fn read(db: &RequestDb, actor: &Actor, id: LeadId) -> Result<Lead> {
    let mut conn = db.connection().await?;
    let query = leads::table.find(id).filter(visible_to(actor));
    let query = query.select(Lead::as_select());
    let found: Option<Lead> = query.get_result(&mut conn).await.optional()?;
    if let Some(lead) = found {
        return Ok(lead);
    }
    if sql::lead_exists(&mut conn, id).await? {
        Err(denied(actor.role, Action::ReadLead))
    } else {
        Err(ServiceError::LeadNotFound(id))
    }
}

/// The leads of these ids that exist and that the actor may see, archived ones too, in no order.
#[tracing::instrument(name = "leads::read_many", level = "debug", skip_all)]
pub async fn read_many(db: &RequestDb, actor: &Actor, ids: &[LeadId]) -> Result<Vec<Lead>> {
    let mut conn = db.connection().await?;
    let query = leads::table
        .filter(leads::id.eq_any(ids))
        .filter(visible_to(actor));
    Ok(query.select(Lead::as_select()).load(&mut conn).await?)
}

/// The leads of these ids that exist; `None` for one that the actor may not see.
#[tracing::instrument(name = "leads::find_many", level = "debug", skip_all)]
pub async fn find_many(
    db: &RequestDb,
    actor: &Actor,
    ids: &[LeadId],
) -> Result<HashMap<LeadId, Option<Lead>>> {
    let query = leads::table.filter(leads::id.eq_any(ids));
    let found: Vec<Lead> = query
        .select(Lead::as_select())
        .load(&mut *db.connection().await?)
        .await?;
    let judged = |lead: Lead| {
        let is_visible = may(actor, Action::ReadLead, lead.assigned_to);
        (lead.id, is_visible.then_some(lead))
    };
    Ok(found.into_iter().map(judged).collect())
}

impl Answer for Lead {
    type Done = LeadId;

    fn done(&self) -> LeadId {
        self.id
    }

    async fn again(conn: &mut Connection, actor: &Actor, done: LeadId) -> Result<Option<Self>> {
        let query = leads::table.find(done).filter(visible_to(actor));
        let lead = query.select(Self::as_select()).first(conn).await;
        Ok(lead.optional()?)
    }
}
