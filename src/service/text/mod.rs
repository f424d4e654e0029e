//! Text as people write it: what is stored of what comes in (`cleaned`), the form in which texts are
//! compared ([`compared`]), and the normal forms of e-mail addresses, domains, phone numbers and
//! passwords.
//!
//! PostgreSQL compares none of them by itself: `lower()` follows the locale of the database, and a
//! letter with its accent behind it is another text to it than the same in one character.

mod clean;
mod compare;
mod email;
mod password;
mod pasted;
mod phone;
mod valid;

/// Raised whenever one of the functions gives another result for some text, so that `crm migrate` brings
/// what is stored in line.
pub(crate) const VERSION: i32 = 1;

pub use compare::compared;
pub use phone::{PhoneRegion, phone, set_phone_region};

pub(crate) use clean::{cleaned, is_invisible};
pub(crate) use compare::{LONGEST_KEY, folded, key};
pub(crate) use email::{
    claimed_address, domain, email, email_key, login_address, typed_address, unicode_words,
};
pub(crate) use password::password;
pub(crate) use pasted::ascii_phone;
pub(crate) use phone::phone_start;
