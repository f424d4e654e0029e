use crate::service::leads::search::Plan;
use crate::service::leads::search::costs::{Asked, FETCHED, Part, READ};
use crate::service::leads::search::look::{Look, Way};

/// The lists of a word's other trigrams.
const ASKED: f64 = 1_000.0;
/// About how many lists a word has that are as long as that of its rarest trigram.
const LISTS: f64 = 3.0;
/// The part of the leads, beyond those that are searched for, that one part of a search may lead to
/// before all parts are asked for, for each lead that has the most frequent part: the time that its
/// long lists of trigrams take to read.
const RARE: f64 = 0.008;
/// The part of the leads that a word has before only one of its trigrams is asked for. A rarer one
/// may have a beginning that is much more frequent.
const FREQUENT: f64 = 0.03;

/// Which indexes are asked at once; all else is told by reading.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bitmaps {
    pub search: Plan,
    /// Which of the filter's facets the index of the search is asked for, too.
    pub facets: Vec<usize>,
    /// Which of the filter's spans, by an index of its own.
    pub span: Option<usize>,
    /// Up to where in the order.
    pub until: Option<Until>,
}

/// The end of what is of interest of an order: up to which one of [`Look::ordered`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Until {
    /// By the order's index.
    Lead(usize),
    /// By the lists that the search index has of the order.
    List(usize),
}

impl Until {
    pub(super) fn rank(self) -> usize {
        match self {
            Self::Lead(rank) | Self::List(rank) => rank,
        }
    }
}

/// What gathering costs.
impl Look {
    /// What to ask for all leads, and what that costs.
    pub(super) fn whole(&self) -> (Way, f64) {
        let (bitmaps, cost) = self.narrowest(None);
        (Way::Gather(bitmaps), cost)
    }

    /// What to ask for the leads up to a place in the sample, in each way that there is, and what that
    /// costs.
    pub(super) fn slices(&self, rank: usize) -> impl Iterator<Item = (Way, f64)> {
        let lead = self.is_along_all.then_some(Until::Lead(rank));
        let by_lead = lead.map(|lead| self.narrowest(Some(lead)));
        let list = self.end_of_list(rank).map(Until::List);
        let by_list = list.and_then(|list| self.listed(list));
        let slices = by_lead.into_iter().chain(by_list);
        slices.map(|(bitmaps, cost)| (Way::Gather(bitmaps), cost))
    }

    /// The lists of the order with what is searched for, and the statuses that are gone along. Nothing else
    /// is asked for: what a filter says goes with the order, more often than not.
    fn listed(&self, until: Until) -> Option<(Bitmaps, f64)> {
        let (search, asked) = self.searched(self.entry?);
        let (first, last) = (self.lists.first()?, self.lists.get(until.rank())?);
        let part = |share: f64, lists: u32| Part {
            share,
            lists: lists as usize,
            is_span: false,
            is_in_place: false,
        };
        let share = self.rows(until.rank()) / self.leads;
        let mut asked = asked.beside(part(share, 1 + first.abs_diff(*last)));
        if !self.is_along_all {
            asked = asked.beside(part(self.ordered.len() as f64 / self.sampled, 1));
        }
        asked.left = self.found(until);
        let bitmaps = Bitmaps {
            until: Some(until),
            ..Bitmaps::of(search)
        };
        Some((bitmaps, self.leads * asked.cost(self.fetched)))
    }

    /// The share of the leads that have what is searched for and come before a place in the sample.
    fn found(&self, until: Until) -> f64 {
        let found = self.ordered[..=until.rank()].iter().flatten();
        found.count() as f64 / self.sampled
    }

    /// The last place in the sample that is in the same list as this one, if others come after it.
    fn end_of_list(&self, rank: usize) -> Option<usize> {
        let list = self.lists.get(rank)?;
        let end = self.lists[rank..].iter().position(|other| other != list)?;
        Some(rank + end - 1)
    }

    /// What to ask indexes for, and what that costs.
    fn narrowest(&self, until: Option<Until>) -> (Bitmaps, f64) {
        let searched = self.entry.map(|entry| self.searched(entry));
        let ways = [(Plan::Read, Asked::NOTHING)].into_iter().chain(searched);
        let spans = [None, rarest(&self.spans)];
        let ways = ways.flat_map(|way| spans.map(|span| (way, span)));
        let costs = ways.map(|((search, asked), span)| {
            let bitmaps = Bitmaps {
                span: span.map(|(at, _)| at),
                until,
                ..Bitmaps::of(search)
            };
            let asked = span.map_or(asked, |(_, share)| asked.ranged(share, share));
            let asked = until.map_or(asked, |until| {
                let left = match search {
                    Plan::Read => self.rows(until.rank()) / self.leads,
                    _ => self.found(until) / self.searched.max(self.found(until)),
                };
                asked.ranged(self.rows(until.rank()) / self.leads, left)
            });
            self.narrowed(bitmaps, asked)
        });
        let least = costs.min_by(|a, b| a.1.total_cmp(&b.1));
        least.unwrap_or((Bitmaps::of(Plan::Read), self.leads * FETCHED))
    }

    /// What to ask the search index for what is searched for.
    fn searched(&self, entry: f64) -> (Plan, Asked) {
        let (plan, share) = self.index();
        let is_one = plan != Plan::Index;
        let lists = if is_one { entry } else { entry.max(LISTS) };
        let words = if is_one { 0.0 } else { ASKED / self.leads };
        let asked = Asked {
            shortest: Some(share),
            left: share,
            compared: lists * share * READ + words,
            ..Asked::NOTHING
        };
        (plan, asked)
    }

    /// And for each facet that spares more than its lists take to compare; and what all that costs.
    fn narrowed(&self, mut bitmaps: Bitmaps, mut asked: Asked) -> (Bitmaps, f64) {
        let fetched = match bitmaps.search {
            Plan::Read => FETCHED,
            _ => self.fetched,
        };
        let mut facets: Vec<(usize, Part)> = self.facets.iter().copied().enumerate().collect();
        facets.retain(|(_, facet)| bitmaps.span.is_none() || !facet.is_span);
        facets.sort_by(|a, b| a.1.share.total_cmp(&b.1.share));
        for (at, facet) in facets {
            let narrower = asked.beside(facet);
            if narrower.cost(fetched) < asked.cost(fetched) {
                asked = narrower;
                bitmaps.facets.push(at);
            }
        }
        (bitmaps, self.leads * asked.cost(fetched))
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
            if bits == 0 || LISTS * share * READ < spared {
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
    use super::{Bitmaps, Until};
    use crate::service::leads::search::Plan;
    use crate::service::leads::search::costs::Part;
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
        assert_eq!(look.narrowest(None).0, both);
        let cheap = Look {
            spans: Vec::new(),
            ..look
        };
        let listed = Bitmaps {
            facets: vec![0, 1],
            ..Bitmaps::of(Plan::Read)
        };
        assert_eq!(cheap.narrowest(None).0, listed);
    }

    #[test]
    fn lists_of_an_order_are_asked_for_where_what_is_searched_for_begins_far_down() {
        // A tenth of all, hardly one in the first list, and one in seven is let through.
        let fits = |at: usize| (at > 90 && at.is_multiple_of(9)).then_some(at.is_multiple_of(63));
        let late = Look {
            ordered: (0..2_000).map(fits).collect(),
            lists: (0..2_000).map(|at| 10 - at / 200).collect(),
            facets: vec![Part {
                lists: 12,
                ..facet(0.15)
            }],
            ..look(0.0, 0.1)
        };
        let listed = Bitmaps {
            until: Some(Until::List(199)),
            ..Bitmaps::of(Plan::Trigram(0))
        };
        assert_eq!(late.way(51), Way::Gather(listed));
        let one_list = Look {
            lists: vec![10; 2_000],
            ..late
        };
        let Way::Gather(gathered) = one_list.way(51) else {
            panic!("walked");
        };
        assert!(
            !matches!(gathered.until, Some(Until::List(_))),
            "{gathered:?}"
        );
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
