use crate::service::leads::search::Plan;

/// What reading costs, in microseconds. Measured at a million leads: a lead on a walk, where the
/// order is that in which the leads lie in the table, and where each lies elsewhere; a lead that a
/// bitmap leads to, which is compared once more and sorted; an entry of a bitmap; an entry of a list
/// of the search index that is compared with other lists; and a question to that index.
pub(super) const WALKED_IN_PLACE: f64 = 0.5;
pub(super) const WALKED_ELSEWHERE: f64 = 2.5;
const FETCHED: f64 = 1.5;
const LISTED: f64 = 0.08;
const COMPARED: f64 = 0.015;
const ASKED: f64 = 2_000.0;
/// About how many lists a word has that are as long as that of its rarest trigram.
const LISTS: f64 = 3.0;
/// How much less a part of the order has to cost than gathering all, which is sure to be enough.
const RISK: f64 = 1.5;
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
    /// The shares of the sample that have what is searched for, each of
    /// [`Search::parts`](super::Search::parts), and each of the filter's facets and spans.
    pub searched: f64,
    pub parts: Vec<f64>,
    pub facets: Vec<f64>,
    pub spans: Vec<f64>,
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
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Way {
    /// Walk the order so far; that should be enough.
    Walk(usize),
    /// Gather what bitmaps lead to.
    Gather(Bitmaps),
}

impl Way {
    /// Whether it finds all there are.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Self::Gather(Bitmaps { until: None, .. }))
    }
}

/// Which indexes are asked at once; all else is told by reading.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bitmaps {
    pub search: Plan,
    /// Which of the filter's facets the index of the search is asked for, too.
    pub facets: Vec<usize>,
    /// Which of the filter's spans.
    pub span: Option<usize>,
    /// The order's: up to which one of [`Look::ordered`].
    pub until: Option<usize>,
}

impl Look {
    /// What to do next, to have so many from the beginning of the order.
    pub(super) fn way(&self, wanted: usize) -> Way {
        let (all, most) = self.whole();
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
        let slice = slice.map(|rank| self.slice(rank));
        let slice = slice.filter(|(_, cost)| RISK * cost < most);
        let tries = [walk].into_iter().chain(slice);
        let tries = tries.filter(|(_, cost)| *cost < most);
        tries
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(all, |(way, _)| way)
    }

    /// Takes note of how many were found in a way that was not enough.
    pub(super) fn learn(&mut self, way: &Way, found: usize) {
        let rows = match way {
            Way::Walk(rows) => *rows as f64,
            Way::Gather(Bitmaps { until, .. }) => until.map_or(self.leads, |rank| self.rows(rank)),
        };
        self.walked = Walked {
            rows,
            filtered: self.walked.filtered / self.walked.rows.max(1.0) * rows,
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
        if rows == 0.0 {
            let fitting = self.ordered.iter().filter(|lead| **lead == Some(true));
            return fitting.count() as f64 / self.sampled;
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

    /// What to ask for all leads, and what that costs.
    fn whole(&self) -> (Way, f64) {
        let (plan, listed) = self.index();
        let searched = self.entry.map(|entry| {
            let lists = if plan == Plan::Index { LISTS } else { 1.0 };
            self.narrowed(plan, listed, entry * lists * listed)
        });
        let read = self.narrowed(Plan::Read, 1.0, 0.0);
        let span = rarest(&self.spans).map(|(at, share)| {
            let bitmaps = Bitmaps {
                span: Some(at),
                ..Bitmaps::of(Plan::Read)
            };
            (bitmaps, self.leads * share * (2.0 * LISTED + FETCHED))
        });
        let ways = [searched, span].into_iter().flatten();
        let (bitmaps, cost) = ways.fold(read, |a, b| if b.1 < a.1 { b } else { a });
        (Way::Gather(bitmaps), cost)
    }

    /// A share of the leads that lists of such a length lead to, narrowed by each facet that spares
    /// more reading than its list takes to compare, and what that costs.
    fn narrowed(&self, search: Plan, share: f64, lists: f64) -> (Bitmaps, f64) {
        let mut facets: Vec<(usize, f64)> = self.facets.iter().copied().enumerate().collect();
        facets.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut bitmaps = Bitmaps::of(search);
        let (mut left, mut lists) = (share, lists);
        for (at, share) in facets {
            if left * (1.0 - share) * (LISTED + FETCHED) > share * COMPARED {
                left *= share;
                lists += share;
                bitmaps.facets.push(at);
            }
        }
        let is_asked = search != Plan::Read || !bitmaps.facets.is_empty();
        let asked = if is_asked { ASKED } else { 0.0 };
        let each = lists * COMPARED + left * (LISTED + FETCHED);
        (bitmaps, asked + self.leads * each)
    }

    /// What to ask for the leads up to a place in the sample, and what that costs.
    fn slice(&self, until: usize) -> (Way, f64) {
        let (plan, listed) = self.index();
        let rows = self.rows(until);
        let found = self.ordered[..=until].iter().flatten().count() as f64;
        let found = found * self.leads / self.sampled;
        let searched = self.entry.map(|entry| {
            let asked = ASKED + listed * self.leads * entry * LISTED;
            (plan, asked + found * FETCHED)
        });
        let read = (Plan::Read, rows * FETCHED);
        let (search, cost) = match searched {
            Some(searched) if searched.1 < read.1 => searched,
            _ => read,
        };
        let bitmaps = Bitmaps {
            until: Some(until),
            ..Bitmaps::of(search)
        };
        (Way::Gather(bitmaps), cost + rows * LISTED)
    }

    /// What to ask the trigram index for, and the share of the leads that it leads to.
    fn index(&self) -> (Plan, f64) {
        let spared = RARE * self.parts.iter().copied().fold(0.0, f64::max);
        // As if that were all that is searched for, or nearly.
        let tells = |share: f64| share >= FREQUENT && share <= 2.0 * self.searched;
        match rarest(&self.parts) {
            Some((part, share)) if tells(share) => (Plan::Trigram(part), share),
            Some((part, share)) if share <= self.searched + spared => (Plan::Part(part), share),
            None if self.searched >= FREQUENT => (Plan::Trigram(0), self.searched),
            _ => (Plan::Index, self.searched),
        }
    }
}

impl Bitmaps {
    /// What is searched for, and nothing else.
    pub(super) fn of(search: Plan) -> Self {
        Self {
            search,
            facets: Vec::new(),
            span: None,
            until: None,
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
            facets: Vec::new(),
            spans: Vec::new(),
            ordered: ordered.collect(),
            row: WALKED_ELSEWHERE,
            tries: 3,
            entry: Some(1.0),
            has_slices: true,
        }
    }

    fn gather(search: Plan, facets: &[usize], until: Option<usize>) -> Way {
        Way::Gather(Bitmaps {
            facets: facets.to_vec(),
            until,
            ..Bitmaps::of(search)
        })
    }

    #[test]
    fn a_frequent_search_is_walked_and_a_rare_one_gathered() {
        let all = gather(Plan::Index, &[], None);
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
        assert_eq!(late.way(51), gather(Plan::Trigram(0), &[], Some(152)));
        let few = Look {
            ordered: (0..2_000).map(|at| (at == 150).then_some(true)).collect(),
            ..look(0.0, 0.0005)
        };
        assert_eq!(few.way(51), gather(Plan::Index, &[], None));
    }

    #[test]
    fn what_was_not_enough_tells_how_far_to_go() {
        let mut look = look(4.0, 0.01);
        let first = look.way(51);
        assert_eq!(first, gather(Plan::Index, &[], Some(64)));
        look.learn(&first, 40);
        assert_eq!(look.way(51), gather(Plan::Index, &[], Some(123)));
        look.tries = 0;
        assert_eq!(look.way(51), gather(Plan::Index, &[], None));
    }

    #[test]
    fn facets_and_spans_are_asked_for_where_that_spares_reading() {
        let filtered = |searched: f64, spans: &[f64]| Look {
            facets: vec![0.7, 0.05, 0.1],
            spans: spans.to_vec(),
            ordered: vec![None; 2_000],
            ..look(0.0, searched)
        };
        let few = filtered(0.001, &[]);
        assert_eq!(few.way(51), gather(Plan::Index, &[1], None));
        let some = filtered(0.01, &[0.3]);
        assert_eq!(some.way(51), gather(Plan::Index, &[1], None));
        let many = filtered(0.1, &[]);
        assert_eq!(many.way(51), gather(Plan::Trigram(0), &[1, 2], None));
        let unasked = Look {
            entry: None,
            ..filtered(0.01, &[])
        };
        assert_eq!(unasked.way(51), gather(Plan::Read, &[1, 2], None));
        let short = Bitmaps {
            span: Some(1),
            ..Bitmaps::of(Plan::Read)
        };
        let spanned = filtered(0.1, &[0.4, 0.0001]);
        assert_eq!(spanned.way(51), Way::Gather(short));
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
