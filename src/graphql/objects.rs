//! The types that refer to each other: a lead to its assignee and its timeline, a note to its lead.
//! Their resolvers are in separate files, which import these types: there are no import cycles.

use std::sync::Arc;

use crate::graphql::user::UserPermissions;
use crate::service::leads::{self, ListedLead};
use crate::service::permission::{Action, may};
use crate::service::timeline::{self, Entry};
use crate::service::{Actor, users};

/// A person who may become a customer.
#[derive(Clone)]
pub struct Lead {
    pub(in crate::graphql) row: ListedLead,
    /// The assignee, where the list has looked it up already.
    pub(in crate::graphql) assignee: Option<User>,
}

impl Lead {
    /// A lead whose assignee may be known.
    pub fn known(row: impl Into<ListedLead>, assignee: Option<User>) -> Self {
        let row = row.into();
        Self { row, assignee }
    }
}

impl From<leads::Lead> for Lead {
    fn from(row: leads::Lead) -> Self {
        Self::known(row, None)
    }
}

/// A user, as one viewer may see them.
#[derive(Clone)]
pub struct User {
    pub(in crate::graphql) row: Arc<users::User>,
    /// True if the viewer may see more than the name, which is shown on leads and notes.
    is_in_reach: bool,
    /// The viewer's permissions, if this is the viewer.
    pub(in crate::graphql) can: Option<UserPermissions>,
}

impl User {
    /// A user as this viewer may see them.
    pub fn seen_by(viewer: &Actor, row: impl Into<Arc<users::User>>) -> Self {
        let row = row.into();
        let is_in_reach = may(viewer, Action::ReadUser, Some(row.id));
        let can = (viewer.id == row.id).then(|| UserPermissions::of(viewer));
        Self {
            row,
            is_in_reach,
            can,
        }
    }

    /// A user who has just signed in, as they see themselves.
    pub fn signed_in(row: users::User) -> Self {
        let viewer = Actor {
            id: row.id,
            role: row.role,
            team: vec![row.id],
            auth_revision: None,
            api_key: None,
            session: None,
        };
        Self::seen_by(&viewer, row)
    }

    /// The value, if the viewer may see more than the name.
    pub(in crate::graphql) fn if_in_reach<T>(&self, value: T) -> Option<T> {
        self.is_in_reach.then_some(value)
    }
}

/// A note that a person wrote on a lead. Notes never change: editing one adds a new version, which
/// replaces the former one.
#[derive(Clone)]
pub struct Note {
    pub(in crate::graphql) entry: Entry,
    pub(in crate::graphql) note_type: timeline::NoteType,
}

impl Note {
    /// `None` if the entry is a recorded change.
    pub fn of(entry: Entry) -> Option<Self> {
        let note_type = entry.entry_type.note_type()?;
        Some(Self { entry, note_type })
    }
}

/// A change of a lead, with the values before and after.
#[derive(Clone)]
pub struct Change(pub Entry);
