use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;
use diesel::sql_types::{Array, Timestamptz};

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::leads::{Condition, LeadFilter};
use crate::service::statistics::calendar::first_instants;
use crate::service::{Actor, Result, ServiceError};

/// The longest series, in stretches of time.
pub const MOST_BUCKETS: usize = 5_000;

diesel::define_sql_function! {
    /// How many of these instants, in their order, have come at a point in time.
    fn width_bucket(at: Timestamptz, instants: Array<Timestamptz>) -> Integer;
}

/// A stretch of time on a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday, as ISO 8601 has it.
    Week,
    /// From the first to the last.
    Month,
}

/// Which series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeriesKey {
    /// How long a stretch is.
    pub bucket: Bucket,
    /// On whose clocks.
    pub zone: Tz,
}

/// The first day of each stretch, with how many leads were created in it: from the first that has
/// any to the last, without gaps.
pub type Series = Vec<(NaiveDate, i64)>;

impl SeriesKey {
    /// Errors: `InvalidData` if the zone is not in the IANA database.
    pub fn new(bucket: Bucket, zone: &str) -> Result<Self> {
        let zone = zone.parse().map_err(|_| {
            let message = format!("{zone:?} is not an IANA time zone, like Europe/Warsaw");
            ServiceError::invalid("timeZone", message)
        })?;
        Ok(Self { bucket, zone })
    }
}

/// The instants at which stretches begin, in their order. PostgreSQL is given these and never the name
/// of a zone: which zones it knows, and their rules, depend on the machine that it runs on.
#[derive(Debug, Clone)]
pub(super) struct Boundaries(pub Vec<DateTime<Utc>>);

impl Boundaries {
    /// Those around all leads, or where that is a longer series than there may be, around those that
    /// the filter lets through. None if there are no leads.
    ///
    /// Errors: `InvalidData` for more than [`MOST_BUCKETS`] stretches.
    pub(super) async fn load(
        conn: &mut Connection,
        actor: &Actor,
        filter: &LeadFilter,
        key: SeriesKey,
    ) -> Result<Option<Self>> {
        type Range = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);
        let range = leads::table.select((min(leads::created_at), max(leads::created_at)));
        // The ends of an index: no lead between them is read.
        let (Some(first), Some(last)): Range = range.get_result(conn).await? else {
            return Ok(None);
        };
        if let Some(boundaries) = Self::between(key, first, last) {
            return Ok(Some(boundaries));
        }
        let range = range.filter(filter.condition(actor)?);
        let (Some(first), Some(last)): Range = range.get_result(conn).await? else {
            return Ok(None);
        };
        Self::between(key, first, last)
            .map(Some)
            .ok_or_else(too_many)
    }

    /// From the stretch of `first` to the end of that of `last`. None for more than [`MOST_BUCKETS`].
    fn between(key: SeriesKey, first: DateTime<Utc>, last: DateTime<Utc>) -> Option<Self> {
        let day = |at: DateTime<Utc>| at.with_timezone(&key.zone).date_naive();
        let end = key.bucket.next(key.bucket.start(day(last)));
        let mut start = key.bucket.start(day(first));
        let mut instants = Vec::new();
        for _ in 0..=MOST_BUCKETS {
            instants.extend(first_instants(key.zone, start));
            if start >= end {
                return Some(Self(instants));
            }
            start = key.bucket.next(start);
        }
        None
    }

    /// True where each hour of UTC lies in one stretch.
    pub(super) fn are_full_hours(&self) -> bool {
        self.0.iter().all(|at| at.timestamp() % 3600 == 0)
    }
}

/// The series of the leads that the condition lets through, in one pass over them.
pub(super) async fn series(
    conn: &mut Connection,
    condition: Condition,
    key: SeriesKey,
    boundaries: Boundaries,
) -> Result<Series> {
    // Any lead of a group tells which stretch the group is; that way the grouped expression, whose
    // bind parameter PostgreSQL would take for another one, stands in the statement only once.
    let groups: Vec<(Option<DateTime<Utc>>, i64)> = leads::table
        .filter(condition)
        .group_by(width_bucket(leads::created_at, boundaries.0))
        .select((min(leads::created_at), count_star()))
        .load(conn)
        .await?;
    let groups = groups.into_iter();
    let mut counts = Counts::new(key);
    counts.add(
        groups
            .filter_map(|(at, count)| Some((at?, count)))
            .collect(),
    );
    counts.series()
}

/// How many leads were created in each stretch.
#[derive(Debug)]
pub(super) struct Counts {
    key: SeriesKey,
    by_start: BTreeMap<NaiveDate, i64>,
}

impl Counts {
    pub(super) fn new(key: SeriesKey) -> Self {
        let by_start = BTreeMap::new();
        Self { key, by_start }
    }

    /// Adds counts at moments, each any moment of its stretch.
    pub(super) fn add(&mut self, counts: Vec<(DateTime<Utc>, i64)>) {
        for (at, count) in counts {
            let day = at.with_timezone(&self.key.zone).date_naive();
            let start = self.key.bucket.start(day);
            *self.by_start.entry(start).or_default() += count;
        }
    }

    /// From the first stretch to the last, without gaps.
    ///
    /// Errors: `InvalidData` if that is more than [`MOST_BUCKETS`].
    pub(super) fn series(mut self) -> Result<Series> {
        self.by_start.retain(|_, count| *count != 0);
        self.key.bucket.without_gaps(self.by_start)
    }
}

impl Bucket {
    fn start(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => day - Days::new(day.weekday().num_days_from_monday().into()),
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    fn next(self, start: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => start + Days::new(1),
            Self::Week => start + Days::new(7),
            Self::Month => start + Months::new(1),
        }
    }

    fn without_gaps(self, counts: BTreeMap<NaiveDate, i64>) -> Result<Series> {
        let Some((&first, _)) = counts.first_key_value() else {
            return Ok(Vec::new());
        };
        let last = counts.last_key_value().map_or(first, |(&day, _)| day);
        let starts = std::iter::successors(Some(first), |&start| Some(self.next(start)));
        let series: Series = starts
            .take_while(|&start| start <= last)
            .take(MOST_BUCKETS + 1)
            .map(|start| (start, counts.get(&start).copied().unwrap_or(0)))
            .collect();
        if series.len() > MOST_BUCKETS {
            return Err(too_many());
        }
        Ok(series)
    }
}

fn too_many() -> ServiceError {
    let message = format!("would give more than {MOST_BUCKETS} values: filter by created");
    ServiceError::invalid("bucket", message)
}
