//! Users, as the client sees them.

mod input;
mod mutation;
mod object;
mod permissions;
mod query;
mod session;

pub use mutation::UserMutation;
pub use object::{User, UserRole, all_named, named};
pub use query::UserQuery;
pub use session::Session;
