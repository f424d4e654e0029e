//! The statements on leads that change something, each a named function.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Timestamptz, Uuid};

use crate::db::schema::{leads, sql_types};
use crate::db::{Cached, Connection, RunQueryDsl};
use crate::service::leads::lead::{Keys, tag_keys};
use crate::service::leads::{Lead, LeadStatus};
use crate::service::{LeadId, Result, ServiceError, UserId};

/// Locks the leads against other writers, in the order of their ids, so that two bulk changes cannot
/// deadlock, and reads them. Missing leads are not in the result.
pub(crate) async fn lock(conn: &mut Connection, ids: &[LeadId]) -> Result<Vec<Lead>> {
    Ok(leads::table
        .filter(leads::id.eq_any(ids))
        .order_by(leads::id)
        .select(Lead::as_select())
        .for_no_key_update()
        .load(conn)
        .await?)
}

/// Locks and reads one lead. Errors: `LeadNotFound`.
pub(crate) async fn lock_one(conn: &mut Connection, id: LeadId) -> Result<Lead> {
    lock(conn, &[id])
        .await?
        .pop()
        .ok_or(ServiceError::LeadNotFound(id))
}

/// True if there is such a lead.
pub(crate) async fn lead_exists(conn: &mut Connection, id: LeadId) -> Result<bool> {
    Ok(diesel::select(exists(leads::table.find(id)))
        .get_result(conn)
        .await?)
}

/// Adds new leads, in one statement.
pub(crate) async fn insert(conn: &mut Connection, new: &[&Lead]) -> Result<()> {
    let row = |lead| (lead, Keys::of(lead));
    let insert = diesel::insert_into(leads::table);
    match new {
        [] => 0,
        &[lead] => Cached(insert.values(row(lead))).execute(conn).await?,
        _ => {
            let rows: Vec<_> = new.iter().copied().map(row).collect();
            insert.values(rows).execute(conn).await?
        }
    };
    Ok(())
}

/// Writes a lead if its version is still `version`. Returns true if it was.
pub(crate) async fn update(conn: &mut Connection, lead: &Lead, version: i32) -> Result<bool> {
    let row = leads::table
        .find(lead.id)
        .filter(leads::version.eq(version));
    let values = (lead, Keys::of(lead));
    let update = Cached(diesel::update(row).set(values));
    Ok(update.execute(conn).await? == 1)
}

/// Deletes a lead for good. Its timeline must be gone before.
pub(crate) async fn delete(conn: &mut Connection, id: LeadId) -> Result<()> {
    diesel::delete(leads::table.find(id)).execute(conn).await?;
    Ok(())
}

/// Writes the columns of bulk changes on many locked leads, in one statement.
pub(crate) async fn update_many(conn: &mut Connection, changed: &[Lead]) -> Result<()> {
    let Some(first) = changed.first() else {
        return Ok(());
    };
    let ids: Vec<LeadId> = changed.iter().map(|lead| lead.id).collect();
    let status: Vec<LeadStatus> = changed.iter().map(|lead| lead.status).collect();
    let assigned_to: Vec<Option<UserId>> = changed.iter().map(|lead| lead.assigned_to).collect();
    let score: Vec<i32> = changed.iter().map(|lead| lead.lead_score).collect();
    let business: Vec<bool> = changed.iter().map(|lead| lead.has_business_email).collect();
    // An array of arrays would have to be rectangular; tags contain no control characters.
    let joined = |tags: &[String]| tags.join("\u{1f}");
    let tags: Vec<String> = changed.iter().map(|lead| joined(&lead.tags)).collect();
    let tag_keys: Vec<String> = changed.iter().map(|lead| joined(&tag_keys(lead))).collect();
    let archived_at: Vec<Option<DateTime<Utc>>> =
        changed.iter().map(|lead| lead.archived_at).collect();
    let status_before: Vec<Option<LeadStatus>> = changed
        .iter()
        .map(|lead| lead.status_before_archive)
        .collect();
    let update = sql_query(
        "UPDATE leads SET status = n.status, assigned_to = n.assigned_to, \
         lead_score = n.lead_score, has_business_email = n.has_business_email, \
         tags = string_to_array(n.tags, E'\\x1f'), \
         tag_keys = string_to_array(n.tag_keys, E'\\x1f'), archived_at = n.archived_at, \
         status_before_archive = n.status_before_archive, updated_at = $10, version = version + 1 \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS n (id, status, assigned_to, lead_score, \
         has_business_email, tags, tag_keys, archived_at, status_before_archive) WHERE leads.id = n.id",
    )
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Array<sql_types::LeadStatus>, _>(status)
    .bind::<Array<Nullable<Uuid>>, _>(assigned_to)
    .bind::<Array<Integer>, _>(score)
    .bind::<Array<Bool>, _>(business)
    .bind::<Array<Text>, _>(tags)
    .bind::<Array<Text>, _>(tag_keys)
    .bind::<Array<Nullable<Timestamptz>>, _>(archived_at)
    .bind::<Array<Nullable<sql_types::LeadStatus>>, _>(status_before)
    .bind::<Timestamptz, _>(first.updated_at);
    Cached(update).execute(conn).await?;
    Ok(())
}
