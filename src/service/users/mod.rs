//! Users: who works with leads. A file per verb.

mod addresses;
mod create;
mod deactivate;
mod first_admin;
mod identity;
mod list;
mod update;
mod user;
mod user_cache;

pub use crate::service::user_role::UserRole;
pub(crate) use addresses::normalize_addresses;
pub use create::CreateUser;
pub use deactivate::{DeactivateUser, TheirLeads};
pub use first_admin::{by_email, count_demo, create_first_admin, exist, has_admin};
pub use identity::{Identity, identified};
pub use list::{UserCursor, UserFilter, count, list};
pub use update::{UpdateUser, UserPatch};
pub use user::{User, find_many, read};
pub use user_cache::UserCache;

pub(crate) use first_admin::is_administered;
pub(crate) use update::lock;
pub(crate) use user::{lock_assignees, team_of, users_by_id};
