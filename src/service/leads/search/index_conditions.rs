//! The conditions of a filter that a b-tree index of the leads can be asked for.

use diesel::prelude::*;

use crate::db::Constant;
use crate::db::schema::leads;
use crate::service::Actor;
use crate::service::leads::expression::Condition;
use crate::service::leads::query::time_range;
use crate::service::leads::{Archived, LeadFilter, LeadOrder, LeadOrderField, visible_to};
use crate::service::permission::{Action, Scope, scope};

/// The conditions that the indexes of an order tell without a look at the leads: those on the order's
/// column, on the one assignee that an index of this order begins with, and on status and source.
pub(super) fn order_conditions(
    filter: &LeadFilter,
    actor: &Actor,
    order: LeadOrder,
) -> Vec<Condition> {
    let field = order.field;
    let mut all = Vec::new();
    for part in parts(filter) {
        add_bounds(part, field, &mut |condition| all.push(condition));
        add_listed(part, field, &mut |condition| all.push(condition));
    }
    all.extend(one_owner(filter, actor).filter(|_| by_assignee(field)));
    all
}

/// The conditions on status, assignee, score, time of creation and being archived: each has an index,
/// in which the source stands, too.
pub(super) fn ranges(filter: &LeadFilter, actor: &Actor) -> Vec<Condition> {
    let mut all = Vec::new();
    all.extend(is_own(actor).then(|| visible_to(actor)));
    for part in parts(filter) {
        let mut add = |condition| all.push(condition);
        part.status_condition().map(&mut add);
        part.assignee_condition().map(&mut add);
        add_bounds(part, LeadOrderField::CreatedAt, &mut add);
        if part.scores() != (None, None) {
            add_score_range(part, &mut add);
        }
        if part.archived == Some(Archived::Only) {
            add(Box::new(leads::archived_at.is_not_null().nullable()));
        }
    }
    if !all.is_empty() {
        all.extend(parts(filter).filter_map(LeadFilter::source_condition));
    }
    all
}

/// Both ends of the range of scores. PostgreSQL takes a range of unknown ends for a small part
/// of the leads, and one that is open for a third, which it would rather read all of.
fn add_score_range(filter: &LeadFilter, add: &mut impl FnMut(Condition)) {
    let (least, most) = filter.scores();
    let (least, most) = (least.unwrap_or(0), most.unwrap_or(100));
    add(Box::new(leads::lead_score.ge(least).nullable()));
    add(Box::new(leads::lead_score.le(most).nullable()));
}

/// Itself and those that must hold, too.
fn parts(filter: &LeadFilter) -> impl Iterator<Item = &LeadFilter> {
    std::iter::once(filter).chain(&filter.and)
}

fn add_bounds(filter: &LeadFilter, field: LeadOrderField, add: &mut impl FnMut(Condition)) {
    match field {
        LeadOrderField::CreatedAt => {
            time_range(leads::created_at.nullable(), &filter.created_at, add);
        }
        LeadOrderField::UpdatedAt => {
            time_range(leads::updated_at.nullable(), &filter.updated_at, add);
        }
        LeadOrderField::LastContactDate => filter.last_contact_conditions(add),
        LeadOrderField::NextFollowUp => filter.follow_up_conditions(add),
        LeadOrderField::LeadScore => filter.score_conditions(add),
        LeadOrderField::ConversionProbability => filter.probability_conditions(add),
        LeadOrderField::Status | LeadOrderField::LastName | LeadOrderField::Company => {}
    }
}

/// Its conditions on status and source that an ordered scan of an index can be asked for: not a list.
/// That of statuses becomes the range from the first to the last, of constants, so that PostgreSQL knows
/// how many leads are in it.
fn add_listed(filter: &LeadFilter, field: LeadOrderField, add: &mut impl FnMut(Condition)) {
    if let Some(&[source]) = filter.source.as_deref() {
        add(Box::new(leads::source.eq(source).nullable()));
    }
    let statuses = filter.status.as_deref().unwrap_or_default();
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
fn one_owner(filter: &LeadFilter, actor: &Actor) -> Option<Condition> {
    if is_own(actor) {
        return Some(visible_to(actor));
    }
    parts(filter).find_map(LeadFilter::one_assignee)
}

fn is_own(actor: &Actor) -> bool {
    scope(actor.role, Action::ReadLead) == Scope::Own
}

/// True if an index has each assignee's leads in this order.
fn by_assignee(field: LeadOrderField) -> bool {
    matches!(field, LeadOrderField::CreatedAt | LeadOrderField::LeadScore)
}
