use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamptz};

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::leads::Condition;
use crate::service::{Result, ServiceError};

/// The longest series, in stretches of time.
pub const MOST_BUCKETS: usize = 5_000;

diesel::define_sql_function! {
    /// The beginning of the stretch that a point in time lies in, on the clocks of a time zone.
    fn date_trunc(unit: Text, at: Timestamptz, zone: Text) -> Timestamptz;
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

/// How many leads of each stretch the condition lets through, in one pass over them.
async fn pass(
    conn: &mut Connection,
    condition: Condition,
    key: SeriesKey,
) -> Result<Vec<(DateTime<Utc>, i64)>> {
    // Any lead of a group tells which stretch the group is; that way the grouped expression, whose
    // two bind parameters PostgreSQL would take for others, stands in the statement only once.
    let groups: Vec<(Option<DateTime<Utc>>, i64)> = leads::table
        .filter(condition)
        .group_by(date_trunc(
            key.bucket.unit(),
            leads::created_at,
            key.zone.name(),
        ))
        .select((min(leads::created_at), count_star()))
        .load(conn)
        .await?;
    let groups = groups.into_iter();
    Ok(groups
        .filter_map(|(at, count)| Some((at?, count)))
        .collect())
}

/// The series of the leads that the condition lets through, in one pass over them.
pub(super) async fn series(
    conn: &mut Connection,
    condition: Condition,
    key: SeriesKey,
) -> Result<Series> {
    let mut counts = Counts::new(key);
    counts.add(pass(conn, condition, key).await?);
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

    /// Whether all these stretches end at a full hour of UTC: then an hour lies in one of them.
    /// Around each end, also where the clocks change there, the zone must be whole hours away.
    pub(super) fn end_at_full_hours(&self) -> bool {
        let whole_hours = |day: NaiveDate| {
            let midnight = day.and_time(NaiveTime::MIN);
            let offset = self.key.zone.offset_from_utc_datetime(&midnight).fix();
            offset.local_minus_utc() % 3600 == 0
        };
        self.by_start.keys().all(|&start| {
            let end = self.key.bucket.next(start);
            whole_hours(end - Days::new(1)) && whole_hours(end + Days::new(1))
        })
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
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

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
            let message = format!("would give more than {MOST_BUCKETS} values: filter by created");
            return Err(ServiceError::invalid("bucket", message));
        }
        Ok(series)
    }
}
