//! The commands of the program, run as a user runs them.

mod seed;
mod stopping;
