//! Integration tests, one binary: a file per subject, and what they share in `support`.

mod connect;
mod embedded;
mod migrate;
mod pipeline;
mod pool;
mod recovery;
mod refusals;
mod restart;
mod seed;
mod support;
