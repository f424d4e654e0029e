//! Integration tests, one binary: a file per subject, and what they share in `support`.

mod embedded;
mod pool;
mod restart;
mod support;
