//! Exports, as the client sees them.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::graphql::attempt::Attempt;
use crate::graphql::context::{change, settings};
use crate::graphql::error::answer;
use crate::graphql::lead::{LeadFilter, LeadOrder, lead_filter_at};
use crate::service::exports::{self, CreateExport, ExportSelection};
use crate::service::validation::FieldErrors;
use crate::service::{Result, leads};

/// The format of an export.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "exports::ExportFormat")]
pub enum ExportFormat {
    /// Comma-separated values with a line of names (RFC 4180), in UTF-8. A text that a spreadsheet would run
    /// as a formula begins with an apostrophe. Tags are separated by semicolons, times are RFC 3339.
    Csv,
    /// A JSON object a line.
    Ndjson,
}

/// A column of an export. Its name in the file is that of the field of `Lead`.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "exports::ExportColumn")]
pub enum ExportColumn {
    /// `id`.
    Id,
    /// `firstName`.
    FirstName,
    /// `lastName`.
    LastName,
    /// `fullName`.
    FullName,
    /// `email`.
    Email,
    /// `phone`.
    Phone,
    /// `company`.
    Company,
    /// `jobTitle`.
    JobTitle,
    /// `source`.
    Source,
    /// `status`.
    Status,
    /// `assignedTo`: the e-mail address of the assignee.
    AssignedTo,
    /// `leadScore`.
    LeadScore,
    /// `isHotLead`.
    IsHotLead,
    /// `conversionProbability`.
    ConversionProbability,
    /// `lastContactDate`.
    LastContactDate,
    /// `nextFollowUp`.
    NextFollowUp,
    /// `callAttempts`.
    CallAttempts,
    /// `tags`.
    Tags,
    /// `customFields`, as JSON.
    CustomFields,
    /// `createdAt`.
    CreatedAt,
    /// `updatedAt`.
    UpdatedAt,
    /// `archivedAt`.
    ArchivedAt,
}

/// The leads to export, and what is written of each.
#[derive(InputObject)]
pub struct CreateExportInput {
    /// The filter, as in `leads`: archived leads are left out unless asked for.
    filter: Option<LeadFilter>,
    /// The search, as in `leads`, without the results of typo correction.
    search: Option<String>,
    /// The order; newest first by default.
    order_by: Option<LeadOrder>,
    /// The columns, each once, in the order of the file. Default: all of them.
    columns: Option<Vec<ExportColumn>>,
    /// The format.
    format: ExportFormat,
    /// True to add the notes of each lead as a last column `notes`: a JSON list of objects with `at`,
    /// `type`, `by` (the author's id) and `content`, the oldest first.
    #[graphql(default)]
    notes: bool,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, without the address.
    idempotency_key: Option<String>,
}

impl CreateExportInput {
    fn command(self) -> Result<CreateExport> {
        let mut faults = FieldErrors::default();
        let columns: Vec<exports::ExportColumn> = match self.columns {
            None => exports::ExportColumn::ALL.to_vec(),
            Some(columns) => columns.into_iter().map(Into::into).collect(),
        };
        let is_twice = |at: usize| columns[..at].contains(&columns[at]);
        if columns.is_empty() {
            faults.add(
                "input.columns",
                "must name a column, or be left out for all",
            );
        } else if (0..columns.len()).any(is_twice) {
            faults.add("input.columns", "must name each column once");
        }
        let order = self.order_by.map(leads::LeadOrder::from);
        Ok(CreateExport(ExportSelection {
            filter: lead_filter_at("input.", self.filter, self.search, faults)?,
            order: order.unwrap_or_default(),
            columns,
            format: self.format.into(),
            notes: self.notes,
        }))
    }
}

/// An export that can be downloaded.
#[derive(SimpleObject)]
pub struct CreateExportPayload {
    /// The address of the file: `GET` it, without a token, as often as wanted. It is shown only now and not
    /// stored: null in the answer to a repeated idempotency key.
    url: Option<String>,
    /// When it can no longer be downloaded: in an hour, and before that once the viewer's session or API key
    /// ends.
    expires_at: DateTime<Utc>,
}

#[derive(Default)]
pub struct ExportMutation;

#[Object]
impl ExportMutation {
    /// Makes an address at which the selected leads can be downloaded as one file, however many they are.
    /// Nothing is written before the download: the rows are those that the viewer may see at its beginning,
    /// all of one moment. A download that breaks off ends without the end of its transfer: try again. Errors:
    /// UNAUTHENTICATED, INVALID_DATA, IDEMPOTENCY_CONFLICT.
    async fn create_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The leads, and the file.")] input: CreateExportInput,
    ) -> Option<CreateExportPayload> {
        let key = input.idempotency_key.clone();
        let attempt = Attempt::from(input.command());
        let made = answer(ctx, change(ctx, key.as_deref(), attempt).await).flatten()?;
        let public_url = &settings(ctx).public_url;
        let url = made
            .token
            .map(|token| format!("{public_url}/exports/{}", token.reveal()));
        let expires_at = made.expires_at;
        Some(CreateExportPayload { url, expires_at })
    }
}
