use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::db::Connection;
use crate::db::schema::leads;
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
/// each of its trigrams, is compared once more, and is sorted. Measured at a million leads: 3 µs
/// beside 0.3 to 1 µs.
const GATHERED: f64 = 3.0;
/// The part of the leads, beyond those that are searched for, that one part of a search may lead to
/// before all parts are asked for: at a million leads, as many as are looked at in the time that
/// the long lists of frequent trigrams take to read.
const RARE: f64 = 0.003;

/// Finds the leads of a search, or of one assignee, in the order of a list.
///
/// There are two ways. One walks along the order's index until enough leads were found: quick if
/// many fit. The other gathers all that fit by the trigram index and sorts them: quick if few do.
/// PostgreSQL chooses by a guess that can be wrong a hundredfold, so it is not asked. The order is
/// walked for a few thousand rows; where that is not enough, those rows tell what each way would
/// cost from here on. The statements are fenced, so that each is executed in its own way only.
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

/// What some rows of the order say of all: how many there were and how many of them fit.
#[derive(Debug)]
struct Look {
    rows: f64,
    filtered: f64,
    searched: f64,
    both: f64,
    /// How many have each of [`Search::parts`].
    parts: Vec<f64>,
    /// How many leads there are in all.
    leads: f64,
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
        let (rows, filtered, searched, both, leads, parts): (i64, i64, i64, i64, i64, Vec<i64>) =
            sample.get_result(conn).await?;
        Ok(Look {
            rows: rows as f64,
            filtered: filtered as f64,
            searched: searched as f64,
            both: both as f64,
            parts: parts.into_iter().map(|rows| rows as f64).collect(),
            leads: leads.max(rows) as f64,
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
            self.filtered / self.rows * self.searched / self.rows
        };
        let to_walk = wanted as f64 / fitting;
        let to_gather = match self.index() {
            Plan::Index => GATHERED * self.searched,
            Plan::Part(part) => GATHERED * self.parts[part],
            Plan::Read | Plan::Open => self.filtered,
        };
        if to_walk < to_gather / self.rows * self.leads {
            Way::Walk(round(2 * to_walk as usize))
        } else {
            Way::Gather(self.index())
        }
    }

    /// By which index to gather: that of the assignee, if it leads to fewer leads, or the search's.
    fn index(&self) -> Plan {
        if self.is_assigned && self.filtered < self.searched {
            return Plan::Read;
        }
        let rarest = (0..self.parts.len()).min_by(|&a, &b| self.parts[a].total_cmp(&self.parts[b]));
        match rarest {
            Some(part) if self.parts[part] <= self.searched + RARE * self.rows => Plan::Part(part),
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

    fn look(rows: f64, filtered: f64, searched: f64, both: f64) -> Look {
        Look {
            rows,
            filtered,
            searched,
            both,
            parts: Vec::new(),
            leads: 1_000_000.0,
            is_assigned: false,
        }
    }

    #[test]
    fn the_way_that_reads_fewer_leads_is_taken() {
        for (look, expected) in [
            (look(2_999.0, 9.0, 9.0, 9.0), Way::WalkToEnd(12_000)),
            (look(3_000.0, 3_000.0, 0.0, 0.0), Way::Gather(Plan::Index)),
            (look(3_000.0, 3_000.0, 1.0, 1.0), Way::Gather(Plan::Index)),
            (look(3_000.0, 3_000.0, 20.0, 20.0), Way::Walk(12_000)),
            (look(3_000.0, 30.0, 300.0, 3.0), Way::Walk(96_000)),
            (look(3_000.0, 300.0, 100.0, 0.0), Way::Walk(24_000)),
            (look(3_000.0, 0.0, 100.0, 0.0), Way::Gather(Plan::Index)),
            (look(3_000.0, 15.0, 57.0, 0.0), Way::Gather(Plan::Index)),
        ] {
            assert_eq!(look.way(3_000, 26), expected, "{look:?}");
        }
        let assigned = Look {
            is_assigned: true,
            ..look(3_000.0, 15.0, 300.0, 1.0)
        };
        assert_eq!(assigned.way(3_000, 26), Way::Gather(Plan::Read));
    }

    #[test]
    fn the_rarest_part_is_gathered_if_it_is_rare() {
        for (parts, expected) in [
            (vec![], Plan::Index),
            (vec![2_000.0, 12.0, 13.0], Plan::Part(1)),
            (vec![2_000.0, 13.0], Plan::Index),
        ] {
            let look = Look {
                parts,
                ..look(3_000.0, 3_000.0, 3.0, 3.0)
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
