use chrono::TimeDelta;
use diesel::dsl::{And, LtEq};
use diesel::{BoolExpressionMethods, ExpressionMethods};

use crate::db::schema::users;

/// The operator's rules of signing in.
#[derive(Debug, Clone, Copy)]
pub struct SignInPolicy {
    /// The time after which a session ends that is not used.
    pub lifetime: TimeDelta,
    /// Lets accounts of the demo in, whose password is published.
    pub demo_accounts: bool,
}

/// `is_active AND is_demo <= $1`
type Admitted = And<users::is_active, LtEq<users::is_demo, bool>>;

impl SignInPolicy {
    /// The users who may sign in: active ones, and of the demo's only where those may. (For booleans `<=`
    /// is "implies".)
    pub(crate) fn admits(self) -> Admitted {
        users::is_active.and(users::is_demo.le(self.demo_accounts))
    }
}
