use std::collections::BTreeSet;

use crate::service::UserId;

/// A set of assignees, whose leads are meant. `None` in it means the unassigned leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssigneeSet {
    /// All leads, assigned or not.
    Everybody,
    /// All leads that are assigned to somebody.
    Somebody,
    /// The leads of these assignees.
    Only(BTreeSet<Option<UserId>>),
}

impl AssigneeSet {
    /// The assignees that a filter selects by `assignedTo` and `unassigned`.
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

    /// True if the set is empty.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Only(some) if some.is_empty())
    }

    /// The intersection of both sets.
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
