use std::collections::BTreeSet;

use crate::service::UserId;

/// Whose leads: a set of assignees. `None` among them stands for the leads of nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssigneeSet {
    /// All leads, assigned or not.
    Everybody,
    /// All leads that are assigned to somebody.
    Somebody,
    /// The leads of these.
    Only(BTreeSet<Option<UserId>>),
}

impl AssigneeSet {
    /// The owners that a filter names: these assignees, and nobody or just not nobody.
    pub fn of(assigned_to: Option<&[UserId]>, unassigned: Option<bool>) -> Self {
        match (assigned_to, unassigned) {
            (None, None) => Self::Everybody,
            (None, Some(true)) => [None].into_iter().collect(),
            (None, Some(false)) => Self::Somebody,
            (Some(listed), unassigned) => {
                let nobody = (unassigned == Some(true)).then_some(None);
                let listed = listed.iter().copied().map(Some);
                listed.chain(nobody).collect()
            }
        }
    }

    /// True if nothing can be anybody's.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Only(some) if some.is_empty())
    }

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

impl FromIterator<Option<UserId>> for AssigneeSet {
    fn from_iter<I: IntoIterator<Item = Option<UserId>>>(owners: I) -> Self {
        Self::Only(owners.into_iter().collect())
    }
}
