//! Reads the rows of a plain-text dump of pg_dump.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use futures_util::SinkExt;
use tokio_postgres::Transaction;

use super::copy_in::{CopyIn, refused};
use super::error::DbError;

/// The size of a message that carries rows, in bytes.
const MESSAGE: usize = 1 << 20;

/// The rows of the tables in a dump, in COPY's text form. They are not read into memory.
pub struct Dump {
    file: File,
    tables: Vec<DumpedTable>,
}

struct DumpedTable {
    name: String,
    /// The column list as in the dump: separated by commas, quoted where necessary.
    columns: String,
    rows: Range<u64>,
}

impl Dump {
    /// Finds the tables in a file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = BufReader::new(File::open(path)?);
        let mut tables: Vec<DumpedTable> = Vec::new();
        let (mut line, mut at, mut is_in_rows) = (Vec::new(), 0, false);
        while file.read_until(b'\n', &mut line)? > 0 {
            let after = at + line.len() as u64;
            if is_in_rows && line.trim_ascii_end() == b"\\." {
                is_in_rows = false;
                if let Some(table) = tables.last_mut() {
                    table.rows.end = at;
                }
            } else if let (false, Some((name, columns))) = (is_in_rows, header(&line)) {
                is_in_rows = true;
                let rows = after..after;
                tables.push(DumpedTable {
                    name,
                    columns,
                    rows,
                });
            }
            at = after;
            line.clear();
        }
        let file = file.into_inner();
        Ok(Self { file, tables })
    }

    /// True if the dump contains this table, even without rows.
    pub fn has(&self, table: &str) -> bool {
        self.tables.iter().any(|it| it.name == table)
    }
}

/// Table and columns, if a line of the dump begins the rows of a table.
fn header(line: &[u8]) -> Option<(String, String)> {
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let rest = line.strip_prefix("COPY ")?.strip_suffix(") FROM stdin;")?;
    let (name, columns) = rest.split_once(" (")?;
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    Some((name.to_owned(), columns.to_owned()))
}

impl CopyIn {
    /// Copies tables of a dump into temporary tables, named `old_` and the table's name, with all columns
    /// as text, and runs the statements; all in one transaction.
    ///
    /// Errors: `Copy`, with PostgreSQL's own words.
    pub async fn load(
        &mut self,
        dump: &mut Dump,
        tables: &[&str],
        statements: &str,
    ) -> Result<(), DbError> {
        let transaction = self.transaction().await?;
        for table in &dump.tables {
            if tables.contains(&table.name.as_str()) {
                table.copy(&mut dump.file, &transaction).await?;
            }
        }
        transaction
            .batch_execute(statements)
            .await
            .map_err(refused)?;
        transaction.commit().await.map_err(refused)
    }
}

impl DumpedTable {
    async fn copy(&self, file: &mut File, transaction: &Transaction<'_>) -> Result<(), DbError> {
        let (name, columns) = (&self.name, &self.columns);
        let texts = columns.split(", ").map(|column| format!("{column} text"));
        let texts: Vec<String> = texts.collect();
        let make = format!(
            "CREATE TEMP TABLE old_{name} ({}) ON COMMIT DROP",
            texts.join(", ")
        );
        transaction.batch_execute(&make).await.map_err(refused)?;
        let copy = format!("COPY old_{name} ({columns}) FROM STDIN");
        let sink = transaction.copy_in(&copy).await.map_err(refused)?;
        let mut sink = std::pin::pin!(sink);
        let unreadable = |error: io::Error| DbError::Copy(error.to_string());
        file.seek(SeekFrom::Start(self.rows.start))
            .map_err(unreadable)?;
        let mut rest = self.rows.end - self.rows.start;
        while rest > 0 {
            let mut message = vec![0; MESSAGE.min(usize::try_from(rest).unwrap_or(MESSAGE))];
            file.read_exact(&mut message).map_err(unreadable)?;
            rest -= message.len() as u64;
            sink.send(io::Cursor::new(message)).await.map_err(refused)?;
        }
        sink.finish().await.map_err(refused)?;
        Ok(())
    }
}
