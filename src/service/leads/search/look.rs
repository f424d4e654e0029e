use crate::service::LeadId;
use crate::service::leads::search::bitmaps::Bitmaps;
use crate::service::leads::search::costs::Part;

/// How much less a part of the order has to cost than gathering all, which is sure to be enough.
const RISK: f64 = 1.5;
/// How often something else than gathering all may be tried, and how much further each time.
pub(super) const TRIES: usize = 3;
const FURTHER: f64 = 4.0;
/// How many leads of the sample tell at least where those that are searched for begin in an order.
const FEWEST: f64 = 3.0;

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
    pub facets: Vec<Part>,
    pub spans: Vec<f64>,
    /// Those of the sample that the page can begin with, in order: whether the filter lets one
    /// through that has what is searched for.
    pub ordered: Vec<Option<bool>>,
    /// Which ones those are.
    pub ids: Vec<LeadId>,
    /// Which of the lists that the search index has of the order they are in, if it has any.
    pub lists: Vec<i32>,
    /// What a row of a walk costs, and a lead that the search index leads to.
    pub row: f64,
    pub fetched: f64,
    /// How often something else than gathering all may be tried.
    pub tries: usize,
    /// What an entry of the trigram index costs, if it can be asked, in those of other lists.
    pub entry: Option<f64>,
    /// Whether all leads were walked along, which an index has in the order; if not, but those of some
    /// statuses, `ordered` has no others.
    pub is_along_all: bool,
    /// Whether that is the order of the table, in which the sample is of stretches.
    pub is_in_place: bool,
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
        let rows = if self.tries < TRIES {
            rows.max(FURTHER * self.walked.rows)
        } else {
            rows
        };
        let is_further = |rank: &usize| self.rows(*rank) > self.walked.rows;
        let safe_rank = self.safe_rank(wanted).filter(is_further);
        let safe_rows = safe_rank.map_or(f64::INFINITY, |rank| self.rows(rank));
        let risk = 1.0 + 1.0 / self.walked.both.max(1.0).sqrt();
        // A walk ends where enough were found, wherever that is expected.
        let walk = (
            Way::Walk(rows.min(self.leads) as usize),
            (risk * to_walk).min(safe_rows) * self.row,
        );
        let rank = self.rank(rows).filter(is_further);
        let likely_rank = self.likely_rank(wanted).filter(is_further);
        let sampled = [safe_rank, likely_rank].into_iter().flatten();
        let sampled = sampled.filter(|_| !self.is_in_place);
        let slices = rank.into_iter().chain(sampled).min();
        let slices = slices.into_iter().flat_map(|rank| self.slices(rank));
        let slices = slices.map(|(way, cost)| (way, RISK * cost));
        let tries = slices.chain([walk]).filter(|(_, cost)| *cost < most);
        tries
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(all, |(way, _)| way)
    }

    /// Takes note of how many were found in a way that was not enough.
    pub(super) fn learn(&mut self, way: &Way, found: usize) {
        let rows = match way {
            Way::Walk(rows) => *rows as f64,
            Way::Gather(Bitmaps { until, .. }) => {
                until.map_or(self.leads, |until| self.rows(until.rank()))
            }
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
        (rank < self.ordered.len()).then_some(rank)
    }

    /// The place in the sample that more than enough leads to be found come before, wherever in the
    /// order they are: each in the sample stands for as many as there are leads for one that was
    /// sampled.
    fn safe_rank(&self, wanted: usize) -> Option<usize> {
        let enough = (2.0 * wanted as f64 * self.sampled / self.leads)
            .max(FEWEST)
            .ceil() as usize;
        let mut fitting = (0..self.ordered.len()).filter(|&at| self.ordered[at] == Some(true));
        fitting.nth(enough - 1)
    }

    /// The place in the sample that more than enough come before if the filter lets through as large a
    /// part of those that have what is searched for there as anywhere.
    fn likely_rank(&self, wanted: usize) -> Option<usize> {
        let searched = || (0..self.ordered.len()).filter(|&at| self.ordered[at].is_some());
        let fitting = searched().filter(|&at| self.ordered[at] == Some(true));
        let fitting = Some(fitting.count()).filter(|&fitting| fitting >= 2 * FEWEST as usize)?;
        let share = fitting as f64 / searched().count() as f64;
        let each = share * self.leads / self.sampled;
        let enough = (2.0 * wanted as f64 / each).max(FEWEST).ceil();
        searched().nth(enough as usize - 1)
    }

    /// About how many rows of the order come before a place in the sample, and that one.
    pub(super) fn rows(&self, rank: usize) -> f64 {
        (rank + 1) as f64 * self.leads / self.sampled
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::service::leads::search::Plan;
    use crate::service::leads::search::bitmaps::{Bitmaps, Until};
    use crate::service::leads::search::costs::{FETCHED, Part, WALKED_ELSEWHERE};
    use crate::service::leads::search::look::{Look, Walked, Way};

    /// A look at a thousand first rows that the filter lets through, so many of them found, and at
    /// leads of which such a share is searched for.
    pub fn look(both: f64, searched: f64) -> Look {
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
            ids: Vec::new(),
            lists: Vec::new(),
            row: WALKED_ELSEWHERE,
            fetched: FETCHED,
            tries: 3,
            entry: Some(1.0),
            is_along_all: true,
            is_in_place: false,
        }
    }

    pub fn facet(share: f64) -> Part {
        Part {
            share,
            lists: 1,
            is_span: false,
            is_in_place: false,
        }
    }

    pub fn gather(search: Plan, facets: &[usize], until: Option<usize>) -> Way {
        Way::Gather(Bitmaps {
            facets: facets.to_vec(),
            until: until.map(Until::Lead),
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
        assert_eq!(late.way(51), gather(Plan::Trigram(0), &[], Some(153)));
        let few = Look {
            ordered: (0..2_000).map(|at| (at == 150).then_some(true)).collect(),
            ..look(0.0, 0.0005)
        };
        assert_eq!(few.way(51), gather(Plan::Index, &[], None));
    }

    #[test]
    fn where_the_search_begins_says_where_the_page_does_if_they_go_together() {
        let hits = |fits: fn(usize) -> bool| Look {
            ordered: (0..2_000)
                .map(|at| (at % 9 == 0).then_some(fits(at)))
                .collect(),
            ..look(0.0, 0.1)
        };
        assert_eq!(hits(|at| at.is_multiple_of(63)).likely_rank(51), Some(18));
        assert_eq!(hits(|at| at == 900).likely_rank(51), None);
    }

    #[test]
    fn what_was_not_enough_tells_how_far_to_go() {
        let mut look = look(4.0, 0.02);
        let first = look.way(51);
        assert_eq!(first, gather(Plan::Index, &[], Some(64)));
        look.learn(&first, 40);
        assert_eq!(look.way(51), gather(Plan::Index, &[], Some(149)));
        look.tries = 0;
        assert_eq!(look.way(51), gather(Plan::Index, &[], None));
    }
}
