use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::{Connection, Db, Limited};
use crate::service::leads::order::{LeadQuery, Place, Segment};
use crate::service::leads::{Columns, Lead, LeadFilter, LeadOrder};
use crate::service::page::{Page, Slice, Start};
use crate::service::{Actor, Result, ServiceError};

/// A lead as a list has it: with the columns that were asked for, and the names it is sorted by.
#[derive(Debug, Clone)]
pub struct ListedLead {
    /// The lead.
    pub lead: Lead,
    pub(crate) last_name_key: String,
    pub(crate) company_key: Option<String>,
}

/// A page of the leads that the filter lets through and the actor may see, with these columns and
/// the one it is ordered by.
///
/// Errors: `InvalidData` for a filter that cannot be and for a cursor of another order.
pub async fn list(
    db: &Db,
    actor: &Actor,
    filter: &LeadFilter,
    order: LeadOrder,
    page: &Page<Place>,
    columns: Columns,
) -> Result<Slice<ListedLead>> {
    let (place, backwards, offset) = match &page.start {
        Start::Offset(offset) => (None, false, *offset),
        Start::After(place) => (Some(place), false, 0),
        Start::Before(place) => (place.as_ref(), true, 0),
    };
    if place.is_some_and(|place| !order.accepts(&place.key)) {
        let argument = if backwards { "before" } else { "after" };
        return Err(ServiceError::invalid(
            argument,
            "is a cursor of another order",
        ));
    }
    let mut reading = Reading {
        filter,
        actor,
        order,
        columns: columns.and(order.column()),
        backwards,
        offset,
        rows: Vec::new(),
    };
    let mut conn = db.connection().await?;
    for (segment, place) in segments(order, backwards, place) {
        reading
            .read(&mut conn, segment, place, page.size + 1)
            .await?;
    }
    Ok(Slice::of(page, reading.rows))
}

/// The parts of the order that the page can touch, in reading order, with where to start in each.
fn segments(
    order: LeadOrder,
    backwards: bool,
    place: Option<&Place>,
) -> Vec<(Segment, Option<&Place>)> {
    if !order.has_nulls() {
        return vec![(Segment::Valued, place)];
    }
    let mut parts = vec![Segment::Valued, Segment::Null];
    if backwards {
        parts.reverse();
    }
    if let Some(place) = place {
        let start = if place.key == super::SortKey::Null {
            Segment::Null
        } else {
            Segment::Valued
        };
        parts.drain(..parts.iter().position(|&part| part == start).unwrap_or(0));
    }
    let places = std::iter::once(place).chain(std::iter::repeat(None));
    parts.into_iter().zip(places).collect()
}

struct Reading<'a> {
    filter: &'a LeadFilter,
    actor: &'a Actor,
    order: LeadOrder,
    columns: Columns,
    backwards: bool,
    offset: usize,
    rows: Vec<ListedLead>,
}

impl Reading<'_> {
    /// Reads on in one part of the order until `wanted` rows are there. The part is counted only
    /// if a page jump went over its end.
    async fn read(
        &mut self,
        conn: &mut Connection,
        segment: Segment,
        place: Option<&Place>,
        wanted: usize,
    ) -> Result<()> {
        let missing = wanted - self.rows.len();
        if missing == 0 {
            return Ok(());
        }
        let mut query = self.query(segment, place)?;
        if self.offset > 0 {
            query = query.offset(self.offset as i64);
        }
        let query = Limited::new(query.select(self.columns), missing);
        let rows: Vec<ListedLead> = query.load(conn).await?;
        if !rows.is_empty() {
            self.offset = 0;
        } else if self.offset > 0 && self.order.has_nulls() && segment == Segment::Valued {
            let only = self.order.only(self.filter.query(self.actor)?, segment);
            let skipped: i64 = only.count().get_result(conn).await?;
            self.offset -= usize::try_from(skipped).unwrap_or(0).min(self.offset);
        }
        self.rows.extend(rows);
        Ok(())
    }

    fn query(&self, segment: Segment, place: Option<&Place>) -> Result<LeadQuery<'static>> {
        let query = self.filter.query(self.actor)?;
        Ok(self.order.seek(query, segment, self.backwards, place))
    }
}
