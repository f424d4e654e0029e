use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::service::Json;

/// A value of an export.
pub(super) enum Cell<'a> {
    /// There is none.
    Nothing,
    /// A text that somebody wrote, or a name.
    Text(Cow<'a, str>),
    /// Several of them.
    Texts(&'a [String]),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Time(DateTime<Utc>),
    Json(&'a Json),
}

/// A time as RFC 3339 in UTC, to the microsecond.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
