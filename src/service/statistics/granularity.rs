use chrono::{DateTime, Datelike, Months, NaiveTime, TimeDelta, Timelike, Utc};

use crate::db::pg_enum;

/// PostgreSQL's type of a granularity.
#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "statistics_granularity"))]
pub struct StatisticsGranularity;

pg_enum! {
    /// The length of the period whose leads a rollup counts.
    Granularity: StatisticsGranularity {
        /// An hour; only for all leads together.
        Hour = "HOUR",
        /// A UTC day.
        Day = "DAY",
        /// A UTC month.
        Month = "MONTH",
    }
}

impl Granularity {
    /// The granularities of rollups for all leads together.
    pub(super) const OF_ALL: &[Self] = &[Self::Month, Self::Day, Self::Hour];
    /// The granularities of rollups for each assignee.
    pub(super) const OF_EACH: &[Self] = &[Self::Month, Self::Day];

    /// The start of the hour, day or month that contains a time.
    pub(super) fn floor(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let midnight = at.date_naive().and_time(NaiveTime::MIN).and_utc();
        match self {
            Self::Hour => midnight + TimeDelta::hours(at.hour().into()),
            Self::Day => midnight,
            Self::Month => midnight.with_day(1).unwrap_or(midnight),
        }
    }

    /// The first start at or after a time.
    pub(super) fn ceil(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let start = self.floor(at);
        match self {
            _ if start == at => at,
            Self::Hour => start + TimeDelta::hours(1),
            Self::Day => start + TimeDelta::days(1),
            Self::Month => start + Months::new(1),
        }
    }
}
