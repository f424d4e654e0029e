use async_graphql::{Context, Enum, InputObject};

use crate::graphql::attempt;
use crate::graphql::bulk::selection::{Assignee, LeadSelection};
use crate::graphql::context::{most_rows, settings};
use crate::graphql::lead::{LeadStatus, NewLeadInput};
use crate::service::leads::Archived;
use crate::service::leads::bulk::{self, Bulk};
use crate::service::validation::FieldErrors;

/// The handling of valid rows when other rows fail.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "bulk::BulkMode")]
pub enum BulkMode {
    /// Valid rows are changed.
    Partial,
    /// Nothing is changed: valid rows fail with NOT_APPLIED.
    AllOrNothing,
}

/// Leads to create in one request.
#[derive(InputObject)]
pub struct CreateLeadsInput {
    /// The leads, at most 1,000.
    pub(super) leads: Vec<NewLeadInput>,
    /// The handling of valid rows when other rows fail.
    #[graphql(default_with = "BulkMode::Partial")]
    pub(super) mode: BulkMode,
    /// Dry run: reports what would happen; nothing is created.
    #[graphql(default)]
    pub(super) dry_run: bool,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, with the objects as they are now.
    pub(super) idempotency_key: Option<String>,
}

/// Declares the input of a bulk change: the selection, the mode, and the fields of this change.
/// Begins with the leads that are selected where the selection does not mention the archive.
macro_rules! bulk_input {
    ($archived:expr, $(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// The selection of leads.
            leads: LeadSelection,
            $($(#[$field_doc])* pub(super) $field: $type,)*
            /// The handling of valid rows when other rows fail.
            #[graphql(default_with = "BulkMode::Partial")]
            mode: BulkMode,
            /// Dry run: reports what would happen; nothing is changed.
            #[graphql(default)]
            dry_run: bool,
            /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
            /// second effect and returns what was done, with the objects as they are now.
            pub(super) idempotency_key: Option<String>,
        }

        impl $name {
            /// The selection of leads and the mode of the change.
            pub(super) fn bulk(&self, ctx: &Context<'_>, faults: &mut FieldErrors) -> Bulk {
                Bulk {
                    selection: attempt::part(self.leads.parse($archived), faults),
                    mode: self.mode.into(),
                    dry_run: self.dry_run,
                    limit: settings(ctx).bulk_limit,
                    most_rows: most_rows(ctx),
                }
            }
        }
    };
}

bulk_input! {
    None,
    /// Leads to move to one status.
    BulkUpdateStatusInput {
        /// The new status.
        status: LeadStatus,
    }
}

bulk_input! {
    None,
    /// Leads to assign.
    AssignLeadsInput {
        /// The new assignee.
        to: Assignee,
    }
}

bulk_input! {
    None,
    /// Leads to tag.
    BulkTagInput {
        /// Tags to add.
        #[graphql(default)]
        add: Vec<String>,
        /// Tags to remove.
        #[graphql(default)]
        remove: Vec<String>,
    }
}

bulk_input! {
    None,
    /// Leads to archive.
    BulkArchiveInput {}
}

bulk_input! {
    Some(Archived::Only),
    /// Archived leads to restore. Without `archived` in the filter, archived leads are selected.
    BulkRestoreInput {}
}
