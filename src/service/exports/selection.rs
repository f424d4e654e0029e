use serde::{Deserialize, Serialize};

use crate::service::exports::ExportColumn;
use crate::service::leads::{LeadFilter, LeadOrder};

/// The leads of an export, in their order, and what is written of each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct ExportSelection {
    pub filter: LeadFilter,
    pub order: LeadOrder,
    pub columns: Vec<ExportColumn>,
    pub format: ExportFormat,
    /// The notes of each lead, too.
    pub notes: bool,
}

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportFormat {
    /// Comma-separated values with a line of names (RFC 4180), UTF-8.
    Csv,
    /// A JSON object a line.
    Ndjson,
}
