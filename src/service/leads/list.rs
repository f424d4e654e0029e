use crate::db::{Connection, RequestDb};
use crate::service::leads::limits::check_filter;
use crate::service::leads::order::Cursor;
use crate::service::leads::search::{FuzzyTerms, LeadSearch, PageWindow, owners};
use crate::service::leads::{Columns, LeadFilter, LeadOrder, ListedLead, MatchKind};
use crate::service::page::{Page, PageResult, Start};
use crate::service::{Actor, Result, ServiceError};

/// A page of the leads that match the filter and that the actor may see. In a search, exact matches are
/// followed by the results of typo correction. The leads have these columns and the one of the order.
///
/// A page is consistent: read by one statement or, if it can have both kinds of matches, in one snapshot.
///
/// Errors: `InvalidData` for an invalid filter and for a cursor of another order, and `SearchTooWide`.
#[tracing::instrument(name = "leads::list", level = "debug", skip_all)]
pub async fn list(
    db: &RequestDb,
    actor: &Actor,
    filter: &LeadFilter,
    order: LeadOrder,
    page: &Page<Cursor>,
    columns: Columns,
) -> Result<PageResult<ListedLead>> {
    check_filter(filter)?;
    let (cursor, backwards, offset) = start(filter, order, page)?;
    let columns = columns.and(order.column());
    let reading = Reading {
        search: LeadSearch {
            actor,
            filter,
            fuzzy: None,
            order,
            backwards,
            columns,
        },
        window: PageWindow {
            cursor,
            limit: page.size + 1,
            offset,
        },
    };
    let mut conn = db.connection().await?;
    let rows = if owners(filter, actor).is_none() {
        Vec::new()
    } else if filter.search.may_be_mistyped() {
        conn.snapshot(async |conn| reading.both_kinds(conn).await)
            .await?
    } else {
        reading.search.page(&mut conn, reading.window).await?
    };
    Ok(PageResult::of(page, rows))
}

/// The start position of a page, its direction, and the number of rows to skip. Errors: `InvalidData`
/// for a cursor of another list.
fn start<'a>(
    filter: &LeadFilter,
    order: LeadOrder,
    page: &'a Page<Cursor>,
) -> Result<(Option<&'a Cursor>, bool, usize)> {
    let (cursor, backwards, offset) = match &page.start {
        Start::Offset(offset) => (None, false, *offset),
        Start::After(cursor) => (Some(cursor), false, 0),
        Start::Before(cursor) => (cursor.as_ref(), true, 0),
    };
    let argument = if backwards { "before" } else { "after" };
    if cursor.is_some_and(|cursor| !order.accepts(&cursor.key)) {
        let fault = "is a cursor of another order";
        return Err(ServiceError::invalid(argument, fault));
    }
    if cursor.is_some_and(|cursor| cursor.is_near && !filter.search.may_be_mistyped()) {
        let fault = "is a cursor of another search";
        return Err(ServiceError::invalid(argument, fault));
    }
    Ok((cursor, backwards, offset))
}

struct Reading<'a> {
    search: LeadSearch<'a>,
    window: PageWindow<'a>,
}

impl Reading<'_> {
    /// The exact matches followed by the results of typo correction.
    async fn both_kinds(&self, conn: &mut Connection) -> Result<Vec<ListedLead>> {
        let is_near = self.window.cursor.map(|cursor| cursor.is_near);
        let kinds = match (self.search.backwards, is_near) {
            (false, Some(true)) => &[MatchKind::FuzzyTerms][..],
            (false, _) => &[MatchKind::Exact, MatchKind::FuzzyTerms],
            (true, Some(false)) => &[MatchKind::Exact],
            (true, _) => &[MatchKind::FuzzyTerms, MatchKind::Exact],
        };
        let mut window = self.window;
        let mut rows = Vec::new();
        for (at, kind) in kinds.iter().enumerate() {
            if window.limit == 0 {
                break;
            }
            let fuzzy = match kind {
                MatchKind::Exact => None,
                MatchKind::FuzzyTerms => {
                    Some(FuzzyTerms::look_up(conn, &self.search.filter.search).await?)
                }
            };
            let search = LeadSearch {
                fuzzy: fuzzy.as_ref(),
                ..self.search
            };
            let found = search.page(conn, window).await?;
            let is_last = at + 1 == kinds.len();
            window = PageWindow {
                cursor: None,
                limit: window.limit - found.len(),
                offset: match window.offset {
                    0 => 0,
                    _ if is_last || !found.is_empty() => 0,
                    // The page begins after the exact matches: skip the rest of the offset.
                    offset => offset.saturating_sub(search.count(conn).await?),
                },
            };
            rows.extend(found);
        }
        Ok(rows)
    }
}
