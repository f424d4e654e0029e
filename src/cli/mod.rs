//! The program's commands, one file or folder each.

pub mod seed;
