//! Keys by which services ask: made, listed and revoked by administrators, and who stands behind
//! one. A file per verb.

mod authenticate;
mod create;
mod key;
mod list;
mod revoke;

pub use authenticate::authenticate;
pub use create::{CreateApiKey, LONGEST_LIFE, NewApiKey};
pub use key::ApiKey;
pub use list::{ApiKeyFilter, count, find_many, list, read};
pub use revoke::RevokeApiKey;

pub(crate) use revoke::{revoke_above, revoke_all};
