use chrono::{DateTime, Datelike, TimeDelta, Utc, Weekday};
use rand::RngExt;
use rand::rngs::StdRng;

/// A quarter of an hour of a working day behind the last contact: forgotten, today, or ahead.
pub(super) fn follow_up(
    today: DateTime<Utc>,
    contact: DateTime<Utc>,
    is_closed: bool,
    random: &mut StdRng,
) -> DateTime<Utc> {
    let days = match random.random_range(0..100) {
        _ if is_closed => random.random_range(30..90),
        0..40 => -random.random_range(1..=14),
        40..52 => 0,
        52..82 => random.random_range(1..=7),
        _ => random.random_range(8..=40),
    };
    let minutes = 8 * 60 + 15 * random.random_range(0..36);
    let at = |days| working_day(today, days) + TimeDelta::minutes(minutes);
    match at(days) {
        planned if planned > contact => planned,
        _ => at(random.random_range(1..=7)),
    }
}

/// The day so far from today, or instead of one of a weekend the next working day further away.
fn working_day(today: DateTime<Utc>, days: i64) -> DateTime<Utc> {
    let day = today + TimeDelta::days(days);
    let shift = match (day.weekday(), days.signum()) {
        (Weekday::Sat, 1) | (Weekday::Sun, -1) => 2,
        (Weekday::Sat, -1) | (Weekday::Sun, 1) => 1,
        _ => 0,
    };
    day + TimeDelta::days(shift * days.signum())
}
