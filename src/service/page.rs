//! Pages of a list, by cursor or by number.

use crate::service::{Result, ServiceError};

/// The largest page, in rows.
pub const LARGEST: usize = 100;
/// The page size where none is asked for, in rows.
pub const DEFAULT: usize = 25;

/// Which page of a list. `P` is a place in the list's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<P> {
    /// How many rows, 1–100.
    pub size: usize,
    /// From where.
    pub start: Start<P>,
}

/// Where a page begins, or ends.
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
        let invalid = |field: &str, message: &str| Err(ServiceError::invalid(field, message));
        if first.is_some() && last.is_some() {
            return invalid("last", "cannot be combined with first");
        }
        if after.is_some() && before.is_some() {
            return invalid("before", "cannot be combined with after");
        }
        if after.is_some() && last.is_some() {
            return invalid("after", "needs first, not last");
        }
        if before.is_some() && first.is_some() {
            return invalid("before", "needs last, not first");
        }
        let is_backwards = last.is_some() || before.is_some();
        if offset.is_some() && (after.is_some() || is_backwards) {
            return invalid("offset", "cannot be combined with cursors or last");
        }
        let Ok(offset) = usize::try_from(offset.unwrap_or(0)) else {
            return invalid("offset", "must not be negative");
        };
        let asked = if is_backwards {
            ("last", last)
        } else {
            ("first", first)
        };
        let size = page_size(asked)?;
        let start = match after {
            Some(place) => Start::After(place),
            None if is_backwards => Start::Before(before),
            None => Start::Offset(offset),
        };
        Ok(Self { size, start })
    }
}

fn page_size((argument, size): (&str, Option<i32>)) -> Result<usize> {
    let Some(size) = size else {
        return Ok(DEFAULT);
    };
    match usize::try_from(size) {
        Ok(size) if (1..=LARGEST).contains(&size) => Ok(size),
        _ => {
            let message = format!("must lie between 1 and {LARGEST}, is {size}");
            Err(ServiceError::invalid(argument, message))
        }
    }
}

/// A page of rows.
#[derive(Debug, Clone)]
pub struct Slice<T> {
    /// The rows, in the list's order.
    pub rows: Vec<T>,
    /// Whether rows come before them.
    pub has_previous: bool,
    /// Whether rows come after them.
    pub has_next: bool,
}

impl<T> Slice<T> {
    /// Of `rows` that were read for `page`, one more than its size if there are more, and from the
    /// end backwards if the page is read that way.
    pub fn of<P>(page: &Page<P>, mut rows: Vec<T>) -> Self {
        let has_more = rows.len() > page.size;
        rows.truncate(page.size);
        match &page.start {
            Start::Before(place) => {
                rows.reverse();
                Self {
                    rows,
                    has_previous: has_more,
                    has_next: place.is_some(),
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
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Slice<U> {
        let rows = self.rows.into_iter().map(change).collect();
        Slice {
            rows,
            has_previous: self.has_previous,
            has_next: self.has_next,
        }
    }
}
