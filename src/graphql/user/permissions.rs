use async_graphql::SimpleObject;

use crate::service::Actor;
use crate::service::permission::{Action, require_somewhere};

/// What the viewer may do beside working on leads: which parts of an application to show.
#[derive(SimpleObject, Clone, Copy)]
pub struct UserPermissions {
    /// Whether to create, change and deactivate users.
    manage_users: bool,
    /// Whether to make, list and revoke API keys; no API key may.
    manage_api_keys: bool,
    /// Whether to delete leads for good.
    delete_leads: bool,
}

impl UserPermissions {
    /// Decided by the viewer's role, or that of the API key.
    pub fn of(viewer: &Actor) -> Self {
        let may = |action| require_somewhere(viewer, action).is_ok();
        Self {
            manage_users: may(Action::ManageUsers),
            manage_api_keys: may(Action::ManageApiKeys),
            delete_leads: may(Action::DeleteLead),
        }
    }
}
