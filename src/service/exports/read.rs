use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};

use crate::db::{Connection, DeclareCursor, RequestDb, RunQueryDsl};
use crate::service::exports::cell::time;
use crate::service::exports::csv::CsvWriter;
use crate::service::exports::{Export, ExportFormat, ExportSelection, ndjson};
use crate::service::leads::Lead;
use crate::service::permission::{Action, may};
use crate::service::timeline::notes_of;
use crate::service::users::users_by_id;
use crate::service::{Actor, LeadId, Result, UserId};

/// The number of leads that are read, written and sent at a time.
const BATCH: usize = 1_000;

/// The receiver of an export's bytes.
pub trait Chunks: Send {
    /// Takes the next bytes, when the client has room for them. Returns false if it has gone.
    fn send(&mut self, bytes: Vec<u8>) -> impl Future<Output = bool> + Send;
}

/// Reads the leads of an export in one snapshot, and sends them as they are read, at the client's pace. Ends
/// early if the client has gone.
///
/// Errors: `Unauthenticated` if the maker may no longer download it, which is asked in the same snapshot.
#[tracing::instrument(name = "exports::read", level = "debug", skip_all)]
pub async fn read(db: &RequestDb, export: &Export, chunks: &mut impl Chunks) -> Result<()> {
    let mut conn = db.connection().await?;
    conn.snapshot(async |conn| {
        conn.lift_time_limits().await?;
        // All rows are read: the plan for all of them is the best.
        conn.batch_execute("SET LOCAL cursor_tuple_fraction = 1")
            .await?;
        let export = export.again(conn).await?;
        send_all(conn, &export, chunks).await
    })
    .await
}

async fn send_all(
    conn: &mut Connection,
    Export {
        actor, selection, ..
    }: &Export,
    chunks: &mut impl Chunks,
) -> Result<()> {
    let mut writer = Writer::begin(selection)?;
    let mut emails = HashMap::new();
    for part in selection.order.nulls_parts(false) {
        let query = selection.filter.query(actor)?;
        let query = selection.order.seek(query, *part, false, None);
        let cursor = DeclareCursor(query.select(Lead::as_select()));
        let next = cursor.fetch(BATCH);
        cursor.execute(conn).await?;
        loop {
            let batch: Vec<Lead> = next.load(conn).await?;
            let is_last = batch.len() < BATCH;
            look_up(conn, actor, &batch, &mut emails).await?;
            let ids: Vec<LeadId> = batch.iter().map(|lead| lead.id).collect();
            let mut notes = match selection.notes {
                true => notes(conn, &ids).await?,
                false => HashMap::new(),
            };
            for lead in &batch {
                let assignee = lead.assigned_to.and_then(|id| emails.get(&id)?.as_deref());
                let notes = notes.remove(&lead.id).unwrap_or_default();
                let notes = selection.notes.then_some(Value::Array(notes));
                writer.write(selection, lead, assignee, notes)?;
            }
            let bytes = writer.take()?;
            if !bytes.is_empty() && !chunks.send(bytes).await {
                return Ok(());
            }
            if is_last {
                break;
            }
        }
        conn.batch_execute("CLOSE rows").await?;
    }
    Ok(())
}

/// Adds the e-mail addresses of assignees that are not known yet; none where the actor may not see the user.
async fn look_up(
    conn: &mut Connection,
    actor: &Actor,
    batch: &[Lead],
    emails: &mut HashMap<UserId, Option<String>>,
) -> Result<()> {
    let unknown = batch.iter().filter_map(|lead| lead.assigned_to);
    let unknown: Vec<UserId> = unknown.filter(|id| !emails.contains_key(id)).collect();
    for (id, user) in users_by_id(conn, &unknown).await? {
        let email = may(actor, Action::ReadUser, Some(id)).then_some(user.email);
        emails.insert(id, email);
    }
    Ok(())
}

/// The notes of leads, each oldest first, as JSON objects.
async fn notes(conn: &mut Connection, ids: &[LeadId]) -> Result<HashMap<LeadId, Vec<Value>>> {
    let mut notes: HashMap<LeadId, Vec<Value>> = HashMap::new();
    for note in notes_of(conn, ids).await? {
        let by = note.author_id.map(|id| id.to_string());
        let value = json!({
            "at": time(note.created_at),
            "type": note.entry_type.as_str(),
            "by": by,
            "content": note.content,
        });
        notes.entry(note.lead_id).or_default().push(value);
    }
    Ok(notes)
}

/// A writer of one of the formats.
enum Writer {
    Csv(Box<CsvWriter>),
    Ndjson(Vec<u8>),
}

impl Writer {
    fn begin(selection: &ExportSelection) -> Result<Self> {
        Ok(match selection.format {
            ExportFormat::Csv => {
                let writer = CsvWriter::begin(&selection.columns, selection.notes)?;
                Self::Csv(Box::new(writer))
            }
            ExportFormat::Ndjson => Self::Ndjson(Vec::new()),
        })
    }

    fn write(
        &mut self,
        selection: &ExportSelection,
        lead: &Lead,
        assignee: Option<&str>,
        notes: Option<Value>,
    ) -> Result<()> {
        let columns = &selection.columns;
        match self {
            Self::Csv(writer) => writer.write(columns, lead, assignee, notes),
            Self::Ndjson(out) => ndjson::write(out, columns, lead, assignee, notes),
        }
    }

    fn take(&mut self) -> Result<Vec<u8>> {
        match self {
            Self::Csv(writer) => writer.take(),
            Self::Ndjson(out) => Ok(std::mem::take(out)),
        }
    }
}
