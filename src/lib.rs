//! The lead-management back end.

pub mod db;
