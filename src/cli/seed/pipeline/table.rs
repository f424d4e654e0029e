//! One CSV file, read row by row.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::cli::seed::{RowFault, SeedError};

/// The rows of a file with the lines they begin in. Rows that have not the columns become faults.
pub(super) fn rows<Row: DeserializeOwned>(
    folder: &Path,
    file: &'static str,
    faults: &mut Vec<RowFault>,
) -> Result<Vec<(u64, Row)>, SeedError> {
    let path = folder.join(file);
    let unreadable = |error: csv::Error| SeedError::Unreadable {
        file: path.display().to_string(),
        reason: error.to_string(),
    };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(&path)
        .map_err(unreadable)?;
    let heading = reader.headers().map_err(unreadable)?.clone();
    let (mut rows, mut record) = (Vec::new(), csv::StringRecord::new());
    loop {
        let line = match reader.read_record(&mut record) {
            Ok(false) => return Ok(rows),
            Ok(true) => record.position().map_or(0, csv::Position::line),
            Err(error) if error.is_io_error() => return Err(unreadable(error)),
            Err(error) => {
                faults.push(fault(file, reader.position().line(), &error));
                continue;
            }
        };
        match record.deserialize(Some(&heading)) {
            Ok(row) => rows.push((line, row)),
            Err(error) => faults.push(fault(file, line, &error)),
        }
    }
}

/// The fault of a row; `line` is where the reader stands, the error may know better.
fn fault(file: &'static str, line: u64, error: &csv::Error) -> RowFault {
    let line = error.position().map_or(line, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("has {len} columns, the heading has {expected_len}"),
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
        _ => error.to_string(),
    };
    RowFault {
        file,
        line,
        message,
    }
}
