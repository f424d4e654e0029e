use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use diesel::dsl::{max, min};
use diesel::prelude::*;

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::calendar::first_instants;
use crate::service::leads::LeadFilter;
use crate::service::{Actor, Result, ServiceError};

/// The longest series, in periods.
pub const MOST_BUCKETS: usize = 5_000;

/// A calendar period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday, as in ISO 8601.
    Week,
    /// From the first to the last.
    Month,
}

/// A series by its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeriesKey {
    /// The length of a period.
    pub bucket: Bucket,
    /// The time zone in which days begin.
    pub zone: Tz,
}

/// The first day of each period, with the number of leads created in it: from the first period with
/// leads to the last, without gaps.
pub type Series = Vec<(NaiveDate, i64)>;

/// The first and the last time, if there are any.
type Range = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

impl SeriesKey {
    /// Errors: `InvalidData` if the zone is not in the IANA database.
    pub fn new(bucket: Bucket, zone: &str) -> Result<Self> {
        let zone = zone.parse().map_err(|_| {
            let message = format!("{zone:?} is not an IANA time zone, like Europe/Warsaw");
            ServiceError::invalid("timeZone", message)
        })?;
        Ok(Self { bucket, zone })
    }

    /// The boundaries from the period of the first time to the end of that of the last; empty without
    /// times. `None` for more than [`MOST_BUCKETS`].
    fn boundaries(self, range: Range) -> Option<Vec<DateTime<Utc>>> {
        let mut instants = Vec::new();
        let (Some(first), Some(last)) = range else {
            return Some(instants);
        };
        let day = |at: DateTime<Utc>| at.with_timezone(&self.zone).date_naive();
        let end = self.bucket.next(self.bucket.start(day(last)));
        let mut start = self.bucket.start(day(first));
        for _ in 0..=MOST_BUCKETS {
            instants.extend(first_instants(self.zone, start));
            if start >= end {
                return Some(instants);
            }
            start = self.bucket.next(start);
        }
        None
    }
}

/// The numbers of leads created in each period.
#[derive(Debug)]
pub(super) struct Counts {
    pub key: SeriesKey,
    /// The instants at which periods begin, in order. PostgreSQL gets these and never the name of a zone,
    /// because its zones and their rules depend on its machine.
    pub boundaries: Vec<DateTime<Utc>>,
    by_start: BTreeMap<NaiveDate, i64>,
}

impl Counts {
    /// Zero in each period. The periods cover all leads or, if that series would be too long, the leads
    /// that match the filter.
    ///
    /// Errors: `InvalidData` for more than [`MOST_BUCKETS`] periods.
    pub(super) async fn start(
        conn: &mut Connection,
        actor: &Actor,
        filter: &LeadFilter,
        key: SeriesKey,
    ) -> Result<Self> {
        let range = leads::table.select((min(leads::created_at), max(leads::created_at)));
        // The ends of an index: no lead between them is read.
        let mut boundaries = key.boundaries(range.get_result(conn).await?);
        if boundaries.is_none() {
            let range = range.filter(filter.condition(actor)?);
            boundaries = key.boundaries(range.get_result(conn).await?);
        }
        let message = format!("would give more than {MOST_BUCKETS} values: filter by created");
        Ok(Self {
            key,
            boundaries: boundaries.ok_or_else(|| ServiceError::invalid("bucket", message))?,
            by_start: BTreeMap::new(),
        })
    }

    /// True if each hour of UTC lies within one period.
    pub(super) fn have_full_hours(&self) -> bool {
        self.boundaries.iter().all(|at| at.timestamp() % 3600 == 0)
    }

    /// Adds numbers of leads, each with a time within its period; without a time there are none.
    pub(super) fn add(&mut self, counts: impl IntoIterator<Item = (Option<DateTime<Utc>>, i64)>) {
        for (at, count) in counts {
            let Some(at) = at else { continue };
            let day = at.with_timezone(&self.key.zone).date_naive();
            let start = self.key.bucket.start(day);
            *self.by_start.entry(start).or_default() += count;
        }
    }

    /// The series from the first period with leads to the last, without gaps.
    pub(super) fn series(mut self) -> Series {
        self.by_start.retain(|_, count| *count != 0);
        let Some((&first, _)) = self.by_start.first_key_value() else {
            return Series::new();
        };
        let last = self
            .by_start
            .last_key_value()
            .map_or(first, |(&day, _)| day);
        let next = |start: &NaiveDate| Some(self.key.bucket.next(*start));
        let starts = std::iter::successors(Some(first), next).take_while(|start| *start <= last);
        let count = |start| self.by_start.get(&start).copied().unwrap_or(0);
        starts.map(|start| (start, count(start))).collect()
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
}
