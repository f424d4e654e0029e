use async_graphql::SimpleObject;

use crate::service::Actor;
use crate::service::leads::ListedLead;
use crate::service::permission::{Action, may};

/// The viewer's permissions on a lead as it is now, for an application to show its buttons. They may
/// have changed by the time a button is pressed. An API key has the permissions of its role.
#[derive(SimpleObject, Default)]
pub struct LeadPermissions {
    /// True if the viewer may change its fields, tags, calls and score; nobody may while it is archived.
    update: bool,
    /// True if the viewer may assign it within their scope; nobody may while it is archived.
    assign: bool,
    /// True if the viewer may archive it or, if it is archived, restore it.
    archive: bool,
    /// True if the viewer may delete it for good.
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
