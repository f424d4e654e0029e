use crate::service::statistics::series::SeriesKey;

/// The requested figures; the rest of a [`crate::service::statistics::Statistics`] is not computed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestedStatistics {
    /// The sums over all leads: everything in [`crate::service::statistics::Totals`] but the next two.
    pub sums: bool,
    /// The sums per assignee.
    pub by_agent: bool,
    /// The number of overdue follow-ups.
    pub overdue: bool,
    /// The requested series.
    pub series: Vec<SeriesKey>,
}

impl RequestedStatistics {
    /// All of [`crate::service::statistics::Totals`], and no series.
    pub fn totals() -> Self {
        Self {
            sums: true,
            by_agent: true,
            overdue: true,
            series: Vec::new(),
        }
    }
}
