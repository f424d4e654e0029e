//! Users, as the client sees them.

mod input;
mod mutation;
mod named;
mod object;
mod permissions;
mod query;
mod session;

pub use mutation::UserMutation;
pub use named::{all_named, named};
pub use object::UserRole;
pub use permissions::UserPermissions;
pub use query::UserQuery;
pub use session::Session;
