//! The conditions of a filter that a b-tree index of the leads can be asked for.

use diesel::prelude::*;

use crate::db::schema::leads;
use crate::service::Actor;
use crate::service::leads::filter::{Condition, time_span};
use crate::service::leads::{LeadFilter, LeadOrder, LeadOrderField, visible_to};
use crate::service::permission::{Action, Reach, reach};

impl LeadFilter {
    /// Its conditions on where an order begins and ends: those on the order's column, and the one on the
    /// one assignee or the one status that an index of this order begins with. A scan of the order starts
    /// and stops there.
    pub(super) fn own(&self, actor: &Actor, order: LeadOrder) -> Vec<Condition> {
        let field = order.field;
        let mut all = Vec::new();
        for part in self.parts() {
            part.bounds(field, &mut |condition| all.push(condition));
        }
        let assignee = self.one_owner(actor).filter(|_| by_assignee(field));
        let status = self
            .parts()
            .find_map(Self::one_status)
            .filter(|_| by_status(field));
        all.extend(assignee.or(status));
        all
    }

    /// Its conditions on status, assignee, score and time of creation: each has an index.
    pub(super) fn ranges(&self, actor: &Actor) -> Vec<Condition> {
        let mut all = Vec::new();
        all.extend(is_own(actor).then(|| visible_to(actor)));
        for part in self.parts() {
            let mut add = |condition| all.push(condition);
            part.status_condition().map(&mut add);
            part.assignee_condition().map(&mut add);
            part.bounds(LeadOrderField::CreatedAt, &mut add);
            if part.scores() != (None, None) {
                part.score_range(&mut add);
            }
        }
        all
    }

    /// Both ends of what it says of the score. PostgreSQL takes a range of unknown ends for a small part
    /// of the leads, and one that is open for a third, which it would rather read all of.
    fn score_range(&self, add: &mut impl FnMut(Condition)) {
        let (least, most) = self.scores();
        let (least, most) = (least.unwrap_or(0), most.unwrap_or(100));
        add(Box::new(leads::lead_score.ge(least).nullable()));
        add(Box::new(leads::lead_score.le(most).nullable()));
    }

    /// Itself and those that must hold, too.
    fn parts(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.and)
    }

    fn bounds(&self, field: LeadOrderField, add: &mut impl FnMut(Condition)) {
        match field {
            LeadOrderField::CreatedAt => {
                time_span(leads::created_at.nullable(), &self.created_at, add);
            }
            LeadOrderField::UpdatedAt => {
                time_span(leads::updated_at.nullable(), &self.updated_at, add);
            }
            LeadOrderField::LastContactDate => self.last_contact_conditions(add),
            LeadOrderField::NextFollowUp => self.follow_up_conditions(add),
            LeadOrderField::LeadScore => self.score_conditions(add),
            LeadOrderField::ConversionProbability => self.probability_conditions(add),
            LeadOrderField::Status => self.status_span(add),
            LeadOrderField::LastName | LeadOrderField::Company => {}
        }
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

    /// The leads of one status, if it names just one.
    fn one_status(&self) -> Option<Condition> {
        match self.status.as_deref()? {
            &[status] => Some(Box::new(leads::status.eq(status).nullable())),
            _ => None,
        }
    }

    /// The leads of the one assignee that is meant.
    fn one_owner(&self, actor: &Actor) -> Option<Condition> {
        if is_own(actor) {
            return Some(visible_to(actor));
        }
        self.parts().find_map(Self::one_assignee)
    }
}

fn is_own(actor: &Actor) -> bool {
    reach(actor.role, Action::ReadLead) == Reach::Own
}

/// True if an index has each assignee's leads in this order.
fn by_assignee(field: LeadOrderField) -> bool {
    matches!(field, LeadOrderField::CreatedAt | LeadOrderField::LeadScore)
}

/// True if an index has each status's leads in this order.
fn by_status(field: LeadOrderField) -> bool {
    matches!(
        field,
        LeadOrderField::CreatedAt
            | LeadOrderField::LastContactDate
            | LeadOrderField::NextFollowUp
            | LeadOrderField::LeadScore
            | LeadOrderField::ConversionProbability
    )
}
