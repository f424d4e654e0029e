use crate::service::leads::search::Plan;

/// What reading costs, in microseconds. Measured at a million leads, of which less than half fit
/// into the server's memory: a lead on a walk, where the order is that in which the leads lie in
/// the table, and where each lies elsewhere; a lead that bitmaps lead to, which is compared once
/// more and sorted; an entry of an index that becomes part of a bitmap; and the long lists of
/// frequent trigrams.
pub(super) const WALKED_IN_PLACE: f64 = 0.5;
pub(super) const WALKED_ELSEWHERE: f64 = 3.0;
const FETCHED: f64 = 2.5;
const LISTED: f64 = 0.08;
const ASKED: f64 = 2_000.0;
/// The part of the leads, beyond those that are searched for, that one part of a search may lead to
/// before all parts are asked for, for each lead that has the most frequent part: the time that its
/// long lists of trigrams take to read.
const RARE: f64 = 0.008;
/// The part of the leads that a word has before only one of its trigrams is asked for. A rarer one
/// may have a beginning that is much more frequent.
const FREQUENT: f64 = 0.03;

/// What the first rows of an order were: how many there were, the filter lets through, and have
/// what is searched for, too.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Walked {
    pub rows: f64,
    pub filtered: f64,
    pub both: f64,
}

/// What some leads say of all. The first rows of the order tell how far a walk would go, but
/// nothing of all leads: those with a free e-mail address have lower scores, and a last name is
/// found where it stands in the alphabet.
#[derive(Debug)]
pub(super) struct Look {
    pub walked: Walked,
    /// How many leads there are in all, and how many of them were sampled.
    pub leads: f64,
    pub sampled: f64,
    /// The shares of the sample that have what is searched for, that have each of
    /// [`Search::parts`](super::Search::parts), and that each of the filter's indexes leads to.
    pub searched: f64,
    pub parts: Vec<f64>,
    pub filters: Vec<f64>,
    /// Those of the sample that the page can begin with, in order: whether the filter lets one
    /// through that has what is searched for.
    pub ordered: Vec<Option<bool>>,
    /// What a row of a walk costs.
    pub row: f64,
    /// How often something else than gathering all may be tried.
    pub tries: usize,
    /// What an entry of the trigram index costs, if it can be asked, in those of other indexes.
    pub entry: Option<f64>,
    /// Whether an index has what comes before a lead in the order.
    pub has_slices: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Way {
    /// Walk the order so far; that should be enough.
    Walk(usize),
    /// Gather what bitmaps lead to.
    Gather(Bitmaps),
}

impl Way {
    /// Whether it finds all there are.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Gather(Bitmaps { until: None, .. }))
    }
}

/// Which indexes are asked at once; all else is told by reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bitmaps {
    pub search: Plan,
    /// Which of the filter's.
    pub filter: Option<usize>,
    /// The order's: up to which one of [`Look::ordered`].
    pub until: Option<usize>,
}

impl Look {
    /// What to do next, to have so many from the beginning of the order.
    pub(super) fn way(&self, wanted: usize) -> Way {
        let (all, most) = self.gather(None);
        if self.tries == 0 {
            return all;
        }
        // The fewer were met, the less they say.
        let margin = 1.0 + 3.0 / self.walked.both.max(1.0).sqrt();
        let to_walk = wanted as f64 / self.fitting();
        let rows = margin * to_walk;
        let walk = (Way::Walk(rows as usize), to_walk * self.row);
        let ranks = [self.rank(rows), self.safe_rank(wanted)]
            .into_iter()
            .flatten();
        let slice = ranks
            .filter(|rank| self.rows(*rank) > self.walked.rows)
            .min();
        let slice = slice.map(|rank| self.gather(Some(rank)));
        let tries = [walk].into_iter().chain(slice);
        let tries = tries.filter(|(_, cost)| *cost < most);
        tries
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(all, |(way, _)| way)
    }

    /// Takes note of how many were found in a way that was not enough.
    pub(super) fn learn(&mut self, way: Way, found: usize) {
        let rows = match way {
            Way::Walk(rows) => rows as f64,
            Way::Gather(Bitmaps { until, .. }) => until.map_or(self.leads, |rank| self.rows(rank)),
        };
        self.walked = Walked {
            rows,
            filtered: self.walked.filtered / self.walked.rows * rows,
            both: found as f64,
        };
        self.tries -= 1;
    }

    /// The share of the rows to come that are to be found.
    fn fitting(&self) -> f64 {
        let Walked {
            rows,
            filtered,
            both,
        } = self.walked;
        if both > 0.0 {
            return both / rows;
        }
        // As if both had nothing to do with each other, but none was met yet.
        (filtered / rows * self.searched).min(1.0 / rows)
    }

    /// The place in the sample that so many rows of the order come before.
    fn rank(&self, rows: f64) -> Option<usize> {
        let rank = (rows * self.sampled / self.leads).ceil() as usize;
        (self.has_slices && rank < self.ordered.len()).then_some(rank)
    }

    /// The place in the sample that more than enough leads to be found come before, wherever in the
    /// order they are: each in the sample stands for as many as there are leads for one that was
    /// sampled.
    fn safe_rank(&self, wanted: usize) -> Option<usize> {
        let enough = 1 + (2.0 * wanted as f64 * self.sampled / self.leads).ceil() as usize;
        let mut fitting = (0..self.ordered.len()).filter(|&at| self.ordered[at] == Some(true));
        self.has_slices.then(|| fitting.nth(enough - 1)).flatten()
    }

    /// About how many rows of the order come before a place in the sample, and that one.
    fn rows(&self, rank: usize) -> f64 {
        (rank + 1) as f64 * self.leads / self.sampled
    }

    /// What to ask for the leads up to a place in the sample, or for all, and what that costs.
    fn gather(&self, until: Option<usize>) -> (Way, f64) {
        let (plan, listed) = self.index();
        let search = self.entry.map(|entry| {
            let entries = listed * self.leads * entry;
            (plan, ASKED + entries * LISTED)
        });
        let rarest = rarest(&self.filters);
        let filter = rarest.map(|(at, share)| (at, share, share * self.leads * LISTED));
        let last = until.unwrap_or(self.ordered.len().saturating_sub(1));
        let rows = self.rows(last);
        let found = match until {
            Some(_) => self.ordered[..=last].iter().flatten().count() as f64,
            None => listed * self.sampled,
        };
        let found = found * self.leads / self.sampled;
        let ranged = if until.is_some() { rows * LISTED } else { 0.0 };
        let way = |by_search: bool, by_filter: bool| {
            let search = search.filter(|_| by_search);
            let filter = filter.filter(|_| by_filter);
            let fetched = search.map_or(rows, |_| found) * filter.map_or(1.0, |filter| filter.1);
            let asked = search.map_or(0.0, |plan| plan.1) + filter.map_or(0.0, |filter| filter.2);
            let bitmaps = Bitmaps {
                search: search.map_or(Plan::Read, |plan| plan.0),
                filter: filter.map(|filter| filter.0),
                until,
            };
            (Way::Gather(bitmaps), ranged + asked + fetched * FETCHED)
        };
        let least = |a: (Way, f64), b: (Way, f64)| if b.1 < a.1 { b } else { a };
        least(least(way(true, false), way(true, true)), way(false, true))
    }

    /// What to ask the trigram index for, and the share of the leads that it leads to.
    fn index(&self) -> (Plan, f64) {
        let spared = RARE * self.parts.iter().copied().fold(0.0, f64::max);
        match rarest(&self.parts) {
            Some((part, share)) if share >= FREQUENT => (Plan::Trigram(part), share),
            Some((part, share)) if share <= self.searched + spared => (Plan::Part(part), share),
            None if self.searched >= FREQUENT => (Plan::Trigram(0), self.searched),
            _ => (Plan::Index, self.searched),
        }
    }
}

fn rarest(shares: &[f64]) -> Option<(usize, f64)> {
    let shares = shares.iter().copied().enumerate();
    shares.min_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::{Bitmaps, Look, Plan, WALKED_ELSEWHERE, Walked, Way};

    /// A look at a thousand first rows that the filter lets through, so many of them found, and at
    /// leads of which such a share is searched for.
    fn look(both: f64, searched: f64) -> Look {
        let every = (1.0 / searched.max(0.0005)) as usize;
        let ordered = (1..=2_000).map(|at| (at % every == 0).then_some(true));
        Look {
            walked: Walked {
                rows: 1_000.0,
                filtered: 1_000.0,
                both,
            },
            leads: 1_000_000.0,
            sampled: 2_000.0,
            searched,
            parts: Vec::new(),
            filters: Vec::new(),
            ordered: ordered.collect(),
            row: WALKED_ELSEWHERE,
            tries: 3,
            entry: Some(1.0),
            has_slices: true,
        }
    }

    fn gather(search: Plan, filter: Option<usize>, until: Option<usize>) -> Way {
        Way::Gather(Bitmaps {
            search,
            filter,
            until,
        })
    }

    #[test]
    fn a_frequent_search_is_walked_and_a_rare_one_gathered() {
        let all = gather(Plan::Index, None, None);
        assert_eq!(look(0.0, 0.0).way(51), all);
        assert_eq!(look(0.0, 0.0005).way(51), all);
        assert_eq!(look(36.0, 0.04).way(51), Way::Walk(2_125));
    }

    #[test]
    fn what_begins_far_down_is_gathered_up_to_where_enough_have_come() {
        let late = Look {
            ordered: (0..2_000).map(|at| (at > 150).then_some(true)).collect(),
            ..look(1.0, 0.1)
        };
        assert_eq!(late.way(51), gather(Plan::Trigram(0), None, Some(152)));
        let few = Look {
            ordered: (0..2_000).map(|at| (at == 150).then_some(true)).collect(),
            ..look(0.0, 0.0005)
        };
        assert_eq!(few.way(51), gather(Plan::Index, None, None));
    }

    #[test]
    fn what_was_not_enough_tells_how_far_to_go() {
        let mut look = look(4.0, 0.01);
        let first = look.way(51);
        assert_eq!(first, gather(Plan::Index, None, Some(64)));
        look.learn(first, 40);
        assert_eq!(look.way(51), gather(Plan::Index, None, Some(123)));
        look.tries = 0;
        assert_eq!(look.way(51), gather(Plan::Index, None, None));
    }

    #[test]
    fn few_that_the_filter_lets_through_are_asked_of_its_index() {
        let assigned = |searched: f64| Look {
            filters: vec![0.5, 0.005],
            ordered: vec![None; 2_000],
            ..look(0.0, searched)
        };
        let with_search = gather(Plan::Part(1), Some(1), None);
        let parts = Look {
            parts: vec![0.2, 0.01],
            ..assigned(0.01)
        };
        assert_eq!(parts.way(51), with_search);
        assert_eq!(assigned(0.3).way(51), gather(Plan::Read, Some(1), None));
        let unasked = Look {
            entry: None,
            ..assigned(0.01)
        };
        assert_eq!(unasked.way(51), gather(Plan::Read, Some(1), None));
    }

    #[test]
    fn the_rarest_part_is_gathered_if_it_is_rare() {
        for (parts, expected) in [
            (vec![], Plan::Index),
            (vec![0.7, 0.004, 0.0043], Plan::Part(1)),
            (vec![0.7, 0.0073], Plan::Index),
            (vec![0.1, 0.004], Plan::Index),
        ] {
            let look = Look {
                parts,
                ..look(3.0, 0.001)
            };
            assert_eq!(look.index().0, expected, "{look:?}");
        }
    }
}
