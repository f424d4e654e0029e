use diesel::prelude::*;

use crate::db::schema::leads;
use crate::db::{Connection, Db, Limited, RunQueryDsl};
use crate::service::leads::order::{LeadQuery, Place, Segment, SortKey};
use crate::service::leads::search::{Found, Hunt, Near, Plan, Search, Stretch, Tier};
use crate::service::leads::{Columns, Lead, LeadFilter, LeadOrder};
use crate::service::page::{Page, Slice, Start};
use crate::service::{Actor, LeadId, Result, ServiceError};

/// A lead as a list has it: with the columns that were asked for, the names it is sorted by, and how
/// it was found.
#[derive(Debug, Clone)]
pub struct ListedLead {
    /// The lead.
    pub lead: Lead,
    pub(crate) last_name_key: Option<String>,
    pub(crate) company_key: Option<String>,
    pub(crate) tier: Tier,
    pub(crate) users_revision: Option<i64>,
}

/// A page of the leads that the filter lets through and the actor may see. After those that have
/// what is searched for come those that would have it if names had not been mistyped. They have these
/// columns and the one that is ordered by.
///
/// Errors: `InvalidData` for a filter that cannot be and for a cursor of another order.
#[tracing::instrument(name = "leads::list", level = "debug", skip_all)]
pub async fn list(
    db: &Db,
    actor: &Actor,
    filter: &LeadFilter,
    order: LeadOrder,
    page: &Page<Place>,
    columns: Columns,
) -> Result<Slice<ListedLead>> {
    filter.check()?;
    let (place, backwards, offset) = start(filter, order, page)?;
    let columns = columns.and(order.column());
    let mut reading = Reading {
        filter,
        actor,
        order,
        columns: if db.premise().is_open() {
            columns.and_users_revision()
        } else {
            columns
        },
        backwards,
        offset,
        near: None,
        whole: None,
        rows: Vec::new(),
    };
    let mut conn = db.unconfirmed_connection().await?;
    let mut parts = parts(&filter.search, order, backwards, place);
    if filter.owners(actor).is_none() {
        parts.clear();
    }
    for (part, place) in parts {
        reading.read(&mut conn, part, place, page.size + 1).await?;
    }
    match reading.rows.as_slice().first() {
        Some(row) if db.premise().is_open() => db.premise().judge(row.users_revision)?,
        _ => db.premise().confirm(&mut conn).await?,
    }
    Ok(Slice::of(page, reading.rows))
}

/// The place that a page goes on from, whether it is read backwards, and how many rows it jumps over.
/// Errors: `InvalidData` for a cursor of another list.
fn start<'a>(
    filter: &LeadFilter,
    order: LeadOrder,
    page: &'a Page<Place>,
) -> Result<(Option<&'a Place>, bool, usize)> {
    let (place, backwards, offset) = match &page.start {
        Start::Offset(offset) => (None, false, *offset),
        Start::After(place) => (Some(place), false, 0),
        Start::Before(place) => (place.as_ref(), true, 0),
    };
    let argument = if backwards { "before" } else { "after" };
    if place.is_some_and(|place| !order.accepts(&place.key)) {
        let fault = "is a cursor of another order";
        return Err(ServiceError::invalid(argument, fault));
    }
    if place.is_some_and(|place| place.is_near && !filter.search.may_be_mistyped()) {
        let fault = "is a cursor of another search";
        return Err(ServiceError::invalid(argument, fault));
    }
    Ok((place, backwards, offset))
}

/// The parts of a list: how the leads are found comes before what they are ordered by.
type Part = (Tier, Segment);

/// The parts of the list that the page can touch, in reading order, with where to start in each.
fn parts<'a>(
    search: &Search,
    order: LeadOrder,
    backwards: bool,
    place: Option<&'a Place>,
) -> Vec<(Part, Option<&'a Place>)> {
    let tiers: &[Tier] = if search.may_be_mistyped() {
        &[Tier::Exact, Tier::Near]
    } else {
        &[Tier::Exact]
    };
    let both = |&tier| {
        let segments = order.segments(backwards).iter();
        segments.map(move |&segment| (tier, segment))
    };
    let mut tiers = tiers.to_vec();
    if backwards {
        tiers.reverse();
    }
    let mut parts: Vec<Part> = tiers.iter().flat_map(both).collect();
    if let Some(place) = place {
        let start = parts.iter().position(|&part| part == part_of(place));
        parts.drain(..start.unwrap_or(0));
    }
    let places = std::iter::once(place).chain(std::iter::repeat(None));
    parts.into_iter().zip(places).collect()
}

fn part_of(place: &Place) -> Part {
    let tier = if place.is_near {
        Tier::Near
    } else {
        Tier::Exact
    };
    let segment = if place.key == SortKey::Null {
        Segment::Null
    } else {
        Segment::Valued
    };
    (tier, segment)
}

struct Reading<'a> {
    filter: &'a LeadFilter,
    actor: &'a Actor,
    order: LeadOrder,
    columns: Columns,
    backwards: bool,
    offset: usize,
    /// The words that may have been meant, once they were looked up.
    near: Option<Option<Near>>,
    /// How leads are found that were all looked for.
    whole: Option<Tier>,
    rows: Vec<ListedLead>,
}

impl Reading<'_> {
    /// Reads on in one part of the list until `wanted` rows are there. The part is counted only if
    /// a page jump went over its end.
    async fn read(
        &mut self,
        conn: &mut Connection,
        part: Part,
        place: Option<&Place>,
        wanted: usize,
    ) -> Result<()> {
        let missing = wanted - self.rows.len();
        if missing == 0 || self.whole == Some(part.0) {
            return Ok(());
        }
        if part.0 == Tier::Near && self.near.is_none() {
            self.near = Some(Near::look_up(conn, &self.filter.search).await?);
        }
        if part.0 == Tier::Near && matches!(self.near, Some(None)) {
            return Ok(());
        }
        let stretch = Stretch {
            segment: part.1,
            place,
            limit: missing,
            offset: self.offset,
        };
        let hunt = self.hunt(part.0);
        let may_pay = !hunt.pays() && hunt.may_pay();
        if may_pay && let Some(rows) = hunt.peek(conn, stretch, self.columns).await? {
            return self.take(conn, part, rows).await;
        }
        let found = if may_pay || hunt.pays() {
            Some(hunt.find(conn, stretch).await?)
        } else {
            None
        };
        if found.as_ref().is_some_and(|found| found.is_whole) {
            self.whole = Some(part.0);
        }
        let query = match &found {
            None => self.query(part.1, place)?,
            Some(found) if found.ids.is_empty() => return self.skip(conn, part).await,
            Some(found) => self.these(found.ids.clone())?,
        };
        let query = Limited::new(query.select(self.columns), missing);
        let mut rows: Vec<ListedLead> = query.load(conn).await?;
        if let Some(Found { ids, .. }) = found {
            rows.sort_by_key(|row| ids.iter().position(|id| *id == row.lead.id));
        }
        rows.iter_mut().for_each(|row| row.tier = part.0);
        self.take(conn, part, rows).await
    }

    /// Takes what was read of a part. Of one that ends before the page starts, what it has is skipped.
    async fn take(
        &mut self,
        conn: &mut Connection,
        part: Part,
        rows: Vec<ListedLead>,
    ) -> Result<()> {
        if rows.is_empty() {
            return self.skip(conn, part).await;
        }
        self.offset = 0;
        self.rows.extend(rows);
        Ok(())
    }

    fn query(&self, segment: Segment, place: Option<&Place>) -> Result<LeadQuery<'static>> {
        let query = self.filter.query(self.actor)?;
        let query = self.order.seek(query, segment, self.backwards, place);
        if self.offset > 0 {
            return Ok(query.offset(self.offset as i64));
        }
        Ok(query)
    }

    fn hunt(&self, tier: Tier) -> Hunt<'_> {
        let near = self.near.as_ref().and_then(Option::as_ref);
        Hunt {
            actor: self.actor,
            filter: self.filter,
            search: &self.filter.search,
            near: near.filter(|_| tier == Tier::Near),
            order: self.order,
            backwards: self.backwards,
            is_rare: tier == Tier::Near && self.whole == Some(Tier::Exact),
        }
    }

    /// These leads as a query. Whether the actor may see them is asked again: they can
    /// have changed since they were found.
    fn these(&self, ids: Vec<LeadId>) -> Result<LeadQuery<'static>> {
        let query = leads::table.filter(self.filter.unsearched(self.actor)?);
        Ok(query.filter(leads::id.eq_any(ids)).into_boxed())
    }

    /// Takes a part that a page jump went over from what is still to be skipped.
    async fn skip(&mut self, conn: &mut Connection, (tier, segment): Part) -> Result<()> {
        let is_last_segment = self.order.next(segment, self.backwards).is_none();
        let is_whole = self.whole == Some(tier);
        let is_last = (is_last_segment || is_whole) && !(tier == Tier::Exact && self.may_go_on());
        if self.offset == 0 || is_last {
            return Ok(());
        }
        let mut query = leads::table
            .filter(self.filter.unsearched(self.actor)?)
            .into_boxed();
        if let Some(search) = self.hunt(tier).condition(Plan::Open) {
            query = query.filter(search);
        }
        if let Some(only) = self.order.only(segment)
            && (is_last_segment || !is_whole)
        {
            query = query.filter(only);
        }
        let skipped: i64 = query.count().get_result(conn).await?;
        self.offset -= usize::try_from(skipped).unwrap_or(0).min(self.offset);
        Ok(())
    }

    fn may_go_on(&self) -> bool {
        self.filter.search.may_be_mistyped()
    }
}
