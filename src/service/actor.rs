use uuid::Uuid;

use crate::service::users::UserRole;
use crate::service::{ApiKeyId, SessionId, UserId};

/// The actor of a request: a signed-in, active user as of this request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub id: UserId,
    /// The user's rights, see [`crate::service::permission`].
    pub role: UserRole,
    /// The user and, for a manager, everybody whose manager that is.
    pub team: Vec<UserId>,
    /// The revision of the users that this was read with; see [`crate::service::users::UserCache`].
    pub auth_revision: Option<i64>,
    /// The key by which a service asks as that user; nothing for people.
    pub api_key: Option<ApiKeyId>,
    /// The session that the user signed in to; nothing for services and an identity provider's users.
    pub session: Option<SessionId>,
}

impl Actor {
    /// The operator, who runs the program's commands: may do everything, and is no user.
    pub fn operator() -> Self {
        Self {
            id: UserId(Uuid::nil()),
            role: UserRole::Admin,
            team: Vec::new(),
            auth_revision: None,
            api_key: None,
            session: None,
        }
    }

    /// The author in the timeline; nobody for the operator.
    pub(crate) fn author(&self) -> Option<UserId> {
        (!self.id.0.is_nil()).then_some(self.id)
    }
}
