//! Days on the clocks of a time zone, as instants.

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Further from UTC than any clock ever was.
const FARTHEST: TimeDelta = TimeDelta::hours(26);

/// The instant at which the clocks of the zone show the beginning of the day or, where they jump over
/// it, first show a later time. Where they go back over midnight, three: when the day begins, when it
/// is the day before once more, and when the day begins again.
pub(crate) fn first_instants(zone: Tz, day: NaiveDate) -> Vec<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    match zone.from_local_datetime(&midnight) {
        MappedLocalTime::Single(at) => vec![at.to_utc()],
        MappedLocalTime::Ambiguous(once, again) => {
            let before = once.offset().fix();
            let (once, again) = (once.to_utc(), again.to_utc());
            let back = first_second(once, again, |at| {
                zone.offset_from_utc_datetime(&at.naive_utc()).fix() != before
            });
            vec![once, back, again]
        }
        MappedLocalTime::None => {
            let (from, to) = (midnight.and_utc() - FARTHEST, midnight.and_utc() + FARTHEST);
            let is_later = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local() >= midnight;
            vec![first_second(from, to, is_later)]
        }
    }
}

/// The first second in which it holds: not at `from`, but at `to` and ever since it began to.
fn first_second(
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    holds: impl Fn(DateTime<Utc>) -> bool,
) -> DateTime<Utc> {
    let (mut from, mut to) = (from, to);
    while to - from > TimeDelta::seconds(1) {
        let middle = from + TimeDelta::seconds((to - from).num_seconds() / 2);
        if holds(middle) {
            to = middle;
        } else {
            from = middle;
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDate};

    use super::*;

    fn instants(zone: &str, day: &str) -> Vec<String> {
        let instants = first_instants(zone.parse().unwrap(), day.parse().unwrap());
        instants.iter().map(|at| format!("{at:?}")).collect()
    }

    #[test]
    fn a_day_begins_when_the_clocks_say_so() {
        for (zone, day, expected) in [
            ("UTC", "2026-01-28", &["2026-01-28T00:00:00Z"][..]),
            ("Asia/Calcutta", "2026-01-28", &["2026-01-27T18:30:00Z"]),
            // The clocks jump from midnight to one.
            ("America/Sao_Paulo", "2018-11-04", &["2018-11-04T03:00:00Z"]),
            // There was no such day: the next one begins.
            ("Pacific/Apia", "2011-12-30", &["2011-12-30T10:00:00Z"]),
            ("Pacific/Apia", "2011-12-31", &["2011-12-30T10:00:00Z"]),
            // From one back to midnight.
            (
                "America/Havana",
                "2025-11-02",
                &[
                    "2025-11-02T04:00:00Z",
                    "2025-11-02T05:00:00Z",
                    "2025-11-02T05:00:00Z",
                ],
            ),
            // From a minute past midnight back to the day before.
            (
                "America/St_Johns",
                "2010-11-07",
                &[
                    "2010-11-07T02:30:00Z",
                    "2010-11-07T02:31:00Z",
                    "2010-11-07T03:30:00Z",
                ],
            ),
        ] {
            assert_eq!(instants(zone, day), expected, "{zone} {day}");
        }
    }

    #[test]
    fn between_two_boundaries_of_any_zone_it_is_one_day() {
        // Samoa skipped a day, Newfoundland changed its clocks a minute past midnight.
        let first = NaiveDate::from_ymd_opt(2009, 1, 1).unwrap();
        let days = || first.iter_days().take_while(|day| day.year() < 2013);
        for zone in chrono_tz::TZ_VARIANTS {
            let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
            let instants: Vec<_> = days().flat_map(|day| first_instants(zone, day)).collect();
            for pair in instants.windows(2).filter(|pair| pair[0] != pair[1]) {
                let last = pair[1] - TimeDelta::seconds(1);
                assert!(pair[0] < pair[1], "{zone} {pair:?}");
                assert_eq!(day(pair[0]), day(last), "{zone} {pair:?}");
            }
        }
    }
}
