//! API keys, as the client sees them.

mod input;
mod mutation;
mod object;
mod query;

pub use mutation::ApiKeyMutation;
pub use object::ApiKey;
pub use query::ApiKeyQuery;
