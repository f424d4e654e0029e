use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::clock::now;
use crate::service::command::Answer;
use crate::service::leads::edit::rescore;
use crate::service::leads::{Lead, LeadFilter, sql};
use crate::service::permission::{self, Action, Scope};
use crate::service::timeline::{self, changes};
use crate::service::{Actor, ErrorCode, FieldError, LeadId, Result, ServiceError};

/// The maximum number of successful rows in the result of a dry run.
pub const SAMPLE: usize = 20;

/// The leads a bulk change is for, and how it deals with rows that fail.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct Bulk {
    pub selection: Selection,
    pub mode: BulkMode,
    pub dry_run: bool,
    /// The most leads that one bulk change may select.
    #[serde(skip)]
    pub limit: usize,
    /// The most leads that it may select within the cost limit of its rows.
    #[serde(skip)]
    pub most_rows: usize,
}

/// The selection of leads; none by default.
#[derive(Debug, Serialize)]
pub enum Selection {
    /// Leads by id. Each gets a row in the result, even without permission.
    Ids(Vec<LeadId>),
    /// The leads that match the filter and that the actor may see.
    Filter(Box<LeadFilter>),
}

impl Default for Selection {
    fn default() -> Self {
        Self::Ids(Vec::new())
    }
}

/// The handling of valid rows when other rows fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkMode {
    /// Valid rows are changed.
    Partial,
    /// Nothing is changed.
    AllOrNothing,
}

/// The outcome of every row: `succeeded + failed = total`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct BulkResult {
    pub total: usize,
    pub succeeded: usize,
    pub failed: usize,
    pub dry_run: bool,
    /// Every row; of a dry run every row that would fail and the first [`SAMPLE`] others.
    pub rows: Vec<BulkRow>,
}

/// The outcome of one row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BulkRow {
    /// Its index in the selection, from 0.
    pub index: usize,
    /// The lead, if there is one.
    pub id: Option<LeadId>,
    /// The error; `None` if it succeeded.
    pub error: Option<RowError>,
}

/// The error of a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct RowError {
    pub code: ErrorCode,
    pub message: String,
    pub fields: Vec<FieldError>,
}

/// It contains no personal data: ids, counts, and for each row the faults of its fields, without
/// their values.
impl Answer for BulkResult {
    type Done = Self;

    fn done(&self) -> Self {
        self.clone()
    }

    async fn again(_: &mut Connection, _: &Actor, done: Self) -> Result<Option<Self>> {
        Ok(Some(done))
    }
}

/// The outcome of a bulk change, once each row's verdict is known.
pub(crate) struct Outcome {
    dry_run: bool,
    gives_up: bool,
}

impl Outcome {
    pub(crate) fn of<T, E>(mode: BulkMode, dry_run: bool, verdicts: &[Result<T, E>]) -> Self {
        let gives_up = mode == BulkMode::AllOrNothing && verdicts.iter().any(Result::is_err);
        Self { dry_run, gives_up }
    }

    pub(crate) fn is_to_be_written(&self) -> bool {
        !self.dry_run && !self.gives_up
    }

    pub(crate) fn report(&self, rows: Vec<(Option<LeadId>, Result<(), RowError>)>) -> BulkResult {
        let total = rows.len();
        let rows = rows.into_iter().enumerate().map(|(index, (id, verdict))| {
            let given_up = self
                .gives_up
                .then(|| RowError::of(ServiceError::NotApplied));
            BulkRow {
                index,
                id,
                error: verdict.err().or(given_up),
            }
        });
        let (failed, good): (Vec<BulkRow>, Vec<BulkRow>) =
            rows.partition(|row| row.error.is_some());
        let (failed_count, succeeded) = (failed.len(), good.len());
        let shown = if self.dry_run { SAMPLE } else { succeeded };
        let mut rows: Vec<BulkRow> = good.into_iter().take(shown).chain(failed).collect();
        rows.sort_by_key(|row| row.index);
        BulkResult {
            total,
            succeeded,
            failed: failed_count,
            dry_run: self.dry_run,
            rows,
        }
    }
}

impl RowError {
    pub(crate) fn of(error: ServiceError) -> Self {
        let (code, message) = (error.error_code(), error.message());
        let fields = match error {
            ServiceError::InvalidData(faults) => faults,
            _ => Vec::new(),
        };
        Self {
            code,
            message,
            fields,
        }
    }
}

/// Changes many leads: select, lock in one order, permission and rule per row, then one statement
/// for the leads and one for their timeline.
///
/// Errors: `InvalidData` for a selection above the limit; the error of a row is in its row.
pub(crate) async fn edit_many(
    conn: &mut Connection,
    actor: &Actor,
    bulk: &Bulk,
    action: Action,
    rule: impl Fn(&mut Lead) -> Result<()> + Send,
) -> Result<BulkResult> {
    if permission::scope(actor.role, action) == Scope::Nothing {
        return Err(permission::denied(actor.role, action));
    }
    let (selected, locked) = select(conn, actor, bulk).await?;
    let written_at = now();
    let verdict = |before: &Lead| {
        permission::require(actor, action, before.assigned_to)?;
        changed(before, written_at, &rule)
    };
    let verdicts: HashMap<LeadId, Result<Option<Lead>, RowError>> = locked
        .iter()
        .map(|lead| (lead.id, verdict(lead).map_err(RowError::of)))
        .collect();
    let rows: Vec<Result<(), RowError>> = selected
        .iter()
        .map(|id| match verdicts.get(id) {
            None => Err(RowError::of(ServiceError::LeadNotFound(*id))),
            Some(verdict) => verdict.as_ref().map(|_| ()).map_err(RowError::clone),
        })
        .collect();
    let outcome = Outcome::of(bulk.mode, bulk.dry_run, &rows);
    if outcome.is_to_be_written() {
        write(conn, actor, written_at, &locked, verdicts).await?;
    }
    Ok(outcome.report(selected.into_iter().map(Some).zip(rows).collect()))
}

async fn write(
    conn: &mut Connection,
    actor: &Actor,
    written_at: DateTime<Utc>,
    before: &[Lead],
    mut verdicts: HashMap<LeadId, Result<Option<Lead>, RowError>>,
) -> Result<()> {
    let mut after = Vec::with_capacity(before.len());
    let mut entries = Vec::with_capacity(before.len());
    for lead in before {
        if let Some(Ok(Some(changed))) = verdicts.remove(&lead.id) {
            entries.push((lead.id, changes(Some(lead), &changed)));
            after.push(changed);
        }
    }
    sql::update_many(conn, &after).await?;
    timeline::record(conn, actor, written_at, entries).await
}

/// The lead as changed by the rule; `None` if that changes nothing.
fn changed(
    before: &Lead,
    written_at: DateTime<Utc>,
    rule: &impl Fn(&mut Lead) -> Result<()>,
) -> Result<Option<Lead>> {
    let mut after = before.clone();
    rule(&mut after)?;
    rescore(&mut after);
    if after == *before {
        return Ok(None);
    }
    after.version += 1;
    after.updated_at = written_at;
    Ok(Some(after))
}

/// The ids a bulk change is for, in its order, and those of the leads that exist, locked.
async fn select(
    conn: &mut Connection,
    actor: &Actor,
    bulk: &Bulk,
) -> Result<(Vec<LeadId>, Vec<Lead>)> {
    match &bulk.selection {
        Selection::Ids(ids) => {
            check_size("input.leads.ids", ids.len(), bulk)?;
            Ok((ids.clone(), sql::lock(conn, ids).await?))
        }
        Selection::Filter(filter) => {
            let size: i64 = filter.query(actor)?.count().get_result(conn).await?;
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            check_size("input.leads", size, bulk)?;
            // PostgreSQL checks the condition again for a lead that changed before it was locked.
            let locked: Vec<Lead> = leads::table
                .filter(filter.condition(actor)?)
                .order_by(leads::id)
                .limit(bulk.limit.min(bulk.most_rows) as i64)
                .select(Lead::as_select())
                .for_no_key_update()
                .load(conn)
                .await?;
            Ok((locked.iter().map(|lead| lead.id).collect(), locked))
        }
    }
}

fn check_size(field: &str, size: usize, bulk: &Bulk) -> Result<()> {
    let limit = bulk.limit;
    if size > limit {
        let message = format!("selects {size} leads, the limit is {limit}");
        return Err(ServiceError::invalid(field, message));
    }
    check_rows(size, bulk.most_rows)
}

/// Checks that the rows of a bulk change are within the cost limit. Errors: `TooManyRows`.
pub(crate) fn check_rows(selected: usize, most: usize) -> Result<()> {
    match selected <= most {
        true => Ok(()),
        false => Err(ServiceError::TooManyRows { selected, most }),
    }
}
