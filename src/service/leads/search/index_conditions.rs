//! The conditions of a filter that a b-tree index of the leads supports.

use diesel::prelude::*;

use crate::db::Constant;
use crate::db::schema::leads;
use crate::service::Actor;
use crate::service::leads::expression::Condition;
use crate::service::leads::query::time_range;
use crate::service::leads::{Archived, LeadFilter, LeadOrder, LeadOrderField, visible_to};
use crate::service::permission::{Action, Scope, scope};

/// The conditions that the indexes of an order check without reading the leads: those on the order's
/// column, on a single assignee, with which an index of this order begins, and on status and source.
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

/// The conditions on status, assignee, score, time of creation and archive: each has an index, which
/// also contains the source.
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

/// Adds both ends of the range of scores. PostgreSQL estimates a small part of the leads for a range of
/// unknown ends, but a third for an open one, for which it would read all leads.
fn add_score_range(filter: &LeadFilter, add: &mut impl FnMut(Condition)) {
    let (least, most) = filter.scores();
    let (least, most) = (least.unwrap_or(0), most.unwrap_or(100));
    add(Box::new(leads::lead_score.ge(least).nullable()));
    add(Box::new(leads::lead_score.le(most).nullable()));
}

/// The filter itself and the filters of its `and`.
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
        LeadOrderField::Status
        | LeadOrderField::Source
        | LeadOrderField::LastName
        | LeadOrderField::Company => {}
    }
}

/// Adds the conditions on status and source that an ordered index scan supports, which a list is not. A
/// list of statuses becomes the range from the first to the last, as constants, so that PostgreSQL can
/// estimate the number of its leads.
fn add_listed(filter: &LeadFilter, field: LeadOrderField, add: &mut impl FnMut(Condition)) {
    let sources = filter.source.as_deref().unwrap_or_default();
    let ends = sources.iter().min().zip(sources.iter().max());
    match (ends, field) {
        // As with statuses, below.
        (Some((first, last)), LeadOrderField::Source) => {
            let from = leads::source.ge(Constant::word(first.as_str()));
            let to = leads::source.le(Constant::word(last.as_str()));
            add(Box::new(from.and(to).nullable()));
        }
        (Some((first, last)), _) if first == last => {
            add(Box::new(leads::source.eq(*first).nullable()));
        }
        _ => {}
    }
    let statuses = filter.status.as_deref().unwrap_or_default();
    let ends = statuses.iter().min().zip(statuses.iter().max());
    match (ends, field) {
        (None, _) => {}
        // With a single status PostgreSQL would replace the order of statuses by that of the ids.
        (Some((first, last)), field) if first == last && field != LeadOrderField::Status => {
            add(Box::new(leads::status.eq(*first).nullable()));
        }
        // Its index has no status: the scan would not end at its row limit.
        (Some(_), LeadOrderField::CreatedAt) => {}
        (Some((first, last)), _) => {
            let from = leads::status.ge(Constant::word(first.as_str()));
            let to = leads::status.le(Constant::word(last.as_str()));
            add(Box::new(from.and(to).nullable()));
        }
    }
}

/// The condition on the assignee, if the filter selects exactly one.
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
