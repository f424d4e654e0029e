use std::ops::Range;

use chrono::{DateTime, Datelike, Months, NaiveTime, TimeDelta, Timelike, Utc};

use crate::service::leads::Span;
use crate::service::statistics::kept::Grain;

/// A stretch of time, put together from whole years, months, days and so on, some of them taken
/// away again: most of a month is the month without a few days.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pieces {
    /// Put together.
    pub added: Parts,
    /// Taken away of these.
    pub removed: Parts,
}

/// Some stretches of time.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parts {
    /// To be read from the rows of that grain.
    pub kept: Vec<(Grain, Span<DateTime<Utc>>)>,
    /// To be counted among the leads themselves: what does not fall on the finest grain.
    pub left_over: Vec<Range<DateTime<Utc>>>,
}

impl Pieces {
    /// Cuts a stretch into few pieces; `grains` from the coarsest to the finest.
    pub(super) fn of(span: &Span<DateTime<Utc>>, grains: &[Grain]) -> Self {
        let mut pieces = Self::default();
        cut(span.clone(), grains, &mut pieces.added, &mut pieces.removed);
        pieces
    }

    /// The part of the whole stretch, maybe empty, that is read from rows.
    pub(super) fn of_rows(&self, mut span: Span<DateTime<Utc>>) -> Span<DateTime<Utc>> {
        let (from, to) = (span.from, span.to);
        let ends = |parts: &Parts| {
            parts
                .left_over
                .clone()
                .into_iter()
                .map(|part| (part.start, part.end))
        };
        // What was taken away lies outside, the other way around.
        let removed = ends(&self.removed).map(|(start, end)| (end, start));
        for (outer, inner) in ends(&self.added).chain(removed) {
            if Some(outer) == from {
                span.from = Some(inner);
            } else if Some(inner) == to {
                span.to = Some(outer);
            }
        }
        span
    }
}

/// Each end goes to the nearest start of a year, and so on with what is then missing or too much.
fn cut(span: Span<DateTime<Utc>>, grains: &[Grain], added: &mut Parts, removed: &mut Parts) {
    let ends = span.from.zip(span.to);
    if ends.is_some_and(|(from, to)| from >= to) {
        return;
    }
    let Some((&grain, finer)) = grains.split_first() else {
        // An open end is always part of the coarsest piece.
        return added.left_over.extend(ends.map(|(from, to)| from..to));
    };
    if ends.is_some_and(|(from, to)| !grain.suits(from, to)) {
        return cut(span, finer, added, removed);
    }
    let whole = Span {
        from: span.from.map(|at| grain.nearest(at)),
        to: span.to.map(|at| grain.nearest(at)),
    };
    let between = |from, to| Span { from, to };
    if span.from.is_some() {
        cut(between(span.from, whole.from), finer, added, removed);
        cut(between(whole.from, span.from), finer, removed, added);
    }
    if span.to.is_some() {
        cut(between(whole.to, span.to), finer, added, removed);
        cut(between(span.to, whole.to), finer, removed, added);
    }
    added.kept.push((grain, whole));
}

impl Grain {
    /// The start of the year, month, day and so on that a moment lies in, in UTC.
    fn start(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let midnight = at.date_naive().and_time(NaiveTime::MIN).and_utc();
        let day_of_month = |day| midnight.with_day(day).unwrap_or(midnight);
        let month_of_year = |month| day_of_month(1).with_month0(month).unwrap_or(midnight);
        match self {
            Self::Hour => midnight + TimeDelta::hours(at.hour().into()),
            Self::SixHours => midnight + TimeDelta::hours((at.hour() / 6 * 6).into()),
            Self::Day => midnight,
            Self::Dekad => day_of_month(((at.day() - 1) / 10).min(2) * 10 + 1),
            Self::Month => day_of_month(1),
            Self::Quarter => month_of_year(at.month0() / 3 * 3),
            Self::Year => month_of_year(0),
        }
    }

    /// The start after that one.
    fn next(self, start: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Hour => start + TimeDelta::hours(1),
            Self::SixHours => start + TimeDelta::hours(6),
            Self::Day => start + TimeDelta::days(1),
            Self::Dekad if start.day() < 21 => start + TimeDelta::days(10),
            Self::Dekad | Self::Month => Self::Month.start(start) + Months::new(1),
            Self::Quarter => start + Months::new(3),
            Self::Year => start + Months::new(12),
        }
    }

    fn nearest(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let start = self.start(at);
        let next = self.next(start);
        if at - start <= next - at { start } else { next }
    }

    /// Whether a stretch is worth a piece: not if it is rather what would have to be taken away.
    fn suits(self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let start = self.start(from);
        (to - from) * 2 > self.next(start) - start && self.nearest(from) < self.nearest(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Grain; 4] = [Grain::Month, Grain::Dekad, Grain::Day, Grain::Hour];

    fn at(text: &str) -> Option<DateTime<Utc>> {
        (!text.is_empty()).then(|| format!("{text}:00Z").parse().unwrap())
    }

    /// What is added and what is removed, each in the order of time.
    fn cut(from: &str, to: &str, grains: &[Grain]) -> [String; 2] {
        let (from, to) = (at(from), at(to));
        let pieces = Pieces::of(&Span { from, to }, grains);
        [pieces.added, pieces.removed].map(|parts| {
            let kept = parts.kept.into_iter();
            let kept = kept.map(|(grain, span)| (format!("{grain:?}"), span.from, span.to));
            let left_over = parts.left_over.into_iter();
            let left_over =
                left_over.map(|span| ("leads".to_owned(), Some(span.start), Some(span.end)));
            let mut all: Vec<_> = kept.chain(left_over).collect();
            all.sort_by_key(|(_, from, _)| *from);
            let text = |at: Option<DateTime<Utc>>| {
                at.map_or("…".to_owned(), |at| at.format("%m-%d %H:%M").to_string())
            };
            let all = all.into_iter();
            let all = all.map(|(what, from, to)| format!("{what} {} to {}", text(from), text(to)));
            all.collect::<Vec<_>>().join(", ")
        })
    }

    #[test]
    fn a_range_is_put_together_from_the_coarsest_pieces() {
        assert_eq!(cut("", "", &ALL), ["Month … to …", ""]);
        assert_eq!(
            cut("2026-01-30T20:40", "2026-03-02T01:15", &ALL),
            [
                "leads 01-30 20:40 to 01-30 21:00, Hour 01-30 21:00 to 01-31 00:00, \
                 Day 01-31 00:00 to 02-01 00:00, Month 02-01 00:00 to 03-01 00:00, \
                 Day 03-01 00:00 to 03-02 00:00, Hour 03-02 00:00 to 03-02 01:00, \
                 leads 03-02 01:00 to 03-02 01:15",
                ""
            ]
        );
        assert_eq!(
            cut("2026-01-15T00:00", "", &ALL[..3]),
            [
                "Month 01-01 00:00 to …",
                "Dekad 01-01 00:00 to 01-11 00:00, Day 01-11 00:00 to 01-15 00:00"
            ]
        );
    }

    #[test]
    fn most_of_a_piece_is_the_piece_without_the_rest() {
        assert_eq!(
            cut("2026-01-04T00:00", "2026-03-30T22:50", &ALL),
            [
                "Month 01-01 00:00 to 04-01 00:00",
                "Day 01-01 00:00 to 01-04 00:00, leads 03-30 22:50 to 03-30 23:00, \
                 Hour 03-30 23:00 to 03-31 00:00, Day 03-31 00:00 to 04-01 00:00"
            ]
        );
        assert_eq!(
            cut("2026-01-15T02:00", "2026-01-15T23:05", &ALL[..3]),
            [
                "Day 01-15 00:00 to 01-16 00:00",
                "leads 01-15 00:00 to 01-15 02:00, leads 01-15 23:05 to 01-16 00:00"
            ]
        );
    }

    #[test]
    fn little_around_the_border_or_the_middle_of_a_piece_is_not() {
        assert_eq!(cut("2026-01-15T00:00", "2026-01-14T00:00", &ALL), ["", ""]);
        assert_eq!(cut("2026-01-15T00:00", "2026-01-15T00:00", &ALL), ["", ""]);
        for around in ["2026-01-15", "2026-02-01"] {
            let day: DateTime<Utc> = format!("{around}T00:00:00Z").parse().unwrap();
            let (from, to) = (day - TimeDelta::minutes(10), day + TimeDelta::minutes(10));
            let pieces = Pieces::of(
                &Span {
                    from: Some(from),
                    to: Some(to),
                },
                &ALL,
            );
            assert_eq!(pieces.added.left_over, [from..to]);
            assert_eq!(
                (pieces.added.kept, pieces.removed),
                (Vec::new(), Parts::default())
            );
        }
    }

    #[test]
    fn the_pieces_together_are_the_range() {
        let start: DateTime<Utc> = "2026-01-05T00:00:00Z".parse().unwrap();
        let moments = (0..50).map(|n| start + TimeDelta::minutes(n * n * 61));
        let moments: Vec<DateTime<Utc>> = moments.collect();
        for (n, &from) in moments.iter().enumerate() {
            for &to in &moments[n + 1..] {
                for grains in [&ALL[..], &ALL[..3], &ALL[2..], &[]] {
                    let span = Span {
                        from: Some(from),
                        to: Some(to),
                    };
                    let pieces = Pieces::of(&span, grains);
                    let leads = pieces.added.left_over.len() + pieces.removed.left_over.len();
                    assert!(leads <= 2, "{pieces:?}");
                    let rows = pieces.of_rows(span.clone());
                    for at in &moments {
                        let is_inside = *at >= from && *at < to;
                        assert_eq!(
                            kept(&pieces, at) + left_over(&pieces, at),
                            i32::from(is_inside)
                        );
                        assert_eq!(kept(&pieces, at), i32::from(is_in(&rows, at)), "{pieces:?}");
                    }
                }
            }
        }
    }

    fn is_in(span: &Span<DateTime<Utc>>, at: &DateTime<Utc>) -> bool {
        span.from.is_none_or(|from| *at >= from) && span.to.is_none_or(|to| *at < to)
    }

    /// How many pieces of rows have the moment: those that are removed count less than nothing.
    fn kept(pieces: &Pieces, at: &DateTime<Utc>) -> i32 {
        let of = |parts: &Parts| {
            parts
                .kept
                .iter()
                .filter(|(_, span)| is_in(span, at))
                .count() as i32
        };
        of(&pieces.added) - of(&pieces.removed)
    }

    fn left_over(pieces: &Pieces, at: &DateTime<Utc>) -> i32 {
        let of = |parts: &Parts| {
            parts
                .left_over
                .iter()
                .filter(|span| span.contains(at))
                .count() as i32
        };
        of(&pieces.added) - of(&pieces.removed)
    }
}
