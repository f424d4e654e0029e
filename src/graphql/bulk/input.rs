use async_graphql::{Context, Enum, ID, InputObject};

use crate::graphql::context::{settings, uuid};
use crate::graphql::lead::{LeadFilter, LeadStatus, NewLeadInput, lead_filter};
use crate::service::leads::bulk::{self, Bulk, Selection};
use crate::service::{LeadId, Result, ServiceError};

/// The most malformed ids of a selection that are named.
const MOST_NAMED: usize = 100;

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
macro_rules! bulk_input {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// These leads, each with a row in the result. Give either ids, or filter and search.
            ids: Option<Vec<ID>>,
            /// The leads that `leads(filter: …)` would list.
            filter: Option<LeadFilter>,
            /// The leads that match in `leads(search: …)`, not those whose names are only typed alike.
            search: Option<String>,
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
            /// Which leads, and how to go about it. Errors: `InvalidData`.
            pub(super) fn bulk(&mut self, ctx: &Context<'_>) -> Result<Bulk> {
                Ok(Bulk {
                    selection: selection(self.ids.take(), self.filter.take(), self.search.take())?,
                    mode: self.mode.into(),
                    dry_run: self.dry_run,
                    limit: settings(ctx).bulk_limit,
                })
            }
        }
    };
}

bulk_input! {
    /// Leads to move to one status.
    BulkUpdateStatusInput {
        /// The status they get.
        status: LeadStatus,
    }
}

bulk_input! {
    /// Leads to hand over.
    AssignLeadsInput {
        /// Who gets them: an active user; null or absent: nobody.
        user_id: Option<ID>,
    }
}

bulk_input! {
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
    /// Leads to put away.
    BulkArchiveInput {}
}

bulk_input! {
    /// Archived leads to take back. A filter must ask for them: `archived: ONLY`.
    BulkRestoreInput {}
}

fn selection(
    ids: Option<Vec<ID>>,
    filter: Option<LeadFilter>,
    search: Option<String>,
) -> Result<Selection> {
    match (ids, filter.is_some() || search.is_some()) {
        (Some(ids), false) => lead_ids(&ids).map(Selection::Ids),
        (None, true) => Ok(Selection::Filter(Box::new(lead_filter(filter, search)?))),
        _ => Err(ServiceError::invalid(
            "ids",
            "must be given, or else filter or search",
        )),
    }
}

/// Errors: `InvalidData` that names the malformed ones, the first hundred of them.
fn lead_ids(ids: &[ID]) -> Result<Vec<LeadId>> {
    let (mut good, mut faults) = (Vec::with_capacity(ids.len()), Vec::new());
    for (index, id) in ids.iter().enumerate() {
        match uuid(&format!("ids.{index}"), id) {
            Ok(id) => good.push(LeadId(id)),
            Err(ServiceError::InvalidData(fault)) => faults.extend(fault),
            Err(other) => return Err(other),
        }
        if faults.len() == MOST_NAMED {
            break;
        }
    }
    if faults.is_empty() {
        Ok(good)
    } else {
        Err(ServiceError::InvalidData(faults))
    }
}
