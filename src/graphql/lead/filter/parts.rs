use async_graphql::{InputObject, MaybeUndefined};
use chrono::{DateTime, Utc};

use crate::graphql::lead::filter::reader::{Readable, Reader};
use crate::service::leads;

/// A stretch of time; at least one of the two is given.
#[derive(InputObject, Clone)]
pub struct DateRange {
    /// The first moment that belongs to it.
    from: MaybeUndefined<DateTime<Utc>>,
    /// The first moment that no longer does.
    to: MaybeUndefined<DateTime<Utc>>,
}

/// Conditions on a moment that a lead can be without; at least one is given.
#[derive(InputObject, Clone)]
pub struct DateFilter {
    /// It is this one or later.
    from: MaybeUndefined<DateTime<Utc>>,
    /// It is before this one.
    to: MaybeUndefined<DateTime<Utc>>,
    /// `true`: there is one; `false`: there is none.
    is_set: MaybeUndefined<bool>,
}

/// A range of whole numbers; both ends belong to it, and at least one of them is given.
#[derive(InputObject, Clone)]
pub struct IntRange {
    /// The smallest.
    min: MaybeUndefined<i32>,
    /// The largest.
    max: MaybeUndefined<i32>,
}

/// A range of numbers; both ends belong to it, and at least one of them is given.
#[derive(InputObject, Clone)]
pub struct FloatRange {
    /// The smallest.
    min: MaybeUndefined<f64>,
    /// The largest.
    max: MaybeUndefined<f64>,
}

/// Conditions on tags, at least one; case does not matter.
#[derive(InputObject, Clone)]
pub struct TagFilter {
    /// Has every one of these.
    all: MaybeUndefined<Vec<String>>,
    /// Has at least one of these.
    any: MaybeUndefined<Vec<String>>,
    /// Has none of these.
    none: MaybeUndefined<Vec<String>>,
}

/// Conditions on a text that a lead can be without; at least one is given.
#[derive(InputObject, Clone)]
pub struct TextFilter {
    /// Is this.
    equals: MaybeUndefined<String>,
    /// Is one of these; at most 500.
    #[graphql(name = "in")]
    one_of: MaybeUndefined<Vec<String>>,
    /// Begins with this, which must not be blank.
    starts_with: MaybeUndefined<String>,
    /// `true`: there is one; `false`: there is none.
    is_set: MaybeUndefined<bool>,
}

impl Readable for DateRange {
    type Read = leads::RangeFilter<DateTime<Utc>>;

    fn read(self, reader: &mut Reader<'_>) -> Self::Read {
        leads::RangeFilter {
            from: reader.take("from", self.from),
            to: reader.take("to", self.to),
        }
    }
}

impl Readable for DateFilter {
    type Read = leads::DateMatch;

    fn read(self, reader: &mut Reader<'_>) -> Self::Read {
        leads::DateMatch {
            range: leads::RangeFilter {
                from: reader.take("from", self.from),
                to: reader.take("to", self.to),
            },
            is_set: reader.take("isSet", self.is_set),
        }
    }
}

impl Readable for IntRange {
    type Read = (Option<i32>, Option<i32>);

    fn read(self, reader: &mut Reader<'_>) -> Self::Read {
        (reader.take("min", self.min), reader.take("max", self.max))
    }
}

impl Readable for FloatRange {
    type Read = (Option<f64>, Option<f64>);

    fn read(self, reader: &mut Reader<'_>) -> Self::Read {
        (reader.take("min", self.min), reader.take("max", self.max))
    }
}

impl Readable for TagFilter {
    type Read = (
        Option<Vec<String>>,
        Option<Vec<String>>,
        Option<Vec<String>>,
    );

    fn read(self, reader: &mut Reader<'_>) -> Self::Read {
        let all = reader.some("all", self.all);
        let any = reader.take("any", self.any);
        (all, any, reader.some("none", self.none))
    }
}

impl Readable for TextFilter {
    type Read = leads::TextMatch;

    fn read(self, reader: &mut Reader<'_>) -> Self::Read {
        let starts_with = reader.take("startsWith", self.starts_with);
        let starts_with = starts_with.filter(|start| {
            let is_blank = start.trim().is_empty();
            if is_blank {
                reader.says_nothing("startsWith");
            }
            !is_blank
        });
        leads::TextMatch {
            equals: reader.take("equals", self.equals),
            one_of: reader.take("in", self.one_of),
            starts_with,
            is_set: reader.take("isSet", self.is_set),
        }
    }
}
