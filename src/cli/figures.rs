//! The figures of a database, by which a restored one is compared with what was backed up.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::db::Connection;
use crate::db::backup::row_counts;
use crate::service::leads::LeadFilter;
use crate::service::statistics::{RequestedStatistics, statistics_within};
use crate::service::{Actor, ServiceError};

/// The tables whose rows are left out: they let people in, or say who tried to get in, or answer a
/// request that is repeated. None of it is to be valid again.
pub(super) const WITHOUT_ROWS: [&str; 5] = [
    "sessions",
    "account_links",
    "exports",
    "login_attempts",
    "idempotency_keys",
];

/// The contents of a backup beside its dump.
#[derive(Serialize, Deserialize)]
pub(super) struct Contents {
    /// The version of the program that made it.
    pub(super) program: String,
    /// The moment of the data, by this machine's clock.
    pub(super) taken_at: DateTime<Utc>,
    /// The major version of pg_dump.
    pub(super) postgresql: u32,
    /// The schema of the tables.
    pub(super) schema: String,
    /// The schema of the extensions.
    pub(super) extensions: String,
    pub(super) figures: Figures,
}

/// Counts of one snapshot.
#[derive(Serialize, Deserialize)]
pub(super) struct Figures {
    /// The rows of each table.
    pub(super) tables: BTreeMap<String, i64>,
    /// The statistics of the leads that are not archived, by name.
    pub(super) statistics: BTreeMap<String, f64>,
}

impl Figures {
    /// Reads the figures in the caller's snapshot.
    pub(super) async fn read(conn: &mut Connection) -> Result<Self, ServiceError> {
        Ok(Self {
            tables: row_counts(conn, &WITHOUT_ROWS).await?,
            statistics: statistics(conn).await?,
        })
    }

    /// The figures that differ, a sentence's part each. What only `now` has is newer than the backup.
    pub(super) fn differences(&self, now: &Self) -> Vec<String> {
        let tables = self.tables.iter().map(|(name, count)| {
            let restored = now.tables.get(name).copied().unwrap_or_default();
            (format!("rows of {name}"), *count as f64, restored as f64)
        });
        let statistics = self.statistics.iter().map(|(name, value)| {
            let restored = now.statistics.get(name).copied().unwrap_or_default();
            (name.clone(), *value, restored)
        });
        let all = tables.chain(statistics);
        let differing = all.filter(|(_, before, after)| before != after);
        differing
            .map(|(name, before, after)| format!("{name}: {after} instead of {before}"))
            .collect()
    }
}

/// The statistics as the API shows them, but for the overdue follow-ups, which depend on the time.
async fn statistics(conn: &mut Connection) -> Result<BTreeMap<String, f64>, ServiceError> {
    let requested = RequestedStatistics {
        sums: true,
        ..RequestedStatistics::default()
    };
    let (filter, operator) = (LeadFilter::default(), Actor::operator());
    let found = statistics_within(conn, &operator, &filter, &requested, Utc::now()).await?;
    let totals = found.totals;
    let mut figures = BTreeMap::from([
        ("leads".to_owned(), totals.total as f64),
        ("hot leads".to_owned(), totals.hot as f64),
        ("average score".to_owned(), totals.average_score()),
    ]);
    for (status, count) in &totals.by_status {
        figures.insert(format!("leads {}", status.as_str()), *count as f64);
    }
    for (source, count) in &totals.by_source {
        figures.insert(format!("leads from {}", source.as_str()), *count as f64);
    }
    Ok(figures)
}

impl Display for Figures {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        for (name, count) in &self.tables {
            writeln!(f, "  {:<40} {count:>12}", format!("rows of {name}"))?;
        }
        for (name, value) in &self.statistics {
            writeln!(f, "  {name:<40} {value:>12}")?;
        }
        Ok(())
    }
}
