//! Bearer tokens of an external identity provider (OpenID Connect): verified with the keys that it
//! publishes, and mapped to one of our users.

mod fetch;
mod jwt;
mod keys;
mod settings;
mod verify;

pub use settings::{OidcSettings, UserClaim};
pub use verify::Provider;
