use std::collections::BTreeSet;

use crate::service::UserId;

/// Whose leads: a set of assignees. `None` among them stands for the leads of nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owners {
    /// All leads, assigned or not.
    Everybody,
    /// All leads that are assigned to somebody.
    Somebody,
    /// The leads of these.
    Only(BTreeSet<Option<UserId>>),
}

impl Owners {
    /// Whose leads are in both sets.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everybody, other) | (other, Self::Everybody) => other,
            (Self::Somebody, Self::Somebody) => Self::Somebody,
            (Self::Somebody, Self::Only(mut some)) | (Self::Only(mut some), Self::Somebody) => {
                some.remove(&None);
                Self::Only(some)
            }
            (Self::Only(mut some), Self::Only(others)) => {
                some.retain(|owner| others.contains(owner));
                Self::Only(some)
            }
        }
    }
}

impl FromIterator<Option<UserId>> for Owners {
    fn from_iter<I: IntoIterator<Item = Option<UserId>>>(owners: I) -> Self {
        Self::Only(owners.into_iter().collect())
    }
}
