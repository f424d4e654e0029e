//! The commands of the program, run as a user runs them.

mod help;
mod profiles;
mod seed;
mod stopping;
