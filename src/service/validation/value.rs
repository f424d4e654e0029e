use chrono::{DateTime, Datelike, SubsecRound, TimeDelta, Timelike, Utc};

use crate::service::Json;

/// The form of a point in time.
const MOMENT: &str = "a moment as RFC 3339 writes it, like 2031-05-02T10:00:00Z";

const LARGEST_CUSTOM_FIELDS: usize = 16 * 1024;

/// A probability, 0.0–1.0.
pub(crate) fn probability(value: f64) -> Result<f64, String> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(format!("must lie between 0.0 and 1.0, is {value}"))
    }
}

/// A score, 0–100.
pub(crate) fn score(value: i32) -> Result<i32, String> {
    if (0..=100).contains(&value) {
        Ok(value)
    } else {
        Err(format!("must lie between 0 and 100, is {value}"))
    }
}

/// A point in time between the years 1900 and 2199, to the microsecond.
pub(crate) fn stored_date(value: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    if value.nanosecond() >= 1_000_000_000 {
        return Err(format!("must be {MOMENT}; no clock here shows second 60"));
    }
    if (1900..2200).contains(&value.year()) {
        Ok(value.trunc_subsecs(6))
    } else {
        Err("must lie between the years 1900 and 2199".to_owned())
    }
}

/// A [`stored_date`] that has been, give or take five minutes of a client's clock.
pub(crate) fn past_date(value: DateTime<Utc>, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    if value > now + TimeDelta::minutes(5) {
        return Err("must not lie in the future".to_owned());
    }
    stored_date(value)
}

/// A JSON object of at most 16 KiB, as the database writes it: without NUL characters, and with
/// numbers that are kept to their last digit.
pub(crate) fn custom_fields(value: &Json) -> Result<Json, String> {
    if !value.is_object() {
        return Err("must be a JSON object".to_owned());
    }
    let value = value.canonical()?;
    let size = value.as_str().len();
    if size > LARGEST_CUSTOM_FIELDS {
        return Err(format!(
            "must have at most {LARGEST_CUSTOM_FIELDS} bytes as JSON, has {size}"
        ));
    }
    Ok(value)
}
