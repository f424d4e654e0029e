use chrono::{DateTime, SubsecRound, Utc};

/// Now, in the microseconds that PostgreSQL keeps, so that what is answered is what is stored.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
