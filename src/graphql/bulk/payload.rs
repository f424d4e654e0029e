use async_graphql::{Context, Object};

use crate::graphql::bulk::result::BulkRowResult;
use crate::graphql::error::answer;
use crate::graphql::execute::sync_object::{RawList, RawObject};
use crate::service;
use crate::service::leads::bulk::BulkResult;

/// A bulk change that was made, and whether its rows can be outcome of.
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
            /// How many rows there were.
            async fn total(&self) -> usize {
                self.result.total
            }

            /// How many were changed; of a dry run, how many would be.
            async fn succeeded(&self) -> usize {
                self.result.succeeded
            }

            /// How many were not.
            async fn failed(&self) -> usize {
                self.result.failed
            }

            /// Whether nothing was changed because it was a dry run.
            async fn dry_run(&self) -> bool {
                self.result.dry_run
            }

            /// Every row; of a dry run every one that would fail and the first 20 others. In the cost
            /// each row counts, with what is selected of it; eight of its own fields count as one. That
            /// is asked before anything is written (COST_LIMIT_EXCEEDED on the change itself); where a
            /// repeated key selects more than the first time, this alone is null.
            async fn results(&self, ctx: &Context<'_>) -> Option<RawList<'_, BulkRowResult>> {
                let rows = answer(ctx, self.rows.as_ref())?;
                Some(RawList(rows.iter().collect()))
            }
        }
    )*};
}

bulk_payloads! {
    /// What became of every lead to create: `succeeded + failed = total`, always.
    CreateLeadsPayload,
    /// What became of every lead to move to a status: `succeeded + failed = total`, always.
    BulkUpdateStatusPayload,
    /// What became of every lead to hand over: `succeeded + failed = total`, always.
    AssignLeadsPayload,
    /// What became of every lead to tag: `succeeded + failed = total`, always.
    BulkTagPayload,
    /// What became of every lead to put away: `succeeded + failed = total`, always.
    BulkArchivePayload,
    /// What became of every lead to take out of the archive: `succeeded + failed = total`, always.
    BulkRestorePayload,
}
