use async_graphql::SimpleObject;

use crate::service::Actor;
use crate::service::permission::{Action, require_somewhere};

/// The viewer's permissions besides those on single leads, for an application to show its pages.
#[derive(SimpleObject, Clone, Copy)]
pub struct UserPermissions {
    /// True if the viewer may create, change and deactivate users.
    manage_users: bool,
    /// True if the viewer may create, list and revoke API keys; an API key may not.
    manage_api_keys: bool,
    /// True if the viewer may export leads: those that they may see.
    export: bool,
    /// True if the viewer may delete leads for good.
    delete_leads: bool,
}

impl UserPermissions {
    /// The permissions of the viewer's role, or of the API key's.
    pub fn of(viewer: &Actor) -> Self {
        let may = |action| require_somewhere(viewer, action).is_ok();
        Self {
            manage_users: may(Action::ManageUsers),
            manage_api_keys: may(Action::ManageApiKeys),
            export: may(Action::ReadLead),
            delete_leads: may(Action::DeleteLead),
        }
    }
}
