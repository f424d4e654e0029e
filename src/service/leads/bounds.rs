use diesel::prelude::*;

use crate::db::schema::leads;
use crate::service::Actor;
use crate::service::leads::filter::{Condition, every, time_span};
use crate::service::leads::{LeadFilter, LeadOrderField, visible_to};
use crate::service::permission::{Action, Reach, reach};

/// The parts of a filter that indexes can be asked for.
impl LeadFilter {
    /// What it says of the leads that such an order begins and ends with, so that a walk along it
    /// starts and stops there.
    pub(super) fn bounds(&self, field: LeadOrderField) -> Vec<Condition> {
        let mut all = self.bounds_alone(field);
        // Indexes have those with each status in these orders.
        let goes_by_status = matches!(
            field,
            LeadOrderField::Score | LeadOrderField::ConversionProbability
        );
        if goes_by_status && self.status.as_ref().is_some_and(|all| all.len() == 1) {
            all.extend(self.status_condition());
        }
        all
    }

    fn bounds_alone(&self, field: LeadOrderField) -> Vec<Condition> {
        let mut all: Vec<Condition> = Vec::new();
        let mut add = |condition: Condition| all.push(condition);
        match field {
            LeadOrderField::CreatedAt => {
                time_span(leads::created_at.nullable(), &self.created, &mut add);
            }
            LeadOrderField::UpdatedAt => {
                time_span(leads::updated_at.nullable(), &self.updated, &mut add);
            }
            LeadOrderField::LastContactDate => {
                time_span(leads::last_contact_date, &self.last_contact, &mut add);
            }
            LeadOrderField::NextFollowUp => {
                time_span(leads::next_follow_up, &self.next_follow_up, &mut add);
            }
            LeadOrderField::Score => self.score_conditions(&mut add),
            LeadOrderField::ConversionProbability => self.probability_conditions(&mut add),
            LeadOrderField::Status => {
                self.status_condition().map(&mut add);
            }
            LeadOrderField::LastName | LeadOrderField::Company => {}
        }
        all
    }

    /// What indexes could be asked for, each for itself: parts of the filter, and what the actor
    /// may see if that is not everything.
    pub(super) fn indexed(&self, actor: &Actor) -> Vec<Condition> {
        let mut all: Vec<Condition> = Vec::new();
        if reach(actor.role, Action::ReadLead) != Reach::All {
            all.push(visible_to(actor));
        }
        all.extend(self.status_condition());
        all.extend(self.assignee_condition());
        for field in [
            LeadOrderField::CreatedAt,
            LeadOrderField::UpdatedAt,
            LeadOrderField::LastContactDate,
            LeadOrderField::NextFollowUp,
            LeadOrderField::Score,
            LeadOrderField::ConversionProbability,
        ] {
            let bounds = self.bounds_alone(field);
            if !bounds.is_empty() {
                all.push(every(bounds));
            }
        }
        all.extend(
            self.and
                .iter()
                .flat_map(|part| part.indexed(&Actor::operator())),
        );
        all
    }
}
