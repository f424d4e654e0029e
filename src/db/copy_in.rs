//! PostgreSQL's COPY: the fast way in for many rows, which diesel does not offer.

use std::io::Cursor;

use chrono::{DateTime, Utc};
use futures_util::SinkExt;
use serde::Serialize;
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

use super::error::{DbError, reason};
use super::request::RequestDb;

/// PostgreSQL counts microseconds from the year 2000.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;
/// The OID of the type `text`, which the binary form of an array needs.
const TEXT: i32 = 25;

/// Session settings for copying many rows: no statement timeout, commits that do not wait for the disk
/// (a crash loses the last batches as a whole), and memory to sort the entries of GIN indexes.
const SETTINGS: &str = "SET statement_timeout = 0; SET synchronous_commit = off; \
                        SET work_mem = '128MB'; SET gin_pending_list_limit = '64MB'";

/// A connection for COPY, with the settings of the pool's connections but outside of the pool.
pub struct CopyIn {
    client: Client,
}

/// Rows for one table.
pub struct Batch {
    /// The table's name: a constant of the program, never input.
    pub table: &'static str,
    /// The columns that the rows have, in their order.
    pub columns: &'static [&'static str],
    /// The rows.
    pub rows: Rows,
}

/// Rows in COPY's binary form, written value by value: [`Rows::begin`], then a value for each
/// column. A PostgreSQL enum's value is written as text.
pub struct Rows {
    bytes: Vec<u8>,
}

impl CopyIn {
    /// Opens a connection, which does not count in the pool.
    ///
    /// Errors: as [`Db::connect`](super::Db::connect).
    pub async fn connect(db: &RequestDb) -> Result<Self, DbError> {
        let client = db.target().client().await?;
        client.batch_execute(SETTINGS).await.map_err(refused)?;
        Ok(Self { client })
    }

    /// Copies all batches, in their order and in one transaction: all rows are inserted, or none.
    ///
    /// Errors: `Copy`, with PostgreSQL's message.
    pub async fn copy(&mut self, batches: Vec<Batch>) -> Result<(), DbError> {
        let transaction = self.client.transaction().await.map_err(refused)?;
        for batch in batches {
            copy(&transaction, batch).await.map_err(refused)?;
        }
        transaction.commit().await.map_err(refused)
    }

    /// Begins a transaction. Errors: `Copy`.
    pub(super) async fn transaction(&mut self) -> Result<Transaction<'_>, DbError> {
        self.client.transaction().await.map_err(refused)
    }

    /// Waits for this advisory lock and holds it until the connection is dropped.
    ///
    /// Errors: `Copy`.
    pub async fn lock(&self, key: i64) -> Result<(), DbError> {
        let statement = format!("SELECT pg_advisory_lock({key})");
        self.client.batch_execute(&statement).await.map_err(refused)
    }

    /// Runs VACUUM ANALYZE: updates the planner's statistics and the visibility map for index-only scans.
    ///
    /// Errors: `Copy`.
    pub async fn settle(&self, tables: &[&'static str]) -> Result<(), DbError> {
        let statement = format!("VACUUM (ANALYZE) {}", tables.join(", "));
        self.client.batch_execute(&statement).await.map_err(refused)
    }
}

async fn copy(transaction: &Transaction<'_>, batch: Batch) -> Result<(), tokio_postgres::Error> {
    let (table, columns) = (batch.table, batch.columns.join(", "));
    let statement = format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)");
    let mut sink = std::pin::pin!(transaction.copy_in(&statement).await?);
    sink.send(Cursor::new(batch.rows.finish())).await?;
    sink.finish().await?;
    Ok(())
}

pub(super) fn refused(error: tokio_postgres::Error) -> DbError {
    DbError::Copy(reason(&error))
}

impl Default for Rows {
    fn default() -> Rows {
        let mut bytes = b"PGCOPY\n\xff\r\n\0".to_vec();
        // No flags, no extension of the header.
        bytes.extend([0; 8]);
        Rows { bytes }
    }
}

impl Rows {
    /// Begins the next row, of that many columns.
    pub fn begin(&mut self, columns: usize) {
        self.bytes.extend((columns as i16).to_be_bytes());
    }

    /// NULL.
    pub fn null(&mut self) {
        self.bytes.extend((-1_i32).to_be_bytes());
    }

    /// A text, or an enum's value.
    pub fn text(&mut self, value: &str) {
        self.value(value.as_bytes());
    }

    /// A uuid.
    pub fn uuid(&mut self, value: Uuid) {
        self.value(value.as_bytes());
    }

    /// A boolean.
    pub fn boolean(&mut self, value: bool) {
        self.value(&[value.into()]);
    }

    /// An integer.
    pub fn integer(&mut self, value: i32) {
        self.value(&value.to_be_bytes());
    }

    /// A double precision.
    pub fn double(&mut self, value: f64) {
        self.value(&value.to_be_bytes());
    }

    /// A timestamptz.
    pub fn timestamp(&mut self, value: DateTime<Utc>) {
        self.value(&(value.timestamp_micros() - POSTGRES_EPOCH).to_be_bytes());
    }

    /// A text[].
    pub fn texts(&mut self, values: &[String]) {
        self.measured(|bytes| {
            let dimensions = i32::from(!values.is_empty());
            for number in [dimensions, 0, TEXT] {
                bytes.extend(number.to_be_bytes());
            }
            if dimensions > 0 {
                bytes.extend((values.len() as i32).to_be_bytes());
                bytes.extend(1_i32.to_be_bytes());
            }
            for value in values {
                bytes.extend((value.len() as i32).to_be_bytes());
                bytes.extend(value.as_bytes());
            }
        });
    }

    /// A jsonb. A value that serde cannot serialize becomes null; a [`serde_json::Value`] never does.
    pub fn json(&mut self, value: &impl Serialize) {
        self.measured(|bytes| {
            bytes.push(1);
            let start = bytes.len();
            if serde_json::to_writer(&mut *bytes, value).is_err() {
                bytes.truncate(start);
                bytes.extend(b"null");
            }
        });
    }

    fn value(&mut self, bytes: &[u8]) {
        self.bytes.extend((bytes.len() as i32).to_be_bytes());
        self.bytes.extend(bytes);
    }

    /// A value whose length is only known once it is written.
    fn measured(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let at = self.bytes.len();
        self.bytes.extend([0; 4]);
        write(&mut self.bytes);
        let length = (self.bytes.len() - at - 4) as i32;
        self.bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes.extend((-1_i16).to_be_bytes());
        self.bytes
    }
}
