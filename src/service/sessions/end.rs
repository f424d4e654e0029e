use diesel::prelude::*;
use serde::Serialize;

use crate::db::schema::sessions;
use crate::db::{Connection, RunQueryDsl};
use crate::service::command::{Answer, Command};
use crate::service::permission::Action;
use crate::service::sessions::list::{are_own, require_person};
use crate::service::{Actor, Result, ServiceError, SessionId};

/// Ends one of the actor's own sessions.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "it says it")]
pub struct EndSession {
    pub id: SessionId,
}

impl Command for EndSession {
    const NAME: &'static str = "endSession";
    const ACTION: Action = Action::ReadUser;
    type Answer = SessionId;

    /// Errors: `PermissionDenied` for an API key, `NotFound` also for somebody else's session.
    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<SessionId> {
        require_person(actor)?;
        let own = sessions::table.find(self.id).filter(are_own(actor));
        match diesel::delete(own).execute(conn).await? {
            0 => Err(ServiceError::NotFound(self.id.0)),
            _ => Ok(self.id),
        }
    }
}

/// The id of a session that is over, which is all that is left of it.
impl Answer for SessionId {
    type Done = Self;

    fn done(&self) -> Self {
        *self
    }

    async fn again(_: &mut Connection, _: &Actor, done: Self) -> Result<Option<Self>> {
        Ok(Some(done))
    }
}
