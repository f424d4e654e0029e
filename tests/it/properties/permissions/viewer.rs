//! The plain model of who sees what.

use serde_json::Value;

use crm::service::UserId;
use crm::service::leads::Lead;
use crm::service::timeline::Entry;
use crm::service::users::UserRole;

use super::population::{Person, Population};

/// One of the people, looking at the company.
#[derive(Clone, Copy)]
pub(super) struct Viewer<'a> {
    pub(super) population: &'a Population,
    pub(super) index: usize,
}

impl<'a> Viewer<'a> {
    pub(super) fn person(self) -> &'a Person {
        &self.population.people[self.index]
    }

    pub(super) fn name(self) -> &'a str {
        self.person().name
    }

    /// The model: an administrator reaches everything; a manager what is their own, their
    /// team's or nobody's; an agent what is their own.
    pub(super) fn reaches(self, owner: Option<UserId>) -> bool {
        self.reaches_as(self.person().role, owner)
    }

    /// The same with another role, as a key may have it.
    pub(super) fn reaches_as(self, role: UserRole, owner: Option<UserId>) -> bool {
        let of_team = |owner| {
            self.population.people[self.population.person(owner)].manager == Some(self.index)
        };
        match role {
            UserRole::Admin => true,
            UserRole::Manager => {
                owner.is_none_or(|owner| owner == self.person().id || of_team(owner))
            }
            UserRole::Agent => owner == Some(self.person().id),
        }
    }

    pub(super) fn sees(self, lead: &Lead) -> bool {
        self.reaches(lead.assigned_to)
    }

    pub(super) fn visible(self) -> Vec<&'a Lead> {
        let leads = self.population.leads.iter();
        leads.filter(|lead| self.sees(lead)).collect()
    }

    pub(super) fn sees_note(self, note: &Entry) -> bool {
        let lead = self
            .population
            .leads
            .iter()
            .find(|lead| lead.id == note.lead_id);
        lead.is_some_and(|lead| self.sees(lead))
    }

    pub(super) async fn ask(self, query: &str, variables: Value) -> Value {
        self.population
            .api
            .ask(Some(&self.person().signed), query, variables)
            .await
    }

    pub(super) async fn data(self, query: &str, variables: Value) -> Value {
        self.population
            .api
            .data(&self.person().signed, query, variables)
            .await
    }
}
