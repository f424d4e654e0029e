//! What the program says about itself: log, metrics, traces.

mod log;
mod metrics;
mod monitor;
mod traces;
