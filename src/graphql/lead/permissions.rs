use async_graphql::SimpleObject;

use crate::service::Actor;
use crate::service::leads::ListedLead;
use crate::service::permission::{Action, may};

/// What the viewer may do with a lead as it is now: which buttons to show. It may be otherwise by
/// the time that one is pressed. An API key may do what its role may.
#[derive(SimpleObject, Default)]
pub struct LeadPermissions {
    /// Whether to change its fields, tags, calls and score; nobody may while it is archived.
    update: bool,
    /// Whether to hand it over, within the viewer's reach; nobody may while it is archived.
    assign: bool,
    /// Whether to archive it or, where it is archived, to restore it.
    archive: bool,
    /// Whether to delete it for good.
    delete: bool,
}

impl LeadPermissions {
    /// Decided by the lead's assignee and state alone.
    pub fn of(viewer: &Actor, lead: &ListedLead) -> Self {
        let may = |action| may(viewer, action, *lead.assigned_to());
        let is_archived = lead.archived_at().is_some();
        Self {
            update: may(Action::UpdateLead) && !is_archived,
            assign: may(Action::AssignLead) && !is_archived,
            archive: may(Action::ArchiveLead),
            delete: may(Action::DeleteLead),
        }
    }
}
