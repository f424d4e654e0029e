use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc, Weekday};

use crate::demo::weighted::Weighted;

/// The age of the oldest leads, in days.
const DAYS: i64 = 365;
/// The activity in each hour of a day, in UTC.
const HOURS: [f64; 24] = [
    0.3, 0.2, 0.1, 0.1, 0.2, 0.4, 1.0, 2.5, 5.0, 6.5, 7.0, 6.5, 5.0, 6.0, 7.0, 7.0, 6.0, 4.5, 3.0,
    2.5, 2.2, 1.8, 1.2, 0.6,
];

/// When leads come in: more of them from month to month, on working days, in working hours.
pub(in crate::demo) struct Calendar {
    start: DateTime<Utc>,
    hours: Weighted<()>,
}

impl Calendar {
    /// The year before today and of today the hours that are over.
    pub(super) fn until(now: DateTime<Utc>) -> Self {
        let start = midnight(now) - TimeDelta::days(DAYS);
        let hours = (0..(now - start).num_hours()).map(|hour| {
            let day = start + TimeDelta::hours(hour);
            let growth = 1.0 + 1.5 * hour as f64 / (DAYS * 24) as f64;
            let working = match day.weekday() {
                Weekday::Sat => 0.45,
                Weekday::Sun => 0.35,
                _ => 1.0,
            };
            ((), growth * working * HOURS[(hour % 24) as usize])
        });
        Self {
            start,
            hours: Weighted::new(hours),
        }
    }

    /// The moment by which that part, 0–1, of all leads has come in. Grows with it.
    pub(in crate::demo) fn moment(&self, quantile: f64) -> DateTime<Utc> {
        let hour = self.hours.place(quantile) as i64;
        let inside = (self.hours.inside(quantile) * 3_600_000_000.0) as i64;
        self.start + TimeDelta::hours(hour) + TimeDelta::microseconds(inside.min(3_599_999_999))
    }
}

/// The beginning of the day.
pub(super) fn midnight(at: DateTime<Utc>) -> DateTime<Utc> {
    at.date_naive().and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-18T14:23:00Z".parse().expect("a time")
    }

    #[test]
    fn moments_grow_and_reach_the_last_full_hour() {
        let calendar = Calendar::until(now());
        let moments: Vec<_> = (0..=1000)
            .map(|n| calendar.moment(n as f64 / 1000.0))
            .collect();
        assert!(moments.is_sorted());
        assert_eq!(moments[0], calendar.start);
        assert!(moments[999] <= moments[1000] && moments[1000] < now());
        assert_eq!(moments[1000].date_naive(), now().date_naive());
    }
}
