//! The commands of the program, run as a user runs them.

mod help;
mod seed;
mod stopping;
