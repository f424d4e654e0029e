use diesel::prelude::*;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::leads::filter::Condition;
use crate::service::leads::order::{LeadOrder, LeadQuery, Place, Segment};
use crate::service::leads::search::statements::{Gather, Sample, Walk};
use crate::service::leads::search::{Near, Plan, Search, reads};
use crate::service::leads::{LeadFilter, LeadOrderField, visible_to};
use crate::service::permission::{Action, Reach, reach};
use crate::service::{Actor, LeadId, Result};

/// How many rows of the order are looked at before anything is known about the search: at least,
/// for each lead that is wanted, and at most. Reading so many takes a few milliseconds.
const FIRST_ROWS: usize = 3_000;
const FIRST_ROWS_PER_LEAD: usize = 40;
const MOST_FIRST_ROWS: usize = 20_000;
/// What a lead costs that the trigram index leads to, in rows of a walk: it was looked for under
/// each of its trigrams, is compared once more, and is sorted. Measured at a million leads, of which
/// less than half fit into the server's memory: 2.4 µs, beside 0.3 to 1 µs where the order is that in
/// which the leads lie in the table, and 3.4 to 5 µs where each lies elsewhere. With more memory that
/// is less: the second stands in between.
const GATHERED: f64 = 3.0;
const GATHERED_ELSEWHERE: f64 = 1.0;
/// The part of the leads, beyond those that are searched for, that one part of a search may lead to
/// before all parts are asked for: at a million leads, as many as are looked at in the time that
/// the long lists of frequent trigrams take to read.
const RARE: f64 = 0.003;

/// Finds the leads of a search, or of one assignee, in the order of a list.
///
/// There are two ways. One walks along the order's index until enough leads were found: quick if
/// many fit. The other gathers all that fit by the trigram index and sorts them: quick if few do.
/// PostgreSQL chooses by a guess that can be wrong a hundredfold, so it is not asked. The order is
/// walked for a few thousand rows; where that is not enough, those rows tell what a walk would cost
/// from here on, and leads from all over the table what gathering would. The statements are fenced, so that each is executed in its own way only.
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

/// What some leads say of all. The first rows of the order tell how far a walk would go, but nothing
/// of all leads: those with a free e-mail address have lower scores, and a last name is found where
/// it stands in the alphabet.
#[derive(Debug)]
struct Look {
    /// How many first rows of the order there were, how many of them the filter lets through, and how
    /// many of these have what is searched for.
    rows: f64,
    filtered: f64,
    both: f64,
    /// Of all leads: the share that the filter lets through, that has what is searched for, and that
    /// has each of [`Search::parts`].
    share_filtered: f64,
    share_searched: f64,
    parts: Vec<f64>,
    /// How many leads there are in all.
    leads: f64,
    /// What one that is gathered costs, in rows of a walk.
    gathered: f64,
    /// Whether an index leads to those that the filter lets through: they are of one assignee.
    is_assigned: bool,
}

/// What to do next.
#[derive(Debug, PartialEq)]
enum Way {
    /// Walk the order so far; it ends before.
    WalkToEnd(usize),
    /// Walk the order so far; that should be enough.
    Walk(usize),
    /// Gather all that fit.
    Gather(Plan),
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
        let rows = (wanted * FIRST_ROWS_PER_LEAD).clamp(FIRST_ROWS, MOST_FIRST_ROWS);
        let rows = round(rows);
        let found = self.walk(conn, stretch, rows).await?;
        if found.len() == stretch.limit {
            return Ok(found);
        }
        if self.near.is_some() {
            // What is near costs four times as much to tell on a walk, and has an index of its own.
            return self.gather(conn, stretch, Plan::Index).await;
        }
        let look = self.look(conn, stretch, rows).await?;
        match look.way(rows, wanted) {
            Way::WalkToEnd(rows) => self.walk_on(conn, stretch, rows).await,
            Way::Walk(rows) => {
                let found = self.walk_on(conn, stretch, rows).await?;
                if found.len() == stretch.limit {
                    return Ok(found);
                }
                self.gather(conn, stretch, look.index()).await
            }
            Way::Gather(plan) => self.gather(conn, stretch, plan).await,
        }
    }

    /// The condition of the search.
    pub(crate) fn condition(&self, plan: Plan) -> Option<Condition> {
        match self.near {
            Some(near) => near.condition(plan),
            None => self.search.exact(plan),
        }
    }

    async fn walk(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        rows: usize,
    ) -> Result<Vec<LeadId>> {
        let filter = self.filter.unsearched(self.actor)?;
        let condition = match self.condition(Plan::Read) {
            Some(search) => Box::new(filter.and(search)),
            None => filter,
        };
        let walk = Walk {
            ordered: self.ordered(stretch),
            rows,
            condition,
            limit: stretch.limit as i64,
            offset: stretch.offset as i64,
        };
        Ok(walk.load(conn).await?)
    }

    /// A long walk. Where it could be longer than one assignee has leads, by PostgreSQL's guess, it
    /// would read them all and sort them, though the walk ends long before: so it may not sort.
    async fn walk_on(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        rows: usize,
    ) -> Result<Vec<LeadId>> {
        conn.transaction(async |conn| {
            conn.batch_execute("SET LOCAL enable_sort = off").await?;
            self.walk(conn, stretch, rows).await
        })
        .await
    }

    async fn look(&self, conn: &mut Connection, stretch: Stretch<'_>, rows: usize) -> Result<Look> {
        let everything = || Box::new(true.into_sql::<diesel::sql_types::Bool>().nullable()) as _;
        let sample = Sample {
            ordered: self.ordered(stretch),
            rows,
            filter: self.filter.unsearched(self.actor)?,
            search: self.condition(Plan::Read).unwrap_or_else(everything),
            parts: self.search.parts().iter().map(|part| reads(part)).collect(),
        };
        type Spread = (i64, i64, i64, Vec<i64>);
        let (first, spread, leads): ((i64, i64, i64), Spread, i64) =
            sample.get_result(conn).await?;
        let (rows, filtered, both) = first;
        let (spread, share_filtered, share_searched, parts) = spread;
        let share = |leads: i64| leads as f64 / spread.max(1) as f64;
        Ok(Look {
            rows: rows as f64,
            filtered: filtered as f64,
            both: both as f64,
            share_filtered: share(share_filtered),
            share_searched: share(share_searched),
            parts: parts.into_iter().map(share).collect(),
            leads: leads.max(rows) as f64,
            gathered: match self.order.field {
                LeadOrderField::CreatedAt => GATHERED,
                _ => GATHERED_ELSEWHERE,
            },
            is_assigned: self.is_assigned(),
        })
    }

    async fn gather(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        plan: Plan,
    ) -> Result<Vec<LeadId>> {
        let query = leads::table.filter(self.filter.unsearched(self.actor)?);
        let mut query = query.into_boxed();
        if let Some(search) = self.condition(plan) {
            query = query.filter(search);
        }
        let gather = Gather {
            query: self
                .order
                .after(query, stretch.segment, self.backwards, stretch.place),
            order: self.order,
            backwards: self.backwards,
            limit: stretch.limit as i64,
            offset: stretch.offset as i64,
        };
        Ok(gather.load(conn).await?)
    }

    /// All leads in the order; an agent's only, where an index has just those in this order.
    fn ordered(&self, stretch: Stretch<'_>) -> LeadQuery<'static> {
        let mut query = leads::table.into_boxed();
        if self.is_own() && self.has_own_index() {
            query = query.filter(visible_to(self.actor));
        }
        self.order
            .seek(query, stretch.segment, self.backwards, stretch.place)
    }

    fn is_own(&self) -> bool {
        reach(self.actor.role, Action::ReadLead) == Reach::Own
    }

    fn is_assigned(&self) -> bool {
        self.is_own() || self.filter.assigned_to.is_some()
    }

    /// Whether there is an index of each assignee's leads in this order.
    fn has_own_index(&self) -> bool {
        let field = self.order.field;
        matches!(field, LeadOrderField::CreatedAt | LeadOrderField::Score)
    }
}

impl Look {
    fn way(&self, asked: usize, wanted: usize) -> Way {
        if self.rows < asked as f64 {
            // Not just the rows there were: others may have been added since.
            return Way::WalkToEnd(4 * asked);
        }
        let fitting = if self.both > 0.0 {
            self.both / self.rows
        } else {
            // As if both had nothing to do with each other, but none was met yet.
            let apart = self.filtered / self.rows * self.share_searched;
            apart.min(1.0 / self.rows)
        };
        let to_walk = wanted as f64 / fitting;
        let to_gather = match self.index() {
            Plan::Index => self.gathered * self.share_searched,
            Plan::Part(part) => self.gathered * self.parts[part],
            Plan::Read | Plan::Open => self.share_filtered,
        };
        if to_walk < to_gather * self.leads {
            Way::Walk(round(2 * to_walk as usize))
        } else {
            Way::Gather(self.index())
        }
    }

    /// By which index to gather: that of the assignee, if it leads to fewer leads, or the search's.
    fn index(&self) -> Plan {
        if self.is_assigned && self.share_filtered < self.share_searched {
            return Plan::Read;
        }
        let rarest = (0..self.parts.len()).min_by(|&a, &b| self.parts[a].total_cmp(&self.parts[b]));
        match rarest {
            Some(part) if self.parts[part] <= self.share_searched + RARE => Plan::Part(part),
            _ => Plan::Index,
        }
    }
}

/// Up to one of a few numbers: it becomes part of the statement, and those are kept.
fn round(rows: usize) -> usize {
    rows.div_ceil(FIRST_ROWS).next_power_of_two() * FIRST_ROWS
}

#[cfg(test)]
mod tests {
    use super::{Look, Plan, Way, round};

    /// A look at the first rows, and at leads of which so many are let through and searched for.
    fn look(rows: f64, filtered: f64, both: f64, share_filtered: f64, share_searched: f64) -> Look {
        Look {
            rows,
            filtered,
            both,
            share_filtered,
            share_searched,
            parts: Vec::new(),
            leads: 1_000_000.0,
            gathered: super::GATHERED,
            is_assigned: false,
        }
    }

    #[test]
    fn the_way_that_reads_fewer_leads_is_taken() {
        let gather = Way::Gather(Plan::Index);
        for (look, expected) in [
            (
                look(2_999.0, 9.0, 9.0, 0.003, 0.003),
                Way::WalkToEnd(12_000),
            ),
            (
                look(3_000.0, 3_000.0, 0.0, 1.0, 0.0),
                Way::Gather(Plan::Index),
            ),
            (
                look(3_000.0, 3_000.0, 1.0, 1.0, 0.0005),
                Way::Gather(Plan::Index),
            ),
            (look(3_000.0, 3_000.0, 20.0, 1.0, 0.007), Way::Walk(12_000)),
            (look(3_000.0, 30.0, 3.0, 0.01, 0.1), Way::Walk(96_000)),
            (
                look(3_000.0, 0.0, 0.0, 0.0, 0.033),
                Way::Gather(Plan::Index),
            ),
            // Few or none at the beginning of the order, but many in all.
            (look(3_000.0, 3_000.0, 4.0, 1.0, 0.02), Way::Walk(48_000)),
            (look(3_000.0, 3_000.0, 0.0, 1.0, 0.1), Way::Walk(192_000)),
            (
                look(3_000.0, 3_000.0, 0.0, 1.0, 0.02),
                Way::Gather(Plan::Index),
            ),
        ] {
            assert_eq!(look.way(3_000, 26), expected, "{look:?}");
        }
        let elsewhere = Look {
            gathered: super::GATHERED_ELSEWHERE,
            ..look(3_000.0, 3_000.0, 4.0, 1.0, 0.018)
        };
        assert_eq!(elsewhere.way(3_000, 26), gather);
        let assigned = Look {
            is_assigned: true,
            ..look(3_000.0, 15.0, 1.0, 0.005, 0.1)
        };
        assert_eq!(assigned.way(3_000, 26), Way::Gather(Plan::Read));
    }

    #[test]
    fn the_rarest_part_is_gathered_if_it_is_rare() {
        for (parts, expected) in [
            (vec![], Plan::Index),
            (vec![0.7, 0.004, 0.0043], Plan::Part(1)),
            (vec![0.7, 0.0043], Plan::Index),
        ] {
            let look = Look {
                parts,
                ..look(3_000.0, 3_000.0, 3.0, 1.0, 0.001)
            };
            assert_eq!(look.index(), expected, "{look:?}");
        }
    }

    #[test]
    fn few_different_numbers_of_rows_are_asked_for() {
        let rounded = [1, 3_000, 3_001, 7_000, 20_000].map(round);
        assert_eq!(rounded, [3_000, 3_000, 6_000, 12_000, 24_000]);
    }
}
