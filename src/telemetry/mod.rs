//! Telemetry: log lines on standard error, metrics, traces.

mod metrics;
mod process;
mod traces;

pub use metrics::Metrics;

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Config, LogFormat};

/// Time limit of sending the last traces: the stop of the program waits for them.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The telemetry that was started, to be read and to be stopped.
pub struct Telemetry {
    /// Counters and measured times.
    pub metrics: Metrics,
    traces: Option<SdkTracerProvider>,
}

/// Starts logging, measuring and, where there is a collector, tracing; once per process, inside the
/// runtime. Errors: a setting that cannot be used.
pub fn start(config: &Config) -> Result<Telemetry, String> {
    let traces = config.otlp_endpoint.as_deref().map(traces::start);
    let traces = traces.transpose()?;
    let mut layers = vec![log_lines(&config.log, config.log_format)?];
    layers.extend(traces.as_ref().map(traces::layer));
    tracing_subscriber::registry().with(layers).init();
    let metrics = Metrics::start()?;
    Ok(Telemetry { metrics, traces })
}

impl Telemetry {
    /// Sends what has not been sent yet. Waits, but not for long: not to be called by a task.
    pub fn stop(self) {
        let stopped = self
            .traces
            .map(|traces| traces.shutdown_with_timeout(LAST_WORDS));
        if let Some(Err(error)) = stopped {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

fn log_lines(
    filter: &str,
    format: LogFormat,
) -> Result<Box<dyn Layer<Registry> + Send + Sync>, String> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| format!("CRM_LOG={filter} cannot be read: {error}"))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    Ok(match format {
        LogFormat::Text => lines.with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
    })
}
