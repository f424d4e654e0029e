use diesel::prelude::*;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::leads::facets::Facet;
use crate::service::leads::filter::{Condition, every};
use crate::service::leads::order::{LeadQuery, Segment};
use crate::service::leads::search::bitmaps::{Bitmaps, Until};
use crate::service::leads::search::costs::{
    FETCHED, FETCHED_BY_PAIR, Part, WALKED_ELSEWHERE, WALKED_IN_PLACE, WALKED_UNSEARCHED,
};
use crate::service::leads::search::find::{Hunt, PEEKED, Stretch};
use crate::service::leads::search::look::{Look, TRIES, Walked};
use crate::service::leads::search::statements::{Gather, Ordered, Peek, Sample, Walk};
use crate::service::leads::search::{Plan, reads};
use crate::service::leads::{Columns, LeadFilter, ListedLead};
use crate::service::{LeadId, Result};

/// To walk along an order. Where a walk could be longer than what it goes along, by PostgreSQL's guess,
/// it would read all of that and sort it, though the walk ends long before.
const DO_NOT_SORT: &str = "SET LOCAL enable_sort = off";

/// To ask two indexes at once and read only what both lead to. PostgreSQL expects few leads of what
/// several conditions say together, in a plan for any values 50 where there are 16,000, and would read
/// all that one index leads to.
const RELY_ON_INDEXES: &str =
    "SET LOCAL cpu_tuple_cost = 2000; SET LOCAL max_parallel_workers_per_gather = 0";

/// To keep in mind which leads of a page a bitmap leads to. Where there is no room for that, it leads to
/// all of the page, which are read and compared: at ten million, seven million rows for 12,587 leads, and
/// that took ten times as long as the rest. PostgreSQL has 4 MB if nobody says otherwise, enough for
/// the pages of a million leads, and takes what it needs.
const ROOM: &str = "SET LOCAL work_mem = '64MB'";
const MANY: f64 = 1_250_000.0;

/// The steps of a hunt: a statement each.
impl Hunt<'_> {
    /// The first leads of a stretch, if they are lists of an index, or the filter lets enough of the
    /// first rows through.
    pub(crate) async fn peek(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        columns: Columns,
    ) -> Result<Option<Vec<ListedLead>>> {
        let Stretch { limit, offset, .. } = stretch;
        let is_listed = self.is_listed();
        let (ordered, filter) = if is_listed {
            let mut all = self.ordered(stretch, (limit + offset).next_power_of_two());
            // The lists have the status already; what is said twice, PostgreSQL takes for rarer.
            let rest = LeadFilter::default();
            let listed = |list: LeadQuery<'static>| -> Result<_> {
                Ok(list.filter(rest.unsearched(self.actor)?))
            };
            all.lists = all.lists.into_iter().map(listed).collect::<Result<_>>()?;
            (all, every(Vec::new()))
        } else if offset == 0 {
            let filter = self.filter.unsearched(self.actor)?;
            (self.ordered(stretch, PEEKED), filter)
        } else {
            return Ok(None);
        };
        let peek = Peek {
            columns,
            ordered,
            filter,
            limit,
            offset: offset as i64,
        };
        let found: Vec<ListedLead> = peek.load(conn).await?;
        Ok((is_listed || found.len() == limit).then_some(found))
    }

    /// What was found, and what the rows were if that is less than asked for.
    pub(super) async fn walk(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        rows: usize,
    ) -> Result<(Vec<LeadId>, Option<Walked>)> {
        let walk = Walk {
            filter: self.filter.unsearched(self.actor)?,
            ordered: self.ordered(stretch, rows),
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

    /// A long walk.
    pub(super) async fn walk_on(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        rows: usize,
    ) -> Result<(Vec<LeadId>, Option<Walked>)> {
        conn.transaction(async |conn| {
            conn.batch_execute(DO_NOT_SORT).await?;
            self.walk(conn, stretch, rows).await
        })
        .await
    }

    /// Looks at leads from all over the table.
    pub(super) async fn look(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        walked: Walked,
    ) -> Result<Look> {
        type Counts = (i64, i64, Vec<i64>);
        type Ordered = (Vec<LeadId>, Vec<i32>, Vec<Option<bool>>);
        let sample = self.sample(stretch)?;
        let (shown, leads, (ids, lists, ordered)): (Counts, i64, Ordered) =
            sample.get_result(conn).await?;
        let (sampled, searched, shares) = shown;
        let share = |leads: i64| leads as f64 / sampled.max(1) as f64;
        let mut shares = shares.into_iter().map(share);
        let parts = shares.by_ref().take(self.parts().len()).collect();
        let facets = self.facets().into_iter().zip(shares.by_ref());
        let facets = facets.map(|(facet, share)| Part {
            share,
            lists: facet.lists,
            is_span: facet.is_span,
            is_in_place: facet.is_in_place,
        });
        Ok(Look {
            walked,
            leads: leads.max(sampled).max(1) as f64,
            sampled: sampled.max(1) as f64,
            searched: share(searched),
            parts,
            facets: facets.collect(),
            spans: shares.collect(),
            ordered,
            ids,
            lists: match self.own_walk() {
                None => lists,
                Some(_) => Vec::new(),
            },
            row: self.row(),
            fetched: match self.entry() {
                Some(entry) if entry > 1.0 => FETCHED_BY_PAIR,
                _ => FETCHED,
            },
            tries: TRIES,
            entry: self.entry(),
            is_along_all: stretch.segment == Segment::Valued && self.is_along_all(),
            is_in_place: self.is_in_place(),
        })
    }

    /// What a row of a walk costs.
    fn row(&self) -> f64 {
        match (self.search.is_empty(), self.is_in_place()) {
            (true, _) => WALKED_UNSEARCHED,
            (false, true) => WALKED_IN_PLACE,
            (false, false) => WALKED_ELSEWHERE,
        }
    }

    fn sample(&self, stretch: Stretch<'_>) -> Result<Sample> {
        let parts = self.parts().into_iter().map(|part| reads(&part));
        let facets = self.facets().into_iter().map(|facet| facet.condition);
        Ok(Sample {
            filter: self.filter.unsearched(self.actor)?,
            search: self.searched(Plan::Read),
            parts: parts.chain(facets).chain(self.filter.spans()).collect(),
            after: every(self.range(stretch)),
            order: self.order,
            backwards: self.backwards,
        })
    }

    /// [`Search::parts`](crate::service::leads::Search), if those are looked for.
    fn parts(&self) -> Vec<String> {
        match self.near {
            None => self.search.parts(),
            Some(_) => Vec::new(),
        }
    }

    /// Gathers what bitmaps lead to: up to a lead of the sample, or of the whole order from where
    /// the stretch begins.
    pub(super) async fn gather(
        &self,
        conn: &mut Connection,
        stretch: Stretch<'_>,
        bitmaps: &Bitmaps,
        look: Option<&Look>,
    ) -> Result<Vec<LeadId>> {
        let mut asked = self.asked(bitmaps);
        let mut filter = vec![self.filter.unsearched(self.actor)?];
        let mut until = None;
        // Which indexes the fenced query could be asked of is left to PostgreSQL, which takes a
        // range of unknown ends for a small one.
        match bitmaps.until.zip(look) {
            Some((Until::Lead(rank), look)) => {
                asked.extend(self.range(stretch));
                until = Some(look.ids[rank]);
            }
            Some((Until::List(rank), look)) => {
                let (place, until) = (stretch.place, look.lists[rank]);
                let lists = self.order.lists(self.filter, self.backwards, place, until);
                asked.push(lists.condition);
                let status = self.filter.status_facet().filter(|_| !self.is_along_all());
                asked.extend(status.map(|status| status.condition));
                filter.push(self.rest(stretch));
            }
            None => filter.push(self.rest(stretch)),
        }
        let gather = Gather {
            query: leads::table.filter(every(asked)).into_boxed(),
            until,
            filter: every(filter),
            order: self.order,
            backwards: self.backwards,
            limit: stretch.limit as i64,
            offset: stretch.offset as i64,
        };
        let are_several = until.is_some() || bitmaps.span.is_some();
        let mut settings = Vec::new();
        settings.extend(are_several.then_some(RELY_ON_INDEXES));
        settings.extend(look.filter(|look| look.leads > MANY).map(|_| ROOM));
        if settings.is_empty() {
            return Ok(gather.load(conn).await?);
        }
        conn.transaction(async |conn| {
            conn.batch_execute(&settings.join("; ")).await?;
            Ok(gather.load(conn).await?)
        })
        .await
    }

    /// What is said of all the leads that bitmaps lead to, but where in the order they are.
    fn asked(&self, bitmaps: &Bitmaps) -> Vec<Condition> {
        let facets = self.facets().into_iter().enumerate();
        let facets = facets.filter(|(at, _)| bitmaps.facets.contains(at));
        let mut asked: Vec<Condition> = facets.map(|(_, facet)| facet.condition).collect();
        asked.extend(self.condition(bitmaps.search));
        asked.extend(
            bitmaps
                .span
                .and_then(|at| self.filter.spans().into_iter().nth(at)),
        );
        asked
    }

    /// What the filter says that the index of the search has, too.
    pub(super) fn facets(&self) -> Vec<Facet> {
        self.filter.facets(self.actor)
    }

    fn searched(&self, plan: Plan) -> Condition {
        self.condition(plan).unwrap_or_else(|| every(Vec::new()))
    }

    /// All leads in the order that the filter does not leave out at its ends; an agent's only,
    /// where an index has just those in this order.
    fn ordered(&self, stretch: Stretch<'_>, rows: usize) -> Ordered {
        let Stretch { segment, place, .. } = stretch;
        let statuses = self.order.statuses(self.filter);
        let field = self.order.field;
        let lists = match self.own_walk() {
            None if !statuses.is_empty() => {
                let one = |status| {
                    let all = self
                        .order
                        .seek_in_status(status, segment, self.backwards, place);
                    all.filter(every(self.filter.bounds_alone(field)))
                };
                statuses.into_iter().map(one).collect()
            }
            own => {
                let bounds = self.filter.bounds_alone(field);
                let all = leads::table.filter(every(bounds)).into_boxed();
                let all = own.into_iter().fold(all, QueryDsl::filter);
                vec![self.order.seek(all, segment, self.backwards, place)]
            }
        };
        Ordered {
            lists,
            rows,
            order: self.order,
            backwards: self.backwards,
        }
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
        self.filter.bounds(self.order)
    }
}
