use crate::service::leads::search::Plan;
use crate::service::leads::search::look::{Look, Way};

/// What reading costs, in microseconds. Measured at a million leads: a lead on a walk, where the
/// order is that in which the leads lie in the table, and where each lies elsewhere; a lead that a
/// bitmap leads to, which is compared once more and sorted; an entry of a bitmap of the search index,
/// and of an order's; an entry of a list of the search index that is compared with other lists, and
/// what each list that is read beside it for the same condition adds to that; and a question to that
/// index.
pub(super) const WALKED_UNSEARCHED: f64 = 1.0;
pub(super) const WALKED_IN_PLACE: f64 = 0.5;
pub(super) const WALKED_ELSEWHERE: f64 = 2.5;
const FETCHED: f64 = 2.0;
const LISTED: f64 = 0.08;
const RANGED: f64 = 0.13;
const COMPARED: f64 = 0.02;
const BESIDE: f64 = 0.004;
const ASKED: f64 = 2_000.0;
/// About how many lists a word has that are as long as that of its rarest trigram.
const LISTS: f64 = 3.0;
/// The part of the leads, beyond those that are searched for, that one part of a search may lead to
/// before all parts are asked for, for each lead that has the most frequent part: the time that its
/// long lists of trigrams take to read.
const RARE: f64 = 0.008;
/// The part of the leads that a word has before only one of its trigrams is asked for. A rarer one
/// may have a beginning that is much more frequent.
const FREQUENT: f64 = 0.03;

/// The share of the leads that a facet lets through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub share: f64,
    /// How many lists of the index say that.
    pub lists: usize,
    /// Whether one of the spans says the same.
    pub is_span: bool,
}

/// Which indexes are asked at once; all else is told by reading.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bitmaps {
    pub search: Plan,
    /// Which of the filter's facets the index of the search is asked for, too.
    pub facets: Vec<usize>,
    /// Which of the filter's spans, by an index of its own.
    pub span: Option<usize>,
    /// The order's: up to which one of [`Look::ordered`].
    pub until: Option<usize>,
}

/// What gathering costs.
impl Look {
    /// What to ask for all leads, and what that costs.
    pub(super) fn whole(&self) -> (Way, f64) {
        let (bitmaps, cost) = self.narrowest(1.0, 1.0);
        (Way::Gather(bitmaps), cost)
    }

    /// What to ask for the leads up to a place in the sample, and what that costs.
    pub(super) fn slice(&self, until: usize) -> (Way, f64) {
        let rows = self.rows(until);
        let found = self.ordered[..=until].iter().flatten().count() as f64 / self.sampled;
        let (bitmaps, cost) = self.narrowest(rows / self.leads, found / self.searched.max(found));
        let until = Some(until);
        let way = Way::Gather(Bitmaps { until, ..bitmaps });
        (way, cost + rows * RANGED)
    }

    /// What to ask indexes for, where such a part of all leads and such a part of those that are
    /// searched for are of interest, and what that costs.
    fn narrowest(&self, of_all: f64, of_searched: f64) -> (Bitmaps, f64) {
        let read = [(Plan::Read, 1.0, 0.0, of_all)];
        let searched = self.entry.map(|entry| {
            let (plan, listed) = self.index();
            let is_one = plan != Plan::Index;
            let lists = if is_one { entry } else { entry.max(LISTS) };
            (plan, listed, lists * listed * COMPARED, of_searched)
        });
        let mut least: Option<(Bitmaps, f64)> = None;
        for (search, share, compared, part) in read.into_iter().chain(searched) {
            for span in [None, rarest(&self.spans)] {
                let start = Bitmaps {
                    span: span.map(|(at, _)| at),
                    ..Bitmaps::of(search)
                };
                let kept = part * span.map_or(1.0, |(_, share)| share);
                let (bitmaps, cost) = self.narrowed(start, share, compared, kept);
                let cost = cost + span.map_or(0.0, |(_, share)| self.leads * share * RANGED);
                if least.as_ref().is_none_or(|(_, least)| cost < *least) {
                    least = Some((bitmaps, cost));
                }
            }
        }
        least.unwrap_or((Bitmaps::of(Plan::Read), self.leads * FETCHED))
    }

    /// A share of the leads that the search index leads to at such a cost, narrowed by each facet that
    /// spares more than its lists take to compare, where only a part of them is read; and what that
    /// costs.
    fn narrowed(
        &self,
        mut bitmaps: Bitmaps,
        share: f64,
        compared: f64,
        kept: f64,
    ) -> (Bitmaps, f64) {
        let cost = |is_asked: bool, left: f64, compared: f64| {
            let asked = ASKED + self.leads * (compared + left * LISTED);
            let asked = if is_asked { asked } else { 0.0 };
            asked + self.leads * left * kept * FETCHED
        };
        let (mut left, mut compared) = (share, compared);
        let mut least = cost(bitmaps.search != Plan::Read, left, compared);
        let mut facets: Vec<(usize, Part)> = self.facets.iter().copied().enumerate().collect();
        facets.retain(|(_, facet)| bitmaps.span.is_none() || !facet.is_span);
        facets.sort_by(|a, b| a.1.share.total_cmp(&b.1.share));
        for (at, Part { share, lists, .. }) in facets {
            let with = compared + share * (COMPARED + lists as f64 * BESIDE);
            let narrower = cost(true, left * share, with);
            if narrower < least {
                (left, compared, least) = (left * share, with, narrower);
                bitmaps.facets.push(at);
            }
        }
        (bitmaps, least)
    }

    /// What to ask the trigram index for, and the share of the leads that it leads to.
    fn index(&self) -> (Plan, f64) {
        let spared = RARE * self.parts.iter().copied().fold(0.0, f64::max);
        // As if that were all that is searched for, or nearly.
        let tells = |share: f64| share >= FREQUENT && share <= 2.0 * self.searched;
        let (rare, left) = self.rare_parts();
        match rarest(&self.parts) {
            Some((part, share)) if tells(share) => (Plan::Trigram(part), share),
            Some(_) if left <= self.searched + spared => (rare, left),
            None if self.searched >= FREQUENT => (Plan::Trigram(0), self.searched),
            _ => (Plan::Index, self.searched),
        }
    }

    /// The rarest part, with each other that spares more than its lists take to read; and the share of
    /// the leads that these lead to, as if one had nothing to do with another.
    fn rare_parts(&self) -> (Plan, f64) {
        let mut parts: Vec<(usize, f64)> = self.parts.iter().copied().enumerate().collect();
        parts.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (mut bits, mut left) = (0_u8, 1.0);
        for (at, share) in parts {
            let spared = left * (1.0 - share) * FETCHED;
            if bits == 0 || LISTS * share * COMPARED < spared {
                bits |= 1 << at;
                left = (left * share).max(self.searched);
            }
        }
        let are_all = bits.count_ones() as usize == self.parts.len();
        let plan = if are_all {
            Plan::Index
        } else {
            Plan::Parts(bits)
        };
        (plan, left)
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
    use super::{Bitmaps, Part};
    use crate::service::leads::search::Plan;
    use crate::service::leads::search::look::tests::{facet, gather, look};
    use crate::service::leads::search::look::{Look, Way};

    #[test]
    fn facets_and_spans_are_asked_for_where_that_spares_reading() {
        let filtered = |searched: f64, spans: &[f64]| Look {
            facets: [0.7, 0.05, 0.1].map(facet).to_vec(),
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
    fn a_span_is_asked_for_beside_facets_but_those_that_say_the_same() {
        let years = Part {
            lists: 60,
            is_span: true,
            ..facet(0.05)
        };
        let look = Look {
            facets: vec![years, facet(0.1)],
            spans: vec![0.05],
            ordered: vec![None; 2_000],
            ..look(0.0, 0.1)
        };
        let both = Bitmaps {
            span: Some(0),
            facets: vec![1],
            ..Bitmaps::of(Plan::Trigram(0))
        };
        assert_eq!(look.narrowest(1.0, 1.0).0, both);
        let cheap = Look {
            spans: Vec::new(),
            ..look
        };
        let listed = Bitmaps {
            facets: vec![0, 1],
            ..Bitmaps::of(Plan::Trigram(0))
        };
        assert_eq!(cheap.narrowest(1.0, 1.0).0, listed);
    }

    #[test]
    fn the_rare_parts_are_gathered_if_they_are_rare() {
        for (parts, expected) in [
            (vec![], Plan::Index),
            (vec![0.7, 0.004], Plan::Parts(0b10)),
            (vec![0.011, 0.7, 0.0115], Plan::Parts(0b101)),
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
