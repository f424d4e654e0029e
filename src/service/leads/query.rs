//! A filter as a query: the conditions of each of its parts.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use crate::db::Constant;
use crate::db::schema::leads;
use crate::service::leads::expression::{Condition, LeadQuery, every};
use crate::service::leads::limits::check_filter;
use crate::service::leads::search::{InIndex, in_index};
use crate::service::leads::texts::text_conditions;
use crate::service::leads::{Archived, Lead, LeadFilter, RangeFilter, visible_to};
use crate::service::{Actor, Result, text};

impl LeadFilter {
    /// The leads that match the filter and that the actor may see; every read of leads starts with it.
    ///
    /// Archived leads are left out unless the filter has `archived`. The conditions use the index of
    /// `lead_search` where possible, and all of them are also checked on the leads, so that they hold
    /// for a lead that changes before it is locked. Errors: `InvalidData` for an invalid filter.
    pub fn condition(&self, actor: &Actor) -> Result<Condition> {
        let mut all = vec![self.unsearched(actor)?];
        if let Some(found) = in_index(self, actor, self.search.in_index()) {
            all.push(Box::new(InIndex(found)));
        }
        all.extend(self.search.matches());
        Ok(every(all))
    }

    /// The same without the search, as conditions on the leads only.
    pub(super) fn unsearched(&self, actor: &Actor) -> Result<Condition> {
        check_filter(self)?;
        let mut all = vec![visible_to(actor)];
        if self.archived.is_none() {
            all.push(Box::new(leads::archived_at.is_null().nullable()));
        }
        all.extend(self.conditions());
        Ok(every(all))
    }

    /// [`LeadFilter::condition`] as a query that can be narrowed and ordered.
    pub fn query(&self, actor: &Actor) -> Result<LeadQuery<'static>> {
        Ok(leads::table.filter(self.condition(actor)?).into_boxed())
    }

    /// One is not the same as a list of one: `=` finds it where an index that begins with the
    /// status goes on with the order.
    pub(super) fn status_condition(&self) -> Option<Condition> {
        Some(match self.status.as_deref()? {
            &[status] => Box::new(leads::status.eq(status).nullable()),
            status => Box::new(leads::status.eq_any(status.to_vec()).nullable()),
        })
    }

    pub(super) fn source_condition(&self) -> Option<Condition> {
        let source = self.source.clone()?;
        Some(Box::new(leads::source.eq_any(source).nullable()))
    }

    fn conditions(&self) -> Vec<Condition> {
        let mut all: Vec<Condition> = Vec::new();
        let mut add = |condition: Condition| all.push(condition);
        if let Some(ids) = &self.ids {
            add(Box::new(leads::id.eq_any(ids.clone()).nullable()));
        }
        self.status_condition().map(&mut add);
        self.source_condition().map(&mut add);
        self.assignee_condition().map(&mut add);
        time_range(leads::created_at.nullable(), &self.created_at, &mut add);
        time_range(leads::updated_at.nullable(), &self.updated_at, &mut add);
        self.date_conditions(&mut add);
        self.score_conditions(&mut add);
        self.probability_conditions(&mut add);
        self.tag_conditions(&mut add);
        self.no_tag_condition(&mut add);
        text_conditions(self, &mut add);
        match self.archived {
            Some(Archived::Only) => add(Box::new(leads::archived_at.is_not_null().nullable())),
            Some(Archived::Exclude) => add(Box::new(leads::archived_at.is_null().nullable())),
            Some(Archived::Include) | None => {}
        }
        if let Some(fields) = &self.custom_fields {
            add(Box::new(
                leads::custom_fields.contains(fields.clone()).nullable(),
            ));
        }
        self.logic(&mut add);
        all
    }

    /// Adds the conditions of `and`, `or` and `not`.
    fn logic(&self, add: &mut impl FnMut(Condition)) {
        self.and
            .iter()
            .for_each(|part| add(every(part.conditions())));
        if let Some(parts) = &self.or {
            let any = parts.iter().map(|part| every(part.conditions()));
            let any = any.reduce(|left, right| Box::new(left.or(right)));
            add(any.unwrap_or_else(|| Box::new(Constant::truth(false))));
        }
        if let Some(part) = &self.not {
            add(Box::new(
                every(part.conditions())
                    .is_distinct_from(Constant::truth(true))
                    .nullable(),
            ));
        }
    }

    /// The leads of the one assignee that the filter names, if it names just one.
    pub(super) fn one_assignee(&self) -> Option<Condition> {
        match (self.assigned_to.as_deref()?, self.unassigned) {
            (&[user], None | Some(false)) => Some(Box::new(leads::assigned_to.eq(user))),
            _ => None,
        }
    }

    fn date_conditions(&self, add: &mut impl FnMut(Condition)) {
        self.last_contact_conditions(add);
        self.follow_up_conditions(add);
    }

    pub(super) fn last_contact_conditions(&self, add: &mut impl FnMut(Condition)) {
        time_range(leads::last_contact_date, &self.last_contact_date.range, add);
        match self.last_contact_date.is_set {
            Some(true) => add(Box::new(leads::last_contact_date.is_not_null().nullable())),
            Some(false) => add(Box::new(leads::last_contact_date.is_null().nullable())),
            None => {}
        }
    }

    pub(super) fn follow_up_conditions(&self, add: &mut impl FnMut(Condition)) {
        time_range(leads::next_follow_up, &self.next_follow_up.range, add);
        match self.next_follow_up.is_set {
            Some(true) => add(Box::new(leads::next_follow_up.is_not_null().nullable())),
            Some(false) => add(Box::new(leads::next_follow_up.is_null().nullable())),
            None => {}
        }
    }

    pub(super) fn assignee_condition(&self) -> Option<Condition> {
        if let Some(one) = self.one_assignee() {
            return Some(one);
        }
        let listed = self
            .assigned_to
            .clone()
            .map(|users| leads::assigned_to.eq_any(users));
        match (listed, self.unassigned) {
            (None, None) => None,
            (None, Some(true)) => Some(Box::new(leads::assigned_to.is_null().nullable())),
            (None, Some(false)) => Some(Box::new(leads::assigned_to.is_not_null().nullable())),
            (Some(listed), Some(true)) => Some(Box::new(listed.or(leads::assigned_to.is_null()))),
            (Some(listed), _) => Some(Box::new(listed)),
        }
    }

    /// The least and the highest score.
    pub(super) fn scores(&self) -> (Option<i32>, Option<i32>) {
        let (mut least, mut most) = (self.lead_score_min, self.lead_score_max);
        match self.is_hot_lead {
            Some(true) => least = least.max(Some(Lead::HOT_ABOVE + 1)),
            Some(false) => most = Some(most.unwrap_or(i32::MAX).min(Lead::HOT_ABOVE)),
            None => {}
        }
        (least, most)
    }

    pub(super) fn score_conditions(&self, add: &mut impl FnMut(Condition)) {
        let (least, most) = self.scores();
        if let Some(least) = least {
            add(Box::new(leads::lead_score.ge(least).nullable()));
        }
        if let Some(most) = most {
            add(Box::new(leads::lead_score.le(most).nullable()));
        }
    }

    pub(super) fn probability_conditions(&self, add: &mut impl FnMut(Condition)) {
        if let Some(least) = self.conversion_probability_min {
            add(Box::new(leads::conversion_probability.ge(least).nullable()));
        }
        if let Some(most) = self.conversion_probability_max {
            add(Box::new(leads::conversion_probability.le(most).nullable()));
        }
    }

    /// The tags that they have.
    fn tag_conditions(&self, add: &mut impl FnMut(Condition)) {
        // All of none is no condition, and no list of an index has it.
        if let Some(tags) = self.tags_all.as_ref().filter(|tags| !tags.is_empty()) {
            add(Box::new(leads::tag_keys.contains(keys(tags)).nullable()));
        }
        if let Some(tags) = &self.tags_any {
            add(Box::new(
                leads::tag_keys.overlaps_with(keys(tags)).nullable(),
            ));
        }
    }

    fn no_tag_condition(&self, add: &mut impl FnMut(Condition)) {
        if let Some(tags) = &self.tags_none {
            let hit = leads::tag_keys.overlaps_with(keys(tags));
            add(Box::new(diesel::dsl::not(hit).nullable()));
        }
    }
}

/// The keys that tags are compared by.
fn keys(tags: &[String]) -> Vec<String> {
    tags.iter().map(|tag| text::key(tag)).collect()
}

pub(super) fn time_range<C>(
    column: C,
    range: &RangeFilter<DateTime<Utc>>,
    add: &mut impl FnMut(Condition),
) where
    C: ExpressionMethods
        + Expression<SqlType = Nullable<diesel::sql_types::Timestamptz>>
        + BoxableExpression<leads::table, Pg, SqlType = Nullable<diesel::sql_types::Timestamptz>>
        + Copy
        + 'static,
    diesel::dsl::GtEq<C, DateTime<Utc>>:
        BoxableExpression<leads::table, Pg, SqlType = Nullable<Bool>>,
    diesel::dsl::Lt<C, DateTime<Utc>>:
        BoxableExpression<leads::table, Pg, SqlType = Nullable<Bool>>,
{
    if let Some(from) = range.from {
        add(Box::new(column.ge(from)));
    }
    if let Some(to) = range.to {
        add(Box::new(column.lt(to)));
    }
}
