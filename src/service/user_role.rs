use crate::db::pg_enum;
use crate::db::schema::sql_types;

pg_enum! {
    /// The rights of a user, see [`crate::service::permission`].
    UserRole: sql_types::UserRole {
        /// Sees and does everything.
        Admin = "ADMIN",
        /// Leads a team.
        Manager = "MANAGER",
        /// Works on leads.
        Agent = "AGENT",
    }
}

impl UserRole {
    /// True if whoever has this role can do nothing that one with the other cannot.
    pub fn is_at_most(self, other: Self) -> bool {
        self >= other
    }
}
