use std::ops::Range;

use chrono::{DateTime, Datelike, Months, NaiveTime, TimeDelta, Timelike, Utc};

use crate::service::leads::Span;
use crate::service::statistics::kept::Grain;

/// A stretch of time made of whole months, days and hours, and what is left over.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pieces {
    /// To be read from the rows of that grain.
    pub kept: Vec<(Grain, Span<DateTime<Utc>>)>,
    /// To be counted among the leads themselves: what does not fall on the finest grain.
    pub left_over: Vec<Range<DateTime<Utc>>>,
}

impl Pieces {
    /// Cuts a stretch into as few pieces as there are; `grains` from the coarsest to the finest.
    pub(super) fn of(span: &Span<DateTime<Utc>>, grains: &[Grain]) -> Self {
        let mut pieces = Self::default();
        pieces.cut(span.clone(), grains);
        pieces
    }

    fn cut(&mut self, span: Span<DateTime<Utc>>, grains: &[Grain]) {
        let ends = span.from.zip(span.to);
        if ends.is_some_and(|(from, to)| from >= to) {
            return;
        }
        let Some((&grain, finer)) = grains.split_first() else {
            // An open end is always part of the coarsest piece.
            return self.left_over.extend(ends.map(|(from, to)| from..to));
        };
        let from = span.from.map(|at| grain.first_start(at));
        let to = span.to.map(|at| grain.start(at));
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return self.cut(span, finer);
        }
        if let Some(from) = from {
            let before = Span {
                from: span.from,
                to: Some(from),
            };
            self.cut(before, finer);
        }
        if let Some(to) = to {
            let after = Span {
                from: Some(to),
                to: span.to,
            };
            self.cut(after, finer);
        }
        self.kept.push((grain, Span { from, to }));
    }
}

impl Grain {
    /// The start of the hour, day or month that a moment lies in, in UTC.
    fn start(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let midnight = at.date_naive().and_time(NaiveTime::MIN).and_utc();
        match self {
            Self::Hour => midnight + TimeDelta::hours(at.hour().into()),
            Self::Day => midnight,
            Self::Month => midnight.with_day(1).unwrap_or(midnight),
        }
    }

    /// The first start that is not before a moment.
    fn first_start(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let start = self.start(at);
        match self {
            _ if start == at => start,
            Self::Hour => start + TimeDelta::hours(1),
            Self::Day => start + TimeDelta::days(1),
            Self::Month => start + Months::new(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(from: &str, to: &str, grains: &[Grain]) -> String {
        let at = |text: &str| (!text.is_empty()).then(|| format!("{text}Z").parse().unwrap());
        let pieces = Pieces::of(
            &Span {
                from: at(from),
                to: at(to),
            },
            grains,
        );
        let text = |at: Option<DateTime<Utc>>| {
            at.map_or("…".to_owned(), |at| {
                at.format("%y-%m-%d %H:%M").to_string()
            })
        };
        let mut all: Vec<(Option<DateTime<Utc>>, String)> = Vec::new();
        for (grain, span) in pieces.kept {
            all.push((
                span.from,
                format!("{grain:?} {} to {}", text(span.from), text(span.to)),
            ));
        }
        for span in pieces.left_over {
            let (from, to) = (Some(span.start), Some(span.end));
            all.push((from, format!("leads {} to {}", text(from), text(to))));
        }
        all.sort();
        all.into_iter()
            .map(|(_, piece)| piece)
            .collect::<Vec<_>>()
            .join(", ")
    }

    const ALL: [Grain; 3] = [Grain::Month, Grain::Day, Grain::Hour];

    #[test]
    fn a_range_is_made_of_the_coarsest_pieces_that_fit() {
        assert_eq!(cut("", "", &ALL), "Month … to …");
        assert_eq!(
            cut("2026-01-30T22:30:00", "2026-03-02T01:15:00", &ALL),
            "leads 26-01-30 22:30 to 26-01-30 23:00, Hour 26-01-30 23:00 to 26-01-31 00:00, \
             Day 26-01-31 00:00 to 26-02-01 00:00, Month 26-02-01 00:00 to 26-03-01 00:00, \
             Day 26-03-01 00:00 to 26-03-02 00:00, Hour 26-03-02 00:00 to 26-03-02 01:00, \
             leads 26-03-02 01:00 to 26-03-02 01:15"
        );
        assert_eq!(
            cut("2026-01-15T00:00:00", "", &ALL[..2]),
            "Day 26-01-15 00:00 to 26-02-01 00:00, Month 26-02-01 00:00 to …"
        );
        assert_eq!(
            cut("2026-01-15T10:10:00", "2026-01-16T02:05:00", &ALL[..2]),
            "leads 26-01-15 10:10 to 26-01-16 02:05"
        );
        assert_eq!(
            cut("2026-01-15T10:10:00", "2026-01-16T02:05:00", &ALL),
            "leads 26-01-15 10:10 to 26-01-15 11:00, Hour 26-01-15 11:00 to 26-01-16 02:00, \
             leads 26-01-16 02:00 to 26-01-16 02:05"
        );
        assert_eq!(cut("2026-01-15T00:00:00", "2026-01-14T00:00:00", &ALL), "");
        assert_eq!(cut("2026-01-15T00:00:00", "2026-01-15T00:00:00", &ALL), "");
    }
}
