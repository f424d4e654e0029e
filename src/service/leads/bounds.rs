use diesel::prelude::*;

use crate::db::schema::leads;
use crate::service::leads::filter::{Condition, every, time_span};
use crate::service::leads::{LeadFilter, LeadOrder, LeadOrderField};

/// The parts of a filter that indexes can be asked for.
impl LeadFilter {
    /// What it says of the leads that such an order begins and ends with, so that a walk along it
    /// starts and stops there.
    pub(super) fn bounds(&self, order: LeadOrder) -> Vec<Condition> {
        let mut all = self.bounds_alone(order.field);
        if !order.statuses(self).is_empty() {
            all.extend(self.status_condition());
        }
        all
    }

    pub(super) fn bounds_alone(&self, field: LeadOrderField) -> Vec<Condition> {
        let mut all: Vec<Condition> = Vec::new();
        let mut add = |condition: Condition| all.push(condition);
        match field {
            LeadOrderField::CreatedAt => {
                time_span(leads::created_at.nullable(), &self.created_at, &mut add);
            }
            LeadOrderField::UpdatedAt => {
                time_span(leads::updated_at.nullable(), &self.updated_at, &mut add);
            }
            LeadOrderField::LastContactDate => {
                time_span(
                    leads::last_contact_date,
                    &self.last_contact_date.span,
                    &mut add,
                );
            }
            LeadOrderField::NextFollowUp => {
                time_span(leads::next_follow_up, &self.next_follow_up.span, &mut add);
            }
            LeadOrderField::LeadScore => self.score_conditions(&mut add),
            LeadOrderField::ConversionProbability => self.probability_conditions(&mut add),
            LeadOrderField::Status => self.status_span(&mut add),
            LeadOrderField::LastName | LeadOrderField::Company => {}
        }
        all
    }

    /// From the first of its statuses to the last. As a range: of one status PostgreSQL would take the
    /// order for that of the ids, and walk along those.
    fn status_span(&self, add: &mut impl FnMut(Condition)) {
        let statuses = self.status.iter().flatten();
        if let Some((first, last)) = statuses.clone().min().zip(statuses.max()) {
            let span = leads::status.ge(*first).and(leads::status.le(*last));
            add(Box::new(span.nullable()));
        } else if let Some(none) = self.status_condition() {
            add(none);
        }
    }

    /// What indexes of their own could be asked for, each for itself, beside
    /// [`LeadFilter::facets`].
    pub(super) fn spans(&self) -> Vec<Condition> {
        let fields = [
            LeadOrderField::CreatedAt,
            LeadOrderField::UpdatedAt,
            LeadOrderField::LastContactDate,
            LeadOrderField::NextFollowUp,
            LeadOrderField::LeadScore,
            LeadOrderField::ConversionProbability,
        ];
        let spans = fields.map(|field| self.bounds_alone(field));
        let spans = spans.into_iter().filter(|bounds| !bounds.is_empty());
        let parts = self.and.iter().flat_map(Self::spans);
        spans.map(every).chain(parts).collect()
    }
}
