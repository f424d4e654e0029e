//! One-time links with which somebody chooses a password without being signed in: the first
//! administrator, a user who was invited, and one whose password is to be reset. Whoever makes a link
//! hands it over: no mail is sent.

mod first_admin;
mod invite;
mod link;
mod reset_password;
mod use_link;

pub use first_admin::{FirstAdminLink, first_admin_link};
pub use invite::InviteUser;
pub use link::{AccountLink, forget_expired};
pub use reset_password::ResetPassword;
pub use use_link::{UseLink, use_link};

pub(crate) use link::revoke;
