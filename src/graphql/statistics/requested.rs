use async_graphql::{Context, Value};

use crate::service::statistics::{Bucket, RequestedStatistics, SeriesKey};

/// The figures that the query selects: only these are read, all in one snapshot.
pub(super) fn requested_statistics(ctx: &Context<'_>) -> RequestedStatistics {
    let asks = |field: &str| ctx.look_ahead().field(field).exists();
    let sums = [
        "totalLeads",
        "averageLeadScore",
        "hotLeadsCount",
        "conversionRate",
        "leadsByStatus",
        "leadsBySource",
    ];
    RequestedStatistics {
        sums: sums.into_iter().any(asks),
        by_agent: asks("leadsByAgent"),
        overdue: asks("overdueFollowUps"),
        series: series_asked_for(ctx),
    }
}

/// The series that the query selects. An unknown time zone is left out here; the field itself reports
/// the error.
fn series_asked_for(ctx: &Context<'_>) -> Vec<SeriesKey> {
    let mut keys: Vec<SeriesKey> = Vec::new();
    for field in ctx.look_ahead().field("createdOverTime").selection_fields() {
        let arguments = field.arguments().unwrap_or_default();
        let argument = |name: &str| arguments.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        let bucket = match argument("bucket") {
            Some(Value::Enum(name)) => name.as_str(),
            Some(Value::String(name)) => name,
            _ => "DAY",
        };
        let bucket = match bucket {
            "MONTH" => Bucket::Month,
            "WEEK" => Bucket::Week,
            _ => Bucket::Day,
        };
        let zone = match argument("timeZone") {
            Some(Value::String(zone)) => zone,
            _ => "UTC",
        };
        keys.extend(
            SeriesKey::new(bucket, zone)
                .ok()
                .filter(|key| !keys.contains(key)),
        );
    }
    keys
}
