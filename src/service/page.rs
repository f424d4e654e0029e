//! Pages of a list, by cursor or by number.

use crate::service::Result;
use crate::service::validation::FieldErrors;

/// The largest page, in rows.
pub const LARGEST: usize = 100;
/// The page size where none is asked for, in rows.
pub const DEFAULT: usize = 25;

/// Which page of a list. `P` is a position in the list's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<P> {
    /// The number of rows, 1–100.
    pub size: usize,
    /// From where.
    pub start: Start<P>,
}

/// The position where a page begins, or ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Start<P> {
    /// At the list's beginning plus a number of rows.
    Offset(usize),
    /// After a row.
    After(P),
    /// At the list's end, or so that a row is the next one after the page.
    Before(Option<P>),
}

impl<P> Page<P> {
    /// Makes a page of the API's arguments.
    ///
    /// Errors: `InvalidData`, naming the argument, for sizes outside 1–100, a negative offset, and
    /// arguments that contradict each other.
    pub fn from_arguments(
        first: Option<i32>,
        after: Option<P>,
        last: Option<i32>,
        before: Option<P>,
        offset: Option<i32>,
    ) -> Result<Self> {
        let is_backwards = last.is_some() || before.is_some();
        let mut faults = FieldErrors::default();
        if first.is_some() && last.is_some() {
            faults.add("last", "cannot be combined with first");
        } else if after.is_some() && before.is_some() {
            faults.add("before", "cannot be combined with after");
        } else if after.is_some() && last.is_some() {
            faults.add("after", "needs first, not last");
        } else if before.is_some() && first.is_some() {
            faults.add("before", "needs last, not first");
        } else if offset.is_some() && (after.is_some() || is_backwards) {
            faults.add("offset", "cannot be combined with cursors or last");
        }
        let offset = usize::try_from(offset.unwrap_or(0));
        let offset = faults.take(
            "offset",
            offset.map_err(|_| "must not be negative".to_owned()),
        );
        let first = faults.take("first", page_size(first));
        let last = faults.take("last", page_size(last));
        faults.finish()?;
        let size = if is_backwards { last } else { first };
        let start = match after {
            Some(cursor) => Start::After(cursor),
            None if is_backwards => Start::Before(before),
            None => Start::Offset(offset.unwrap_or_default()),
        };
        let size = size.unwrap_or(DEFAULT);
        Ok(Self { size, start })
    }
}

fn page_size(size: Option<i32>) -> Result<usize, String> {
    let Some(size) = size else {
        return Ok(DEFAULT);
    };
    match usize::try_from(size) {
        Ok(size) if (1..=LARGEST).contains(&size) => Ok(size),
        _ => Err(format!("must lie between 1 and {LARGEST}, is {size}")),
    }
}

/// A page of rows.
#[derive(Debug, Clone)]
pub struct PageResult<T> {
    /// The rows, in the list's order.
    pub rows: Vec<T>,
    /// True if rows come before them.
    pub has_previous: bool,
    /// True if rows come after them.
    pub has_next: bool,
}

impl<T> PageResult<T> {
    /// Of `rows` that were read for `page`, one more than its size if there are more, and from the
    /// end backwards if the page is read that way.
    pub fn of<P>(page: &Page<P>, mut rows: Vec<T>) -> Self {
        let has_more = rows.len() > page.size;
        rows.truncate(page.size);
        match &page.start {
            Start::Before(cursor) => {
                rows.reverse();
                Self {
                    rows,
                    has_previous: has_more,
                    has_next: cursor.is_some(),
                }
            }
            Start::After(_) => Self {
                rows,
                has_previous: true,
                has_next: has_more,
            },
            Start::Offset(offset) => Self {
                rows,
                has_previous: *offset > 0,
                has_next: has_more,
            },
        }
    }

    /// The same page of other things.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> PageResult<U> {
        let rows = self.rows.into_iter().map(change).collect();
        PageResult {
            rows,
            has_previous: self.has_previous,
            has_next: self.has_next,
        }
    }
}
