use crate::db::Connection;
use crate::service::leads::filter::Condition;
use crate::service::leads::order::{LeadOrder, Place, Segment};
use crate::service::leads::search::look::{Bitmaps, Walked, Way};
use crate::service::leads::search::{Near, Plan, Search};
use crate::service::leads::{LeadFilter, LeadOrderField};
use crate::service::permission::{Action, Reach, reach};
use crate::service::{Actor, LeadId, Result};

/// How many rows of the order are looked at before anything is known about the search: at least,
/// for each lead that is wanted, and at most. Where the leads lie in the table in this order,
/// reading one costs less, and it is three times as many. That takes a few milliseconds.
const FIRST_ROWS: usize = 1_000;
const FIRST_ROWS_PER_LEAD: usize = 15;
const MOST_FIRST_ROWS: usize = 4_000;

/// Finds the leads of a search, or of one assignee, in the order of a list.
///
/// There are three ways. One walks along the order's index until enough leads were found: quick if
/// many fit. Another gathers all that fit by the trigram index and sorts them: quick if few do. The
/// third gathers only those up to a place in the order, which the order's index tells without a
/// look at the leads: quick if many fit, but far from the order's beginning.
///
/// PostgreSQL chooses by a guess that can be wrong a hundredfold, so it is not asked. The order is
/// walked for a thousand rows or more; where that is not enough, those rows tell what a walk would
/// cost from here on, and leads from all over the table what gathering would. The statements are
/// fenced, so that each is executed in its own way only.
pub(crate) struct Hunt<'a> {
    pub actor: &'a Actor,
    /// Whatever it searches for itself is not looked at.
    pub filter: &'a LeadFilter,
    pub search: &'a Search,
    /// If the leads with mistyped names are meant.
    pub near: Option<&'a Near>,
    pub order: LeadOrder,
    pub backwards: bool,
}

/// A part of an order, from a place on, and which rows of it.
#[derive(Clone, Copy)]
pub(crate) struct Stretch<'a> {
    pub segment: Segment,
    pub place: Option<&'a Place>,
    pub limit: usize,
    pub offset: usize,
}

impl Hunt<'_> {
    /// Whether it pays: if something is searched for, and for one assignee's leads in an order
    /// that no index has them in. Those may be few, and far apart in the order of all.
    pub(crate) fn pays(&self) -> bool {
        !self.search.is_empty() || (self.is_assigned() && !self.has_own_index())
    }

    /// The leads' ids, in the order that they are read in.
    pub(crate) async fn ids(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
    ) -> Result<Vec<LeadId>> {
        let wanted = stretch.limit + stretch.offset;
        // Whether one is near costs more to tell.
        let each = match (self.is_in_place(), self.near) {
            (false, _) => 1,
            (true, None) => 3,
            (true, Some(_)) => 2,
        };
        let rows = (wanted * FIRST_ROWS_PER_LEAD).clamp(FIRST_ROWS, MOST_FIRST_ROWS);
        let rows = round(each * rows);
        let (found, walked) = self.walk(conn, stretch, rows).await?;
        let Some(walked) = walked else {
            return Ok(found);
        };
        if walked.rows < rows as f64 {
            // The order ends before. Not just those rows: others may have been added since.
            return self.walk_on(conn, stretch, 4 * rows).await;
        }
        if self.is_rare(walked) {
            let filter = self.is_assigned().then_some(0);
            let bitmaps = Bitmaps {
                search: Plan::Index,
                filter,
                until: None,
            };
            return self.gather(conn, stretch, bitmaps, &[]).await;
        }
        let (mut look, sample) = self.look(conn, stretch, walked).await?;
        loop {
            let way = look.way(wanted);
            let found = match way {
                Way::Walk(rows) => self.walk_on(conn, stretch, round(rows)).await?,
                Way::Gather(bitmaps) => self.gather(conn, stretch, bitmaps, &sample).await?,
            };
            if found.len() == stretch.limit || way.is_whole() {
                return Ok(found);
            }
            look.learn(way, wanted - stretch.limit + found.len());
        }
    }

    /// The condition of the search.
    pub(crate) fn condition(&self, plan: Plan) -> Option<Condition> {
        match self.near {
            Some(near) => near.condition(plan),
            None => self.search.exact(plan),
        }
    }

    /// Whether so few leads can have what is searched for that nothing else needs to be known.
    /// Those of one time are like those of another; of other orders the beginning says little of
    /// the rest.
    fn is_rare(&self, walked: Walked) -> bool {
        self.order.field == LeadOrderField::CreatedAt
            && walked.both == 0.0
            && walked.filtered >= FIRST_ROWS as f64
            && self.entry() == Some(1.0)
            && (self.near.is_some() || self.search.parts().is_empty())
    }

    pub(super) fn entry(&self) -> Option<f64> {
        match self.near {
            None => self.search.entry(),
            Some(_) => Some(1.0),
        }
    }

    /// Whether the leads lie in the table in the order that they are walked in.
    pub(super) fn is_in_place(&self) -> bool {
        self.order.field == LeadOrderField::CreatedAt && !self.has_own_walk()
    }

    pub(super) fn has_own_walk(&self) -> bool {
        self.is_own() && self.has_own_index()
    }

    pub(super) fn is_own(&self) -> bool {
        reach(self.actor.role, Action::ReadLead) == Reach::Own
    }

    pub(super) fn is_assigned(&self) -> bool {
        self.is_own() || self.filter.assigned_to.is_some()
    }

    /// Whether there is an index of each assignee's leads in this order.
    fn has_own_index(&self) -> bool {
        let field = self.order.field;
        matches!(field, LeadOrderField::CreatedAt | LeadOrderField::Score)
    }
}

/// Up to one of a few numbers: it becomes part of the statement, and those are kept.
fn round(rows: usize) -> usize {
    rows.div_ceil(FIRST_ROWS).next_power_of_two() * FIRST_ROWS
}

#[cfg(test)]
mod tests {
    use super::round;

    #[test]
    fn few_different_numbers_of_rows_are_asked_for() {
        let rounded = [1, 1_000, 1_001, 3_000, 20_000].map(round);
        assert_eq!(rounded, [1_000, 1_000, 2_000, 4_000, 32_000]);
    }
}
