use diesel::prelude::*;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::leads::filter::{Condition, every};
use crate::service::leads::order::{LeadQuery, Segment};
use crate::service::leads::search::find::{Hunt, Stretch};
use crate::service::leads::search::look::{
    Bitmaps, Look, WALKED_ELSEWHERE, WALKED_IN_PLACE, Walked,
};
use crate::service::leads::search::statements::{Gather, Sample, Walk};
use crate::service::leads::search::{Plan, reads};
use crate::service::{LeadId, Result};

/// The steps of a hunt: a statement each.
impl Hunt<'_> {
    /// What was found, and what the rows were if that is less than asked for.
    pub(super) async fn walk(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        rows: usize,
    ) -> Result<(Vec<LeadId>, Option<Walked>)> {
        let walk = Walk {
            filter: self.filter.unsearched(self.actor)?,
            ordered: self.ordered(stretch),
            rows,
            search: self.searched(Plan::Read),
            limit: stretch.limit as i64,
            offset: stretch.offset as i64,
        };
        let mut found = Vec::new();
        let mut walked = None;
        let rows: Vec<(Option<LeadId>, i64, i64, i64)> = walk.load(conn).await?;
        for (id, rows, filtered, both) in rows {
            match id {
                Some(id) => found.push(id),
                None => {
                    walked = Some(Walked {
                        rows: rows as f64,
                        filtered: filtered as f64,
                        both: both as f64,
                    });
                }
            }
        }
        Ok((found, walked))
    }

    /// A long walk. Where it could be longer than one assignee has leads, by PostgreSQL's guess, it
    /// would read them all and sort them, though the walk ends long before: so it may not sort.
    pub(super) async fn walk_on(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        rows: usize,
    ) -> Result<Vec<LeadId>> {
        conn.transaction(async |conn| {
            conn.batch_execute("SET LOCAL enable_sort = off").await?;
            Ok(self.walk(conn, stretch, rows).await?.0)
        })
        .await
    }

    /// Looks at leads from all over the table; the ids are those of [`Look::ordered`].
    pub(super) async fn look(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        walked: Walked,
    ) -> Result<(Look, Vec<LeadId>)> {
        let parts = match self.near {
            None => self.search.parts(),
            Some(_) => Vec::new(),
        };
        let (facets, spans) = (self.facets(), self.filter.spans());
        let sizes = [parts.len(), facets.len(), spans.len()];
        let only = parts.iter().map(|part| reads(part));
        let only = only.chain(facets).chain(spans);
        let sample = Sample {
            filter: self.filter.unsearched(self.actor)?,
            search: self.searched(Plan::Read),
            parts: only.collect(),
            after: every(self.range(stretch)),
            order: self.order,
            backwards: self.backwards,
        };
        type Counts = (i64, i64, Vec<i64>);
        type Ordered = (Vec<LeadId>, Vec<Option<bool>>);
        let (shown, leads, (ids, ordered)): (Counts, i64, Ordered) =
            sample.get_result(conn).await?;
        let (sampled, searched, shares) = shown;
        let share = |leads: i64| leads as f64 / sampled.max(1) as f64;
        let mut shares = shares.into_iter().map(share);
        let [parts, facets, spans] = sizes.map(|size| shares.by_ref().take(size).collect());
        let look = Look {
            walked,
            leads: leads.max(sampled).max(1) as f64,
            sampled: sampled.max(1) as f64,
            searched: share(searched),
            parts,
            facets,
            spans,
            ordered,
            row: if self.is_in_place() {
                WALKED_IN_PLACE
            } else {
                WALKED_ELSEWHERE
            },
            tries: 3,
            entry: self.entry(),
            has_slices: stretch.segment == Segment::Valued && self.own_walk().is_none(),
        };
        Ok((look, ids))
    }

    /// Gathers what bitmaps lead to: up to a lead of the sample, or of the whole order from where
    /// the stretch begins.
    pub(super) async fn gather(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        bitmaps: &Bitmaps,
        sample: &[LeadId],
    ) -> Result<Vec<LeadId>> {
        let facets = self.facets().into_iter().enumerate();
        let facets = facets.filter(|(at, _)| bitmaps.facets.contains(at));
        let mut asked: Vec<Condition> = facets.map(|(_, facet)| facet).collect();
        asked.extend(self.condition(bitmaps.search));
        asked.extend(
            bitmaps
                .span
                .and_then(|at| self.filter.spans().into_iter().nth(at)),
        );
        let mut filter = vec![self.filter.unsearched(self.actor)?];
        // Which indexes the fenced query could be asked of is left to PostgreSQL, which takes a
        // range of unknown ends for a small one.
        match bitmaps.until {
            Some(_) => asked.extend(self.range(stretch)),
            None => filter.push(self.rest(stretch)),
        }
        let gather = Gather {
            query: leads::table.filter(every(asked)).into_boxed(),
            until: bitmaps.until.map(|rank| sample[rank]),
            filter: every(filter),
            order: self.order,
            backwards: self.backwards,
            limit: stretch.limit as i64,
            offset: stretch.offset as i64,
        };
        Ok(gather.load(conn).await?)
    }

    /// What the filter says that the index of the search has, too.
    pub(super) fn facets(&self) -> Vec<Condition> {
        self.filter.facets(self.actor)
    }

    fn searched(&self, plan: Plan) -> Condition {
        self.condition(plan).unwrap_or_else(|| every(Vec::new()))
    }

    /// All leads in the order that the filter does not leave out at its ends; an agent's only,
    /// where an index has just those in this order.
    fn ordered(&self, stretch: Stretch<'_>) -> LeadQuery<'static> {
        let mut query = leads::table.into_boxed();
        if let Some(own) = self.own_walk() {
            query = query.filter(own);
        }
        for bound in self.bounds() {
            query = query.filter(bound);
        }
        self.order
            .seek(query, stretch.segment, self.backwards, stretch.place)
    }

    /// What the leads of the stretch have in common, whatever they are searched for.
    fn range(&self, stretch: Stretch<'_>) -> Vec<Condition> {
        let only = self.order.only(stretch.segment);
        let place = stretch.place;
        let after = place.map(|place| self.order.after(self.backwards, place));
        only.into_iter().chain(after).chain(self.bounds()).collect()
    }

    /// The leads of the stretch and those of the segment that comes after it.
    fn rest(&self, stretch: Stretch<'_>) -> Condition {
        let here = self.range(stretch);
        match self.order.next(stretch.segment, self.backwards) {
            Some(next) => Box::new(every(here).or(every(self.range(Stretch {
                segment: next,
                place: None,
                ..stretch
            })))),
            None => every(here),
        }
    }

    fn bounds(&self) -> Vec<Condition> {
        self.filter.bounds(self.order.field)
    }
}
