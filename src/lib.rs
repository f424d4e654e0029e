//! The lead-management back end.
