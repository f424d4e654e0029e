//! The write-ahead log (WAL) of changes.

use crate::database::Sql;
use crate::measure::Measured;
use crate::report::figure;

/// The end of the log.
pub const POSITION: &str = "SELECT pg_current_wal_flush_lsn()";

/// The bytes of the records between two positions, without the pages that PostgreSQL adds after a
/// checkpoint; none where it does not say (it needs the extension pg_walinspect).
pub async fn records(sql: &Sql, begin: &str, end: &str) -> u64 {
    let extension = "CREATE EXTENSION IF NOT EXISTS pg_walinspect";
    if begin == end || sql.run(extension).await.is_err() {
        return 0;
    }
    let records = "SELECT sum(record_size)::bigint FROM pg_get_wal_stats";
    let records = format!("{records}('{begin}', '{end}')");
    sql.number(&records).await.unwrap_or_default()
}

/// The WAL of a request, beside that of the bare SQL; empty for reads.
pub fn remark(is: &Measured, sql: Option<&Measured>) -> String {
    let kb = |measured: &Measured| format!("{} kB", figure(Some(measured.wal_kb)));
    match sql {
        _ if is.wal_kb < 0.2 => String::new(),
        Some(sql) => format!("WAL {}, SQL {}", kb(is), kb(sql)),
        None => format!("WAL {}", kb(is)),
    }
}
