use async_graphql::{Context, Enum, InputObject};

use crate::graphql::attempt;
use crate::graphql::bulk::selection::{Assignee, LeadSelection};
use crate::graphql::context::{most_rows, settings};
use crate::graphql::lead::{LeadStatus, NewLeadInput};
use crate::service::leads::Archived;
use crate::service::leads::bulk::{self, Bulk};
use crate::service::validation::FieldErrors;

/// What becomes of the rows that could be changed when others cannot.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "bulk::BulkMode")]
pub enum BulkMode {
    /// They are changed.
    Partial,
    /// Nothing is changed: the others fail with NOT_APPLIED.
    AllOrNothing,
}

/// Leads to create in one go.
#[derive(InputObject)]
pub struct CreateLeadsInput {
    /// The leads, at most 1,000.
    pub(super) leads: Vec<NewLeadInput>,
    /// What becomes of the good rows when others fail.
    #[graphql(default_with = "BulkMode::Partial")]
    pub(super) mode: BulkMode,
    /// Only says what would happen; nothing is created.
    #[graphql(default)]
    pub(super) dry_run: bool,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it has no second effect and answers what was done, with the objects as they are now.
    pub(super) idempotency_key: Option<String>,
}

/// Declares the input of a bulk change: the selection and how to go about it, and what is its own.
/// Begins with which leads are meant where the selection says nothing of the archive.
macro_rules! bulk_input {
    ($archived:expr, $(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// Which leads.
            leads: LeadSelection,
            $($(#[$field_doc])* pub(super) $field: $type,)*
            /// What becomes of the good rows when others fail.
            #[graphql(default_with = "BulkMode::Partial")]
            mode: BulkMode,
            /// Only says what would happen; nothing is changed.
            #[graphql(default)]
            dry_run: bool,
            /// A name for this change, made up by the client, 1–200 characters: sent again within 24
            /// hours it has no second effect and answers what was done, with the objects as they are now.
            pub(super) idempotency_key: Option<String>,
        }

        impl $name {
            /// Which leads, and how to go about it.
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
        /// The status they get.
        status: LeadStatus,
    }
}

bulk_input! {
    None,
    /// Leads to hand over.
    AssignLeadsInput {
        /// Who gets them.
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
        /// Tags to take away.
        #[graphql(default)]
        remove: Vec<String>,
    }
}

bulk_input! {
    None,
    /// Leads to put away.
    BulkArchiveInput {}
}

bulk_input! {
    Some(Archived::Only),
    /// Archived leads to take back. Where the filter says nothing of `archived`, archived leads are
    /// meant.
    BulkRestoreInput {}
}
