use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::telemetry::process;

/// Time between two rounds of sorting measured times into their buckets and reading process metrics.
const UPKEEP: Duration = Duration::from_secs(5);

/// The upper ends of the buckets of all times, in seconds.
const BUCKETS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Counters and measured times, for Prometheus.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts counting, once per process.
    pub(super) fn start() -> Result<Self, String> {
        let builder = PrometheusBuilder::new()
            .set_buckets(&BUCKETS)
            .map_err(|error| error.to_string())?;
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|error| error.to_string())?;
        describe();
        gauge!("crm_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
        process::measure();
        Ok(Self(handle))
    }

    /// All of it, in Prometheus' text format.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Keeps what is measured small until somebody asks for it, for ever.
    pub async fn keep(self) {
        loop {
            tokio::time::sleep(UPKEEP).await;
            self.0.run_upkeep();
            process::measure();
        }
    }
}

fn describe() {
    describe_counter!(
        "crm_requests_total",
        "Requests to /graphql, by root field and the code of the first error, OK without one"
    );
    describe_gauge!("crm_requests_in_flight", "Requests that are being answered");
    describe_histogram!(
        "crm_request_duration_seconds",
        Unit::Seconds,
        "From a request's last byte to its answer"
    );
    describe_histogram!(
        "crm_statement_duration_seconds",
        Unit::Seconds,
        "SQL statements, up to their first rows"
    );
    describe_counter!(
        "crm_rows_total",
        "Rows that the statements of requests returned or changed"
    );
    describe_counter!(
        "crm_database_errors_total",
        "What went wrong between the program and its database"
    );
    describe_gauge!("crm_pool_connections", "Open connections to the database");
    describe_gauge!(
        "crm_pool_max_connections",
        "The most connections there may be"
    );
    describe_gauge!(
        "crm_pool_waiting",
        "Requests that wait for a connection to the database"
    );
    describe_gauge!(
        "crm_statistics_lag_seconds",
        Unit::Seconds,
        "Since folding the statistics last moved on"
    );
    describe_gauge!(
        "crm_statistics_unfolded_changes",
        "Changes of leads that are not folded into the statistics yet"
    );
    describe_gauge!(
        "crm_oldest_transaction_seconds",
        Unit::Seconds,
        "The age of the oldest transaction in the database"
    );
    describe_gauge!("crm_build_info", "1, labelled with the program's version");
    process::describe();
}
