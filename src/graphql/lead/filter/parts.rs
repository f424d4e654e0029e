use async_graphql::{InputObject, MaybeUndefined};
use chrono::{DateTime, Utc};

use crate::graphql::lead::filter::reader::{Readable, Reader};
use crate::service::leads;

/// A period; at least one of its ends is given.
#[derive(InputObject, Clone)]
pub struct DateRange {
    /// The beginning of the period, inclusive.
    from: MaybeUndefined<DateTime<Utc>>,
    /// The end of the period, exclusive.
    to: MaybeUndefined<DateTime<Utc>>,
}

/// Conditions on an optional time of a lead; at least one is given.
#[derive(InputObject, Clone)]
pub struct DateFilter {
    /// The beginning of the period, inclusive.
    from: MaybeUndefined<DateTime<Utc>>,
    /// The end of the period, exclusive.
    to: MaybeUndefined<DateTime<Utc>>,
    /// `true`: the lead has a value; `false`: it has none.
    is_set: MaybeUndefined<bool>,
}

/// A range of whole numbers, both ends inclusive; at least one of them is given.
#[derive(InputObject, Clone)]
pub struct IntRange {
    /// The smallest value.
    min: MaybeUndefined<i32>,
    /// The largest value.
    max: MaybeUndefined<i32>,
}

/// A range of numbers, both ends inclusive; at least one of them is given.
#[derive(InputObject, Clone)]
pub struct FloatRange {
    /// The smallest value.
    min: MaybeUndefined<f64>,
    /// The largest value.
    max: MaybeUndefined<f64>,
}

/// Conditions on tags, at least one; case does not matter.
#[derive(InputObject, Clone)]
pub struct TagFilter {
    /// The lead has all of these tags.
    all: MaybeUndefined<Vec<String>>,
    /// The lead has at least one of these tags.
    any: MaybeUndefined<Vec<String>>,
    /// The lead has none of these tags.
    none: MaybeUndefined<Vec<String>>,
}

/// Conditions on an optional text of a lead; at least one is given.
#[derive(InputObject, Clone)]
pub struct TextFilter {
    /// The value equals this text.
    equals: MaybeUndefined<String>,
    /// The value is one of these texts; at most 500.
    #[graphql(name = "in")]
    one_of: MaybeUndefined<Vec<String>>,
    /// The value begins with this text, which must not be blank.
    starts_with: MaybeUndefined<String>,
    /// `true`: the lead has a value; `false`: it has none.
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
