//! README.md and docs/ say nothing that is not so: their operations and commands run, their tables are
//! the program's own, their links lead somewhere.

mod backup;
mod commands;
mod edge;
mod graphiql;
mod links;
mod operations;
mod page;
mod pages;
mod tables;
