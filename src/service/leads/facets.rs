use chrono::{NaiveDate, TimeDelta};
use diesel::dsl::array;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use uuid::Uuid;

use crate::db::schema::leads;
use crate::db::schema::sql_types::{LeadSource, LeadStatus};
use crate::service::leads::filter::Condition;
use crate::service::leads::sql::{lead_day, lead_owner};
use crate::service::leads::{LeadFilter, Owners, visible_owners};
use crate::service::{Actor, UserId};

/// The owner of the leads of nobody.
const NOBODY: UserId = UserId(Uuid::nil());
/// How many days the index is asked for at most: each is looked up for itself.
const MOST_DAYS: i64 = 400;

/// The parts of a filter that the index of what is searched for has, too.
impl LeadFilter {
    /// What every lead fulfils that the filter lets through and the actor may see. As the index has
    /// it: a list of leads for each status, source, owner, score, day and tag.
    pub(super) fn facets(&self, actor: &Actor) -> Vec<Condition> {
        let mut all: Vec<Condition> = Vec::new();
        if let Owners::Only(owners) =
            visible_owners(actor).and(Owners::of(self.assigned_to.as_deref(), self.unassigned))
        {
            let owners = owners.into_iter().map(|owner| owner.unwrap_or(NOBODY));
            let owners: Vec<UserId> = owners.collect();
            all.push(Box::new(
                lead_owner(leads::assigned_to)
                    .overlaps_with(owners)
                    .nullable(),
            ));
        }
        if let Some(some) = self.status.clone() {
            let status = array::<LeadStatus, _>((leads::status,));
            all.push(Box::new(status.overlaps_with(some).nullable()));
        }
        if let Some(some) = self.source.clone() {
            let source = array::<LeadSource, _>((leads::source,));
            all.push(Box::new(source.overlaps_with(some).nullable()));
        }
        if let (least, most) = self.scores()
            && least.or(most).is_some()
        {
            let some: Vec<i32> =
                (least.unwrap_or(0).max(0)..=most.unwrap_or(100).min(100)).collect();
            let score = array::<Integer, _>((leads::lead_score,));
            all.push(Box::new(score.overlaps_with(some).nullable()));
        }
        all.extend(self.days());
        self.tag_conditions(&mut |tags| all.push(tags));
        let parts = self.and.iter();
        all.extend(parts.flat_map(|part| part.facets(&Actor::operator())));
        all
    }

    /// The days on which they came, if they are few.
    pub(super) fn days(&self) -> Option<Condition> {
        let (first, end) = self.created.from.zip(self.created.to)?;
        let (first, last) = (
            first.date_naive(),
            (end - TimeDelta::microseconds(1)).date_naive(),
        );
        let count = (last - first).num_days() + 1;
        if count > MOST_DAYS {
            return None;
        }
        let days = first.iter_days().take(count.max(0) as usize);
        let days: Vec<NaiveDate> = days.collect();
        Some(Box::new(
            lead_day(leads::created_at).overlaps_with(days).nullable(),
        ))
    }
}
