//! Telemetry of the program: log, metrics, traces.

mod log;
mod metrics;
mod monitor;
mod traces;
