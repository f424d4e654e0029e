//! The parts of a filter on leads, and how they are read.

mod parts;
mod reader;

pub use parts::{DateFilter, DateRange, FloatRange, IntRange, TagFilter, TextFilter};
pub(super) use reader::{Readable, Reader};
