//! The README says nothing that is not so: its operations run, its tables are the program's own.

mod commands;
mod document;
mod edge;
mod operations;
mod tables;
