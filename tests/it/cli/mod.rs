//! The commands of the program, run as a user runs them.

mod backup;
mod demo;
mod help;
mod https;
mod links;
mod output;
mod profiles;
mod stopping;
