use crate::db::Connection;
use crate::service::leads::filter::Condition;
use crate::service::leads::order::{LeadOrder, Place, Segment};
use crate::service::leads::search::bitmaps::Bitmaps;
use crate::service::leads::search::look::{Walked, Way};
use crate::service::leads::search::{Near, Plan, Search};
use crate::service::leads::{LeadFilter, LeadOrderField, visible_to};
use crate::service::permission::{Action, Reach, reach};
use crate::service::{Actor, LeadId, Result};

/// How many rows of the order are looked at before anything is known about the search: at least,
/// for each lead that is wanted, and at most. Where the leads lie in the table in this order,
/// reading one costs less, and it is three times as many. That takes a few milliseconds.
const FIRST_ROWS: usize = 1_000;
const FIRST_ROWS_PER_LEAD: usize = 15;
const MOST_FIRST_ROWS: usize = 4_000;
/// And where nothing is searched for, so that looking at one costs less: a page of what one lead of
/// eighty is.
pub(super) const PEEKED: usize = 4_000;

/// Finds the leads of a search, or of one assignee, in the order of a list.
///
/// There are three ways. One walks along the order's index until enough leads were found: quick if
/// many fit. Another gathers all that fit by one index, which has what is searched for and most of
/// what a filter says, and sorts them: quick if few do. The third gathers only those up to a place in
/// the order, which the order's index tells without a look at the leads, or the index of the search, if
/// that has the order in lists: quick if many fit, but far from the order's beginning.
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
    /// Whether few leads are to be expected, so that all are gathered at once.
    pub is_rare: bool,
}

/// What was found.
pub(crate) struct Found {
    /// The leads' ids, in the order that they are read in.
    pub ids: Vec<LeadId>,
    /// Whether those of the whole order, from where the stretch begins, were looked for, and not
    /// those of its segment only.
    pub is_whole: bool,
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
        let is_assigned = self.is_assigned() && !self.has_own_index();
        !self.search.is_empty() || (is_assigned && !self.filter.names_leads())
    }

    /// Whether it pays where the first rows of the order are not enough: if there is a filter that
    /// the index of the search has parts of. PostgreSQL does not see how a filter goes with an order,
    /// nor how rare a tag is that is but a parameter, and could walk along all leads. One assignee's
    /// leads have an index of their own, and so have ids and what a filter says of e-mail address, phone
    /// number and company.
    pub(crate) fn may_pay(&self) -> bool {
        if self.own_walk().is_some() || self.filter.names_leads() {
            return false;
        }
        !self.facets().is_empty() || !self.filter.spans().is_empty()
    }

    /// Whether all leads of some lists of an index are meant: those of a status in this order.
    pub(super) fn is_listed(&self) -> bool {
        let only_status = LeadFilter {
            status: self.filter.status.clone(),
            ..LeadFilter::default()
        };
        !self.order.statuses(self.filter).is_empty()
            && *self.filter == only_status
            && self.facets().len() == 1
    }

    /// The first leads of a stretch.
    pub(crate) async fn find(&self, conn: &mut Connection, stretch: Stretch<'_>) -> Result<Found> {
        if self.is_rare {
            return self.gather_all(conn, stretch).await;
        }
        let wanted = stretch.limit + stretch.offset;
        let rows = self.first_rows(stretch);
        let (found, walked) = match self.near {
            // There are few, mostly.
            Some(_) => (Vec::new(), Some(Walked::default())),
            None => self.walk(conn, stretch, rows).await?,
        };
        let Some(walked) = walked else {
            return Ok(Found::here(found));
        };
        if self.near.is_none() && walked.rows < rows as f64 {
            return Ok(Found::here(found));
        }
        if self.seems_rare(walked) {
            return self.gather_all(conn, stretch).await;
        }
        let mut look = self.look(conn, stretch, walked).await?;
        loop {
            let way = look.way(wanted);
            let ids = match &way {
                Way::Walk(rows) => {
                    let rows = round(*rows);
                    let (ids, walked) = self.walk_on(conn, stretch, rows).await?;
                    if walked.is_some_and(|walked| walked.rows < rows as f64) {
                        return Ok(Found::here(ids));
                    }
                    ids
                }
                Way::Gather(bitmaps) => self.gather(conn, stretch, bitmaps, Some(&look)).await?,
            };
            let is_whole = way.is_whole();
            if ids.len() == stretch.limit || is_whole {
                return Ok(Found { ids, is_whole });
            }
            look.learn(&way, wanted - stretch.limit + ids.len());
        }
    }

    /// How many rows of the order are looked at first.
    pub(super) fn first_rows(&self, stretch: Stretch<'_>) -> usize {
        let wanted = stretch.limit + stretch.offset;
        let each = if self.is_in_place() { 3 } else { 1 };
        let rows = (wanted * FIRST_ROWS_PER_LEAD).clamp(FIRST_ROWS, MOST_FIRST_ROWS);
        round(each * rows)
    }

    async fn gather_all(&self, conn: &mut Connection, stretch: Stretch<'_>) -> Result<Found> {
        let bitmaps = Bitmaps {
            facets: (0..self.facets().len()).collect(),
            ..Bitmaps::of(Plan::Index)
        };
        let ids = self.gather(conn, stretch, &bitmaps, None).await?;
        let is_whole = true;
        Ok(Found { ids, is_whole })
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
    fn seems_rare(&self, walked: Walked) -> bool {
        self.order.field == LeadOrderField::CreatedAt
            && walked.both == 0.0
            && walked.filtered >= FIRST_ROWS as f64
            && self.entry() == Some(1.0)
            && self.search.parts().is_empty()
    }

    pub(super) fn entry(&self) -> Option<f64> {
        match self.near {
            None => self.search.entry(),
            Some(_) => Some(1.0),
        }
    }

    /// Whether the leads lie in the table in the order that they are walked in.
    pub(super) fn is_in_place(&self) -> bool {
        self.order.field == LeadOrderField::CreatedAt && self.is_along_all()
    }

    /// Whether all leads are walked along, and not those of an assignee or some statuses.
    pub(super) fn is_along_all(&self) -> bool {
        self.own_walk().is_none() && self.order.statuses(self.filter).is_empty()
    }

    /// The leads of the one assignee that is meant, where an index has just those in this order.
    pub(super) fn own_walk(&self) -> Option<Condition> {
        match reach(self.actor.role, Action::ReadLead) {
            _ if !self.has_own_index() => None,
            Reach::Own => Some(visible_to(self.actor)),
            _ => self.filter.one_assignee(),
        }
    }

    fn is_assigned(&self) -> bool {
        let is_own = reach(self.actor.role, Action::ReadLead) == Reach::Own;
        is_own || self.filter.assigned_to.is_some()
    }

    /// Whether there is an index of each assignee's leads in this order.
    fn has_own_index(&self) -> bool {
        let field = self.order.field;
        matches!(field, LeadOrderField::CreatedAt | LeadOrderField::LeadScore)
    }
}

impl Found {
    /// In the stretch's segment.
    fn here(ids: Vec<LeadId>) -> Self {
        let is_whole = false;
        Self { ids, is_whole }
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
