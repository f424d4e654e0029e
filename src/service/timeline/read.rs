use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Nullable, Uuid};

use crate::db::schema::{lead_notes, leads, sql_types};
use crate::db::{Cached, Connection, RequestDb, RunQueryDsl};
use crate::service::command::Answer;
use crate::service::leads::visible_to;
use crate::service::page::{Page, PageResult, Start};
use crate::service::permission::{Action, denied, may};
use crate::service::timeline::{Entry, EntryType};
use crate::service::{Actor, LeadId, NoteId, Result, ServiceError, UserId};

diesel::define_sql_function! {
    /// The position up to which no entry is missing; see the migration for why.
    fn lead_notes_horizon() -> BigInt;
}

/// The newest entries of each lead, newest first, one page of each. Earlier versions of edited
/// notes are left out. Leads that the actor may not see have none.
///
/// Errors: `InvalidData` for a page read from its end.
#[tracing::instrument(name = "timeline::entries_of", level = "debug", skip_all)]
pub async fn entries_of(
    db: &RequestDb,
    actor: &Actor,
    ids: &[LeadId],
    types: Option<&[EntryType]>,
    page: &Page<i64>,
) -> Result<HashMap<LeadId, PageResult<Entry>>> {
    let before = match page.start {
        Start::Offset(_) => None,
        Start::After(position) => Some(position),
        Start::Before(_) => return Err(ServiceError::invalid("last", "is not offered here")),
    };
    let mut conn = db.connection().await?;
    let visible = leads::table
        .filter(leads::id.eq_any(ids))
        .filter(visible_to(actor));
    let visible: Vec<LeadId> = visible.select(leads::id).load(&mut conn).await?;
    let newest = sql_query(
        "SELECT n.id, n.lead_id, n.author_id, n.note_type, n.content, n.changes, n.replaces_id, \
         n.created_at, n.position FROM unnest($1) AS l (id) CROSS JOIN LATERAL ( \
           SELECT * FROM lead_notes n WHERE n.lead_id = l.id \
           AND ($2 IS NULL OR n.note_type = ANY ($2)) AND ($3 IS NULL OR n.position < $3) \
           AND NOT EXISTS (SELECT FROM lead_notes newer WHERE newer.replaces_id = n.id) \
           ORDER BY n.position DESC LIMIT $4) AS n ORDER BY n.position DESC",
    )
    .bind::<Array<Uuid>, _>(&visible)
    .bind::<Nullable<Array<sql_types::NoteType>>, _>(types)
    .bind::<Nullable<BigInt>, _>(before)
    .bind::<BigInt, _>(page.size as i64 + 1);
    let rows: Vec<Entry> = Cached(newest).load(&mut conn).await?;
    let mut entries: HashMap<LeadId, Vec<Entry>> = HashMap::new();
    for row in rows {
        entries.entry(row.lead_id).or_default().push(row);
    }
    let slice = |id: LeadId| {
        (
            id,
            PageResult::of(page, entries.remove(&id).unwrap_or_default()),
        )
    };
    Ok(ids.iter().copied().map(slice).collect())
}

/// One entry, a note in whichever version. Errors: `NoteNotFound`, and `PermissionDenied` if its
/// lead is not the actor's to see.
#[tracing::instrument(name = "timeline::read", level = "debug", skip_all)]
pub async fn read(db: &RequestDb, actor: &Actor, id: NoteId) -> Result<Entry> {
    if let Some(note) = read_many(db, actor, &[id]).await?.pop() {
        return Ok(note);
    }
    let mut conn = db.connection().await?;
    let exists = diesel::select(diesel::dsl::exists(lead_notes::table.find(id)));
    if exists.get_result(&mut conn).await? {
        Err(denied(actor.role, Action::ReadLead))
    } else {
        Err(ServiceError::NoteNotFound(id))
    }
}

/// The entries of these ids that exist and whose lead the actor may see, in no order.
#[tracing::instrument(name = "timeline::read_many", level = "debug", skip_all)]
pub async fn read_many(db: &RequestDb, actor: &Actor, ids: &[NoteId]) -> Result<Vec<Entry>> {
    visible(&mut *db.connection().await?, actor, ids).await
}

async fn visible(conn: &mut Connection, actor: &Actor, ids: &[NoteId]) -> Result<Vec<Entry>> {
    let notes = leads::table
        .inner_join(lead_notes::table)
        .filter(visible_to(actor));
    let notes = notes
        .filter(lead_notes::id.eq_any(ids))
        .select(Entry::as_select());
    Ok(notes.load(conn).await?)
}

/// The notes on leads, oldest first, without earlier versions. The caller has asked which leads may be
/// seen.
pub(crate) async fn notes_of(conn: &mut Connection, ids: &[LeadId]) -> Result<Vec<Entry>> {
    let newer = diesel::alias!(lead_notes as newer);
    let replaced = newer.filter(
        newer
            .field(lead_notes::replaces_id)
            .eq(lead_notes::id.nullable()),
    );
    let notes = lead_notes::table
        .filter(lead_notes::lead_id.eq_any(ids))
        .filter(lead_notes::note_type.ne(EntryType::Change))
        .filter(diesel::dsl::not(diesel::dsl::exists(replaced)))
        .order_by(lead_notes::position)
        .select(Entry::as_select());
    Ok(notes.load(conn).await?)
}

/// The entries of these ids that exist; nothing in place of one whose lead is not the actor's to see.
#[tracing::instrument(name = "timeline::find_many", level = "debug", skip_all)]
pub async fn find_many(
    db: &RequestDb,
    actor: &Actor,
    ids: &[NoteId],
) -> Result<HashMap<NoteId, Option<Entry>>> {
    let entries = leads::table.inner_join(lead_notes::table);
    let found: Vec<(Entry, Option<UserId>)> = entries
        .filter(lead_notes::id.eq_any(ids))
        .select((Entry::as_select(), leads::assigned_to))
        .load(&mut *db.connection().await?)
        .await?;
    let judged = |(entry, owner): (Entry, Option<UserId>)| {
        let is_visible = may(actor, Action::ReadLead, owner);
        (entry.id, is_visible.then_some(entry))
    };
    Ok(found.into_iter().map(judged).collect())
}

impl Answer for Entry {
    type Done = NoteId;

    fn done(&self) -> NoteId {
        self.id
    }

    async fn again(conn: &mut Connection, actor: &Actor, done: NoteId) -> Result<Option<Self>> {
        Ok(visible(conn, actor, &[done]).await?.pop())
    }
}

/// The entries that came into the log after a position, oldest first, on leads that the actor may see.
///
/// A reader that asks again with the last position it got misses nothing: entries are given out
/// only up to the horizon, below which no writer is still at work. An entry of a slow transaction
/// holds back those behind it until it is there.
#[tracing::instrument(name = "timeline::feed", level = "debug", skip_all)]
pub async fn feed(
    db: &RequestDb,
    actor: &Actor,
    after: i64,
    size: usize,
) -> Result<PageResult<Entry>> {
    let mut conn = db.connection().await?;
    // A statement of its own, before the one whose snapshot must be the later.
    let horizon: i64 = diesel::select(lead_notes_horizon())
        .get_result(&mut conn)
        .await?;
    let notes = leads::table
        .inner_join(lead_notes::table)
        .filter(visible_to(actor))
        .filter(
            lead_notes::position
                .gt(after)
                .and(lead_notes::position.le(horizon)),
        )
        .order_by(lead_notes::position)
        .limit(size as i64 + 1)
        .select(Entry::as_select());
    let rows = notes.load(&mut conn).await?;
    Ok(PageResult::of(
        &Page {
            size,
            start: Start::After(after),
        },
        rows,
    ))
}
