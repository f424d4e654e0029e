//! The architecture: layers, sizes of files and functions, import cycles, names, comments, and the guide to
//! adding a field.

mod add_a_field;
mod comments;
mod coverage;
mod import_cycles;
mod layers;
mod names;
