//! A company made up at random: its people, its leads, its log.

use std::collections::HashMap;

use serde_json::{Value, json};

use crm::service::leads::bulk::{Bulk, BulkMode, Selection};
use crm::service::leads::{self, Lead, NewLead};
use crm::service::timeline::{self, AddNote, Entry, NoteType};
use crm::service::users::UserRole;
use crm::service::{Actor, Command, LeadId, NoteId, UserId, perform};

use crate::support::{Api, SignedIn};

use super::making::Plan;
use super::viewer::Viewer;

pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) signed: SignedIn,
    pub(super) id: UserId,
    pub(super) role: UserRole,
    pub(super) manager: Option<usize>,
    pub(super) is_active: bool,
}

pub(super) struct Population {
    pub(super) api: Api,
    pub(super) plan: Plan,
    pub(super) people: Vec<Person>,
    /// Every lead as it is in the database.
    pub(super) leads: Vec<Lead>,
    /// The whole log, oldest first.
    pub(super) log: Vec<Entry>,
}

impl Population {
    /// Reads the facts again.
    pub(super) async fn look(&mut self) {
        let (db, all) = (self.api.db(), Actor::operator());
        let log = timeline::feed(db, &all, 0, 1_000_000).await.unwrap();
        self.log = log.rows;
        let mut ids: Vec<LeadId> = self.log.iter().map(|note| note.lead_id).collect();
        ids.sort();
        ids.dedup();
        self.leads = leads::read_many(db, &all, &ids).await.unwrap();
        self.leads.sort_by_key(|lead| lead.id);
    }

    pub(super) async fn operate<C: Command>(&self, command: C) -> C::Answer {
        self.act(&Actor::operator(), command).await
    }

    pub(super) async fn act<C: Command>(&self, actor: &Actor, command: C) -> C::Answer {
        perform(self.api.db(), actor, command).await.unwrap()
    }

    /// The viewers who can send requests.
    pub(super) fn indices(&self) -> Vec<usize> {
        let active = |&index: &usize| self.people[index].is_active;
        (0..self.people.len()).filter(active).collect()
    }

    pub(super) fn viewers(&self) -> Vec<Viewer<'_>> {
        let viewer = |index| Viewer {
            population: self,
            index,
        };
        self.indices().into_iter().map(viewer).collect()
    }

    pub(super) fn viewer(&self, index: usize) -> Viewer<'_> {
        Viewer {
            population: self,
            index,
        }
    }

    pub(super) fn actor(&self, index: usize) -> Actor {
        let person = &self.people[index];
        let mut team = vec![person.id];
        if person.role == UserRole::Manager {
            let members = self
                .people
                .iter()
                .filter(|other| other.manager == Some(index));
            team.extend(members.map(|other| other.id));
        }
        Actor {
            id: person.id,
            role: person.role,
            team,
            auth_revision: None,
            api_key: None,
            session: None,
        }
    }

    pub(super) fn person(&self, id: UserId) -> usize {
        self.people
            .iter()
            .position(|person| person.id == id)
            .unwrap()
    }

    /// A lead to be that nobody knows yet.
    pub(super) fn another_lead(&self) -> NewLead {
        self.plan.leads[0].new.clone()
    }

    /// The newer version of each note that was edited.
    pub(super) fn replaced(&self) -> HashMap<NoteId, &Entry> {
        let edited = self.log.iter();
        edited
            .filter_map(|note| Some((note.replaces_id?, note)))
            .collect()
    }
}

pub(super) fn note(lead: LeadId, content: &str) -> AddNote {
    AddNote {
        lead,
        expected_version: None,
        note_type: NoteType::Note,
        content: content.to_owned(),
    }
}

pub(super) fn bulk(ids: Vec<LeadId>) -> Bulk {
    Bulk {
        selection: Selection::Ids(ids),
        mode: BulkMode::Partial,
        dry_run: false,
        limit: 10_000,
        most_rows: 10_000,
    }
}

/// Ids as the API writes them.
pub(super) fn ids<'a>(leads: impl IntoIterator<Item = &'a Lead>) -> Vec<Value> {
    leads.into_iter().map(|lead| json!(lead.id)).collect()
}
