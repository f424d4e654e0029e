use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::schema::api_keys;
use crate::service::users::UserRole;
use crate::service::{ApiKeyId, UserId};

/// A key by which a service asks. Without its secret.
#[derive(Queryable, Selectable, Insertable, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[diesel(table_name = api_keys)]
#[expect(
    missing_docs,
    reason = "the columns, documented for clients in graphql"
)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    pub user_id: UserId,
    pub role: UserRole,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// True if the key is taken at that moment. What becomes of its user needs no look: whoever is
    /// deactivated or lowered has such keys revoked.
    pub fn is_active(&self, at: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at > at
    }
}
