//! Bearer tokens of an outside identity provider (OpenID Connect): verified by the keys that it
//! publishes, and mapped to a user of ours.

mod fetch;
mod jwt;
mod keys;
mod settings;
mod verify;

pub use settings::{OidcSettings, UserClaim};
pub use verify::Provider;
