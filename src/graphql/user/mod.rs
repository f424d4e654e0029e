//! Users, as the client sees them.

mod input;
mod mutation;
mod object;
mod query;

pub use mutation::UserMutation;
pub use object::{User, UserRole};
pub use query::UserQuery;
