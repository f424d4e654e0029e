use async_graphql::SimpleObject;

use crate::graphql::bulk::result::BulkRowResult;
use crate::service::leads::bulk::BulkResult;

/// Declares the payload of a change of many leads. Each change has its own, so that one can gain a
/// field without the others.
macro_rules! bulk_payloads {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// How many rows there were.
            total: usize,
            /// How many were changed; of a dry run, how many would be.
            succeeded: usize,
            /// How many were not.
            failed: usize,
            /// Whether nothing was changed because it was a dry run.
            dry_run: bool,
            /// Every row; of a dry run every one that would fail and the first 20 others.
            results: Vec<BulkRowResult>,
        }

        impl From<BulkResult> for $name {
            fn from(result: BulkResult) -> Self {
                Self {
                    total: result.total,
                    succeeded: result.succeeded,
                    failed: result.failed,
                    dry_run: result.dry_run,
                    results: result.rows.into_iter().map(BulkRowResult).collect(),
                }
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
