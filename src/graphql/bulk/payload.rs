use async_graphql::{Context, Object};

use crate::graphql::bulk::result::BulkRowResult;
use crate::graphql::error::answer;
use crate::graphql::execute::sync_object::{RawList, RawObject};
use crate::service;
use crate::service::leads::bulk::BulkResult;

/// A bulk change that was made, and the error if its rows cost too much to return.
pub struct BulkOutcome {
    pub(super) result: BulkResult,
    /// Errors: `TooManyRows`.
    pub(super) rows: service::Result<()>,
}

/// Declares the payload of a change of many leads. Each change has its own, so that one can gain a
/// field without the others.
macro_rules! bulk_payloads {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        pub struct $name {
            result: BulkResult,
            rows: service::Result<Vec<RawObject<BulkRowResult>>>,
        }

        impl From<BulkOutcome> for $name {
            fn from(outcome: BulkOutcome) -> Self {
                let mut result = outcome.result;
                let rows = std::mem::take(&mut result.rows).into_iter();
                let rows = outcome.rows.map(|()| rows.map(|row| RawObject(BulkRowResult(row))).collect());
                Self { result, rows }
            }
        }

        $(#[$doc])*
        #[Object]
        impl $name {
            /// The number of rows.
            async fn total(&self) -> usize {
                self.result.total
            }

            /// The number of rows changed; in a dry run, of those that would be.
            async fn succeeded(&self) -> usize {
                self.result.succeeded
            }

            /// The number of rows that failed.
            async fn failed(&self) -> usize {
                self.result.failed
            }

            /// True if it was a dry run, which changes nothing.
            async fn dry_run(&self) -> bool {
                self.result.dry_run
            }

            /// Every row; in a dry run every row that would fail and the first 20 others. Each row adds
            /// its selected fields to the cost; eight of its own fields count as one. The cost is checked
            /// before anything is written (COST_LIMIT_EXCEEDED on the change itself); if a repeated key
            /// selects more than the first time, only this field is null.
            async fn results(&self, ctx: &Context<'_>) -> Option<RawList<'_, BulkRowResult>> {
                let rows = answer(ctx, self.rows.as_ref())?;
                Some(RawList(rows.iter().collect()))
            }
        }
    )*};
}

bulk_payloads! {
    /// The outcome for each lead to create: `succeeded + failed = total`, always.
    CreateLeadsPayload,
    /// The outcome for each lead to move to a status: `succeeded + failed = total`, always.
    BulkUpdateStatusPayload,
    /// The outcome for each lead to assign: `succeeded + failed = total`, always.
    AssignLeadsPayload,
    /// The outcome for each lead to tag: `succeeded + failed = total`, always.
    BulkTagPayload,
    /// The outcome for each lead to archive: `succeeded + failed = total`, always.
    BulkArchivePayload,
    /// The outcome for each lead to restore: `succeeded + failed = total`, always.
    BulkRestorePayload,
}
