//! The commands of the program, run as a user runs them.

mod demo;
mod help;
mod https;
mod links;
mod profiles;
mod stopping;
