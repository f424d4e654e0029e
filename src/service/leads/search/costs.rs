//! What reading costs.

/// What reading costs, in microseconds. Measured at a million leads: a lead on a walk, where the
/// order is that in which the leads lie in the table, and where each lies elsewhere; a lead that a
/// bitmap leads to, which is compared once more and sorted, and one that is compared with two letters,
/// too; and an entry of a bitmap of the search index, and of an order's.
pub(super) const WALKED_UNSEARCHED: f64 = 0.7;
pub(super) const WALKED_IN_PLACE: f64 = 0.65;
pub(super) const WALKED_ELSEWHERE: f64 = 1.6;
pub(super) const FETCHED: f64 = 1.25;
pub(super) const FETCHED_BY_PAIR: f64 = 1.85;
const LISTED: f64 = 0.045;
const RANGED: f64 = 0.07;
/// An entry of a list of the search index; one that is looked for in a list, where that spares reading
/// the list; and one that is compared with a list.
pub(super) const READ: f64 = 0.015;
const SOUGHT: f64 = 0.1;
const BESIDE: f64 = 0.003;

/// The share of the leads that a facet lets through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub share: f64,
    /// How many lists of the index say that.
    pub lists: usize,
    /// Whether one of the spans says the same.
    pub is_span: bool,
    /// Whether these leads lie in the table one after the other.
    pub is_in_place: bool,
}

/// What indexes are asked for, and what that leads to, in shares of all leads.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// The search index: what its shortest lists have, if there are any yet.
    pub shortest: Option<f64>,
    /// What all its lists together lead to.
    pub left: f64,
    /// What its lists cost to compare, for each lead.
    pub compared: f64,
    /// Other indexes: what they lead to,
    pub ranged: f64,
    /// and what they leave of what the search index leads to.
    pub kept: f64,
}

impl Asked {
    pub const NOTHING: Self = Self {
        shortest: None,
        left: 1.0,
        compared: 0.0,
        ranged: 0.0,
        kept: 1.0,
    };

    /// And the search index for a part of the filter, too, as if that had nothing to do with the rest.
    pub fn beside(self, part: Part) -> Self {
        let lists = part.lists as f64;
        let read = part.share * READ;
        let read = match self.shortest {
            None => read + part.share * lists * BESIDE,
            Some(_) if part.is_in_place => 0.0,
            Some(share) => read.min(share * lists * SOUGHT) + share * lists * BESIDE,
        };
        let shortest = self
            .shortest
            .map_or(part.share, |share| share.min(part.share));
        Self {
            shortest: Some(shortest),
            left: self.left * part.share,
            compared: self.compared + read,
            ..self
        }
    }

    /// And another index for such a share.
    pub fn ranged(self, share: f64, left: f64) -> Self {
        Self {
            ranged: self.ranged + share,
            kept: self.kept * left,
            ..self
        }
    }

    /// What that costs for each lead, where one that is read costs so much.
    pub fn cost(self, fetched: f64) -> f64 {
        let listed = self.shortest.map_or(0.0, |_| self.left * LISTED);
        self.compared + listed + self.ranged * RANGED + self.left * self.kept * fetched
    }
}
