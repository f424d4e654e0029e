use diesel::prelude::*;

use crate::db::schema::leads;
use crate::service::leads::filter::{Condition, every, time_span};
use crate::service::leads::{LeadFilter, LeadOrderField};

/// The parts of a filter that indexes can be asked for.
impl LeadFilter {
    /// What it says of the leads that such an order begins and ends with, so that a walk along it
    /// starts and stops there.
    pub(super) fn bounds(&self, field: LeadOrderField) -> Vec<Condition> {
        let mut all = self.bounds_alone(field);
        // Indexes have those with each status in these orders.
        let goes_by_status = matches!(
            field,
            LeadOrderField::CreatedAt
                | LeadOrderField::Score
                | LeadOrderField::ConversionProbability
        );
        if goes_by_status && self.has_one_status() {
            all.extend(self.status_condition());
        }
        all
    }

    pub(super) fn has_one_status(&self) -> bool {
        self.status.as_ref().is_some_and(|all| all.len() == 1)
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

    /// What indexes of their own could be asked for, each for itself, beside
    /// [`LeadFilter::facets`].
    pub(super) fn spans(&self) -> Vec<Condition> {
        let created = self.days().is_none().then_some(LeadOrderField::CreatedAt);
        let others = [
            LeadOrderField::UpdatedAt,
            LeadOrderField::LastContactDate,
            LeadOrderField::NextFollowUp,
            LeadOrderField::ConversionProbability,
        ];
        let spans = created.into_iter().chain(others);
        let spans = spans.map(|field| self.bounds_alone(field));
        let spans = spans.filter(|bounds| !bounds.is_empty()).map(every);
        let parts = self.and.iter().flat_map(Self::spans);
        spans.chain(parts).collect()
    }
}
