use diesel::prelude::*;

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::leads::expression::{Condition, IndexCondition, LeadQuery, every};
use crate::service::leads::order::{Cursor, LeadOrder, NullsPart};
use crate::service::leads::search::gather::check_gather;
use crate::service::leads::search::index_conditions::{order_conditions, ranges};
use crate::service::leads::search::search_index::in_index;
use crate::service::leads::search::statements::{PageRow, PageStatement, Rows};
use crate::service::leads::search::{FuzzyTerms, InIndex};
use crate::service::leads::texts::named;
use crate::service::leads::{Columns, LeadFilter, ListedLead, MatchKind};
use crate::service::{Actor, Result};

/// The number of rows in the first ordered scan: most pages are found there. A longer scan follows if
/// they had a tenth of the page, or if no index finds few enough leads.
const FIRST: usize = 2_000;
const FURTHER: usize = 20_000;
const FURTHEST: usize = 100_000;
/// The maximum number of leads found by an index scan, of `lead_search` or of the leads.
const SEARCHED: usize = 12_000;
const RANGED: usize = 100_000;

/// Finds the leads of a page in the order of a list.
///
/// There are two kinds of steps. An ordered scan reads the first rows of the order and ends when the
/// page is full, which is fast if many rows match. An index scan reads all rows that an index finds and
/// sorts them, which is fast if they are few. Each step is one statement that answers the whole page, in
/// one snapshot, or nothing. There is no cost estimate: the steps are tried one after the other, each
/// with a limit on the rows that it reads, and the last one reads all rows.
#[derive(Clone, Copy)]
pub(crate) struct LeadSearch<'a> {
    pub actor: &'a Actor,
    pub filter: &'a LeadFilter,
    /// The corrected terms, if the results of typo correction are meant.
    pub fuzzy: Option<&'a FuzzyTerms>,
    pub order: LeadOrder,
    pub backwards: bool,
    pub columns: Columns,
}

/// The start position of a page, its direction, and its size.
#[derive(Clone, Copy)]
pub(crate) struct PageWindow<'a> {
    pub cursor: Option<&'a Cursor>,
    pub limit: usize,
    pub offset: usize,
}

/// A step of finding a page.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    /// An ordered scan of this many rows.
    OrderedScan(usize),
    /// The indexes of identifying values: ids, e-mail addresses, phone numbers, companies.
    NamedScan,
    /// The index of `lead_search`.
    SearchScan,
    /// The indexes of status, assignee, score and time of creation.
    RangeScan,
    /// All leads.
    Gather,
}

impl LeadSearch<'_> {
    /// The leads of a page.
    ///
    /// Errors: `SearchTooWide` if all leads would have to be read and there are too many.
    pub(crate) async fn page(
        &self,
        conn: &mut Connection,
        window: PageWindow<'_>,
    ) -> Result<Vec<ListedLead>> {
        let wanted = window.limit + window.offset;
        // The rows that a page jump skips are scanned, too.
        let least = (2 * wanted).next_power_of_two();
        let (mut scanned, mut had) = (0, wanted);
        for &step in self.steps() {
            if let Step::OrderedScan(rows) = step {
                let rows = rows.max(least);
                let is_hopeless = step == Step::OrderedScan(FURTHER) && had * 10 < wanted;
                if rows <= scanned || is_hopeless {
                    continue;
                }
                scanned = rows;
            }
            let Some(rows) = self.rows(step, scanned, window.cursor) else {
                continue;
            };
            if step == Step::Gather {
                check_gather(conn).await?;
            }
            let (found, is_whole) = self.read(conn, window, rows).await?;
            if is_whole || found.len() == window.limit {
                return Ok(found);
            }
            if let (Step::OrderedScan(_), found) = (step, found.len()) {
                had = if found == 0 { 0 } else { window.offset + found };
            }
        }
        Ok(Vec::new())
    }

    /// The steps in their order. Typo correction finds few leads: it begins with the index.
    fn steps(&self) -> &'static [Step] {
        match self.fuzzy {
            None => &[
                Step::NamedScan,
                Step::OrderedScan(FIRST),
                Step::OrderedScan(FURTHER),
                Step::SearchScan,
                Step::RangeScan,
                Step::OrderedScan(FURTHEST),
                Step::Gather,
            ],
            Some(_) => &[
                Step::NamedScan,
                Step::SearchScan,
                Step::RangeScan,
                Step::OrderedScan(FURTHEST),
                Step::Gather,
            ],
        }
    }

    /// The rows that a step reads; `None` if no index supports it.
    fn rows(&self, step: Step, scanned: usize, cursor: Option<&Cursor>) -> Option<Rows> {
        let ranged = |conditions: Vec<Condition>| {
            (!conditions.is_empty()).then(|| Rows::Ranged {
                condition: every(conditions),
                most: RANGED,
            })
        };
        match step {
            Step::OrderedScan(_) => Some(self.ordered(scanned, cursor)),
            Step::NamedScan => ranged(named(self.filter)),
            Step::SearchScan => self.in_index().map(|condition| Rows::Searched {
                condition,
                most: SEARCHED,
            }),
            Step::RangeScan => ranged(ranges(self.filter, self.actor)),
            Step::Gather => Some(Rows::All(self.in_index().map(InIndex))),
        }
    }

    /// The leads found in one step, and true if there are no more from the position on.
    async fn read(
        &self,
        conn: &mut Connection,
        window: PageWindow<'_>,
        rows: Rows,
    ) -> Result<(Vec<ListedLead>, bool)> {
        let statement = PageStatement {
            columns: self.columns,
            rest: self.rest(window.cursor, &rows)?,
            rows,
            order: self.order,
            backwards: self.backwards,
            limit: window.limit,
            offset: window.offset as i64,
        };
        let rows: Vec<PageRow> = statement.load(conn).await?;
        let (mut found, mut whole) = (Vec::with_capacity(rows.len()), false);
        for row in rows {
            match row {
                PageRow::Lead(mut lead) => {
                    lead.found = self.kind();
                    found.push(*lead);
                }
                PageRow::End { is_whole } => whole = is_whole,
            }
        }
        Ok((found, whole))
    }

    /// The number of all matching leads.
    pub(crate) async fn count(&self, conn: &mut Connection) -> Result<usize> {
        let mut all = vec![self.filter.unsearched(self.actor)?];
        all.extend(self.matches());
        let found = self.in_index();
        all.extend(found.map(|found| Box::new(InIndex(found)) as Condition));
        let all = leads::table.filter(every(all)).count();
        let count: i64 = all.get_result(conn).await?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The kind of match by which the leads are found.
    fn kind(&self) -> MatchKind {
        match self.fuzzy {
            None => MatchKind::Exact,
            Some(_) => MatchKind::FuzzyTerms,
        }
    }

    fn matches(&self) -> Option<Condition> {
        match self.fuzzy {
            None => self.filter.search.matches(),
            Some(fuzzy) => fuzzy.matches(),
        }
    }

    fn in_index(&self) -> Option<IndexCondition> {
        let search = match self.fuzzy {
            None => self.filter.search.in_index(),
            Some(fuzzy) => fuzzy.in_index(),
        };
        in_index(self.filter, self.actor, search)
    }

    /// The conditions on the leads and, unless the rows already imply it, on their position.
    fn rest(&self, cursor: Option<&Cursor>, rows: &Rows) -> Result<Condition> {
        let mut all = vec![self.filter.unsearched(self.actor)?];
        all.extend(self.matches());
        if let (Some(cursor), false) = (cursor, matches!(rows, Rows::Ordered { .. })) {
            all.push(self.behind(cursor));
        }
        Ok(every(all))
    }

    /// The first rows of the order from a position on, with the conditions that an index of the order has.
    fn ordered(&self, most: usize, cursor: Option<&Cursor>) -> Rows {
        let parts = self.order.nulls_parts(self.backwards).iter();
        let parts = parts.skip_while(|part| cursor.is_some_and(|cursor| cursor.part() != **part));
        let cursors = std::iter::once(cursor).chain(std::iter::repeat(None));
        let seek = |(&part, cursor): (&NullsPart, Option<&Cursor>)| -> LeadQuery<'static> {
            let own = every(order_conditions(self.filter, self.actor, self.order));
            let all = leads::table.filter(own).into_boxed();
            self.order.seek(all, part, self.backwards, cursor)
        };
        Rows::Ordered {
            parts: parts.zip(cursors).map(seek).collect(),
            most,
        }
    }

    /// The leads after a position: in its part of the order, and in the next part.
    fn behind(&self, cursor: &Cursor) -> Condition {
        let after = self.order.after(self.backwards, cursor);
        let here = self.order.only(cursor.part()).into_iter().chain([after]);
        let here = every(here.collect());
        let next = self.order.next(cursor.part(), self.backwards);
        match next.and_then(|next| self.order.only(next)) {
            Some(next) => Box::new(here.or(next)),
            None => here,
        }
    }
}
