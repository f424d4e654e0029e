use std::ops::Range;

use chrono::{DateTime, Utc};

use crate::service::leads::RangeFilter;
use crate::service::statistics::granularity::Granularity;

/// A period as disjoint intervals, in the order of time: whole months, days and hours, which rollups
/// count, stored as columns for the statement's parameters; and partial buckets.
#[derive(Debug, Default, PartialEq)]
pub(super) struct IntervalSet {
    pub granularities: Vec<Granularity>,
    pub starts: Vec<Option<DateTime<Utc>>>,
    pub ends: Vec<Option<DateTime<Utc>>>,
    /// The partial buckets, at most two, whose leads are read: each is shorter than the finest granularity
    /// or, around one of its starts, than twice that.
    pub partial: Vec<Range<DateTime<Utc>>>,
}

impl IntervalSet {
    /// Splits a range; `granularities` from the coarsest to the finest, at least one.
    pub(super) fn of(range: &RangeFilter<DateTime<Utc>>, granularities: &[Granularity]) -> Self {
        let mut set = Self::default();
        set.split(range.from, range.to, granularities);
        set
    }

    /// Takes as much as possible of the coarsest granularity, and the rest at both ends of finer ones.
    fn split(
        &mut self,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
        granularities: &[Granularity],
    ) {
        let are_empty = |from: Option<_>, to| from.zip(to).is_some_and(|(from, to)| from >= to);
        if are_empty(from, to) {
            return;
        }
        let Some((&coarsest, finer)) = granularities.split_first() else {
            // An open end is covered by the coarsest granularity.
            return self.partial.extend(from.zip(to).map(|(from, to)| from..to));
        };
        let start = from.map(|at| coarsest.ceil(at));
        let end = to.map(|at| coarsest.floor(at));
        if are_empty(start, end) {
            return self.split(from, to, finer);
        }
        if from.is_some() {
            self.split(from, start, finer);
        }
        self.granularities.push(coarsest);
        self.starts.push(start);
        self.ends.push(end);
        if to.is_some() {
            self.split(end, to, finer);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const ENDS: &str = "open,01-30 20:40,01-30 23:00,01-31 00:00,01-31 23:50,02-01 00:00,\
                        02-01 00:10,02-27 00:00,03-01 00:00,03-02 01:15";

    fn at(text: &str) -> Option<DateTime<Utc>> {
        let text = format!("2026-{text}:00Z");
        text.parse().ok()
    }

    fn is_in(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
        from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to)
    }

    /// The rollups' intervals and the partial buckets, as text.
    fn split(from: &str, to: &str, granularities: &[Granularity]) -> String {
        let (from, to) = (at(from), at(to));
        let set = IntervalSet::of(&RangeFilter { from, to }, granularities);
        let text = |at: Option<DateTime<Utc>>| {
            at.map_or("…".to_owned(), |at| at.format("%m-%d %H:%M").to_string())
        };
        let mut all = Vec::new();
        for ((of, start), end) in set.granularities.iter().zip(set.starts).zip(set.ends) {
            all.push(format!("{} {} to {}", of.as_str(), text(start), text(end)));
        }
        for part in set.partial {
            all.push(format!(
                "{} to {}",
                text(Some(part.start)),
                text(Some(part.end))
            ));
        }
        all.join(", ")
    }

    #[test]
    fn a_range_is_the_sum_of_the_coarsest_intervals() {
        let (all, each) = (Granularity::OF_ALL, Granularity::OF_EACH);
        assert_eq!(split("", "", all), "MONTH … to …");
        assert_eq!(
            split("01-30 20:40", "03-02 01:15", all),
            "HOUR 01-30 21:00 to 01-31 00:00, DAY 01-31 00:00 to 02-01 00:00, \
             MONTH 02-01 00:00 to 03-01 00:00, DAY 03-01 00:00 to 03-02 00:00, \
             HOUR 03-02 00:00 to 03-02 01:00, \
             01-30 20:40 to 01-30 21:00, 03-02 01:00 to 03-02 01:15"
        );
        assert_eq!(
            split("01-30 20:40", "", each),
            "DAY 01-31 00:00 to 02-01 00:00, MONTH 02-01 00:00 to …, 01-30 20:40 to 01-31 00:00"
        );
        assert_eq!(
            split("01-31 23:50", "02-01 00:10", each),
            "01-31 23:50 to 02-01 00:10"
        );
        assert_eq!(split("02-01 00:00", "01-31 00:00", all), "");
    }

    #[test]
    fn each_moment_of_a_range_and_no_other_is_in_one_interval() {
        let ends: Vec<_> = ENDS.split(',').map(at).collect();
        let ranges = ends
            .iter()
            .flat_map(|from| ends.iter().map(move |to| (*from, *to)));
        for (from, to) in ranges {
            for granularities in [Granularity::OF_ALL, Granularity::OF_EACH] {
                let set = IntervalSet::of(&RangeFilter { from, to }, granularities);
                assert!(set.partial.len() <= 2, "{set:?}");
                let moments = ends.iter().copied().flatten();
                for at in moments.flat_map(|at| [at, at - TimeDelta::seconds(1)]) {
                    let rollups = set.starts.iter().zip(&set.ends);
                    let rollups = rollups.filter(|(from, to)| is_in(**from, **to, at)).count();
                    let partial = set.partial.iter().filter(|part| part.contains(&at)).count();
                    assert_eq!(
                        rollups + partial,
                        usize::from(is_in(from, to, at)),
                        "{set:?} {at}"
                    );
                }
            }
        }
    }
}
