//! The conditions of a filter that a b-tree index of the leads can be asked for.

use diesel::prelude::*;

use crate::db::Constant;
use crate::db::schema::leads;
use crate::service::Actor;
use crate::service::leads::filter::{Condition, time_span};
use crate::service::leads::{Archived, LeadFilter, LeadOrder, LeadOrderField, visible_to};
use crate::service::permission::{Action, Reach, reach};

impl LeadFilter {
    /// Its conditions that the indexes of an order tell without a look at the leads: those on the order's
    /// column, on the one assignee that an index of this order begins with, and on status and source.
    pub(super) fn own(&self, actor: &Actor, order: LeadOrder) -> Vec<Condition> {
        let field = order.field;
        let mut all = Vec::new();
        for part in self.parts() {
            part.bounds(field, &mut |condition| all.push(condition));
            part.listed(field, &mut |condition| all.push(condition));
        }
        all.extend(self.one_owner(actor).filter(|_| by_assignee(field)));
        all
    }

    /// Its conditions on status, assignee, score, time of creation and being archived: each has an index,
    /// in which the source stands, too.
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
            if part.archived == Some(Archived::Only) {
                add(Box::new(leads::archived_at.is_not_null().nullable()));
            }
        }
        if !all.is_empty() {
            all.extend(self.parts().filter_map(Self::source_condition));
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
            LeadOrderField::Status | LeadOrderField::LastName | LeadOrderField::Company => {}
        }
    }

    /// Its conditions on status and source that an ordered scan of an index can be asked for: not a list.
    /// That of statuses becomes the range from the first to the last, of constants, so that PostgreSQL knows
    /// how many leads are in it.
    fn listed(&self, field: LeadOrderField, add: &mut impl FnMut(Condition)) {
        if let Some(&[source]) = self.source.as_deref() {
            add(Box::new(leads::source.eq(source).nullable()));
        }
        let statuses = self.status.as_deref().unwrap_or_default();
        let ends = statuses.iter().min().zip(statuses.iter().max());
        match (ends, field) {
            (None, _) => {}
            // Of one status PostgreSQL would take the order of statuses for that of the ids.
            (Some((first, last)), field) if first == last && field != LeadOrderField::Status => {
                add(Box::new(leads::status.eq(*first).nullable()));
            }
            // Its index has no status: a scan would not end after the rows that it may look at.
            (Some(_), LeadOrderField::CreatedAt) => {}
            (Some((first, last)), _) => {
                let from = leads::status.ge(Constant::word(first.as_str()));
                let to = leads::status.le(Constant::word(last.as_str()));
                add(Box::new(from.and(to).nullable()));
            }
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
