use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Jsonb, Nullable, Timestamptz, Uuid};

use crate::db::schema::lead_notes;
use crate::db::{Cached, Connection, RunQueryDsl};
use crate::service::clock::now;
use crate::service::timeline::{Entry, FieldChange, NoteType};
use crate::service::{Actor, Json, LeadId, NoteId, Result};

/// Records what changed, one entry for each lead that something changed on, in one statement.
pub(crate) async fn record(
    conn: &mut Connection,
    actor: &Actor,
    at: DateTime<Utc>,
    entries: Vec<(LeadId, Vec<FieldChange>)>,
) -> Result<()> {
    let entries: Vec<_> = entries
        .into_iter()
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    if entries.is_empty() {
        return Ok(());
    }
    let ids: Vec<NoteId> = entries.iter().map(|_| NoteId::generate()).collect();
    let leads: Vec<LeadId> = entries.iter().map(|(lead, _)| *lead).collect();
    let changes: Vec<Json> = entries
        .iter()
        .map(|(_, changes)| FieldChange::to_json(changes))
        .collect();
    let insert = sql_query(
        "INSERT INTO lead_notes (id, lead_id, author_id, note_type, content, changes, created_at) \
         SELECT n.id, n.lead_id, $4, 'CHANGE', '', n.changes, $5 \
         FROM unnest($1, $2, $3) AS n (id, lead_id, changes)",
    )
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Array<Uuid>, _>(leads)
    .bind::<Array<Jsonb>, _>(changes)
    .bind::<Nullable<Uuid>, _>(actor.author())
    .bind::<Timestamptz, _>(at);
    Cached(insert).execute(conn).await?;
    Ok(())
}

/// Adds what a person wrote. The text must have been checked.
pub(crate) async fn write(
    conn: &mut Connection,
    actor: &Actor,
    lead: LeadId,
    note_type: NoteType,
    content: String,
    replaces: Option<NoteId>,
) -> Result<Entry> {
    let note = Entry {
        id: NoteId::generate(),
        lead_id: lead,
        author_id: actor.author(),
        entry_type: note_type.into(),
        content,
        changes: Json::of_text("{}"),
        replaces_id: replaces,
        created_at: now(),
        position: 0,
    };
    let insert = diesel::insert_into(lead_notes::table).values(note);
    let insert = Cached(insert.returning(Entry::as_returning()));
    Ok(insert.get_result(conn).await?)
}

/// Deletes a lead's whole timeline: only for a lead that is deleted for good.
pub(crate) async fn delete_all(conn: &mut Connection, lead: LeadId) -> Result<()> {
    let notes = lead_notes::table.filter(lead_notes::lead_id.eq(lead));
    diesel::delete(notes).execute(conn).await?;
    Ok(())
}
