use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use diesel::dsl::array;
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::leads;
use crate::db::schema::sql_types::{LeadSource, LeadStatus};
use crate::service::leads::filter::Condition;
use crate::service::leads::sql::{lead_month, lead_owner, lead_score_band};
use crate::service::leads::{Archived, LeadFilter, Owners, visible_owners};
use crate::service::validation::ARCHIVED_TAG;
use crate::service::{Actor, UserId};

/// The owner of the leads of nobody.
const NOBODY: UserId = UserId(Uuid::nil());
/// How many months the index is asked for at most: each is looked up for itself.
const MOST_MONTHS: u32 = 60;
/// How many scores one list of the index is of.
const BAND: i32 = 10;

/// What every lead fulfils that a filter lets through, as the index of what is searched for has it: a
/// list of leads for each status, source, owner, tag and value of a custom field, for ten scores and for
/// each month.
pub(super) struct Facet {
    pub condition: Condition,
    /// How many lists are read for it.
    pub lists: usize,
    /// Whether one of [`LeadFilter::spans`] says the same.
    pub is_span: bool,
}

/// The parts of a filter that the index of what is searched for has, too.
impl LeadFilter {
    /// What the filter and what the actor may see say as facets.
    pub(super) fn facets(&self, actor: &Actor) -> Vec<Facet> {
        let mut all = Vec::new();
        let mut add = |condition: Condition, lists| {
            all.push(Facet {
                condition,
                lists,
                is_span: false,
            });
        };
        if let Owners::Only(owners) = self.owners(actor) {
            let owners = owners.into_iter().map(|owner| owner.unwrap_or(NOBODY));
            let owners: Vec<UserId> = owners.collect();
            let lists = owners.len();
            let owner = lead_owner(leads::assigned_to).overlaps_with(owners);
            add(Box::new(owner.nullable()), lists);
        }
        if let Some(some) = self.status.clone() {
            let (status, lists) = (array::<LeadStatus, _>((leads::status,)), some.len());
            add(Box::new(status.overlaps_with(some).nullable()), lists);
        }
        if let Some(some) = self.source.clone() {
            let (source, lists) = (array::<LeadSource, _>((leads::source,)), some.len());
            add(Box::new(source.overlaps_with(some).nullable()), lists);
        }
        let tags = self.tags_any.as_ref().map_or(1, Vec::len);
        self.tag_conditions(&mut |condition| add(condition, tags));
        if self.archived == Some(Archived::Only) {
            let archived = leads::tags.contains(vec![ARCHIVED_TAG.to_owned()]);
            add(Box::new(archived.nullable()), 1);
        }
        if let Some(fields) = self.custom_fields.clone().filter(has_value) {
            add(
                Box::new(leads::custom_fields.contains(fields).nullable()),
                1,
            );
        }
        let spans = [self.bands(), self.months()];
        all.extend(spans.into_iter().flatten());
        let parts = self.and.iter();
        all.extend(parts.flat_map(|part| part.facets(&Actor::operator())));
        all
    }

    /// Whose leads the filter means, of those that the actor may see.
    pub(super) fn owners(&self, actor: &Actor) -> Owners {
        visible_owners(actor).and(Owners::of(self.assigned_to.as_deref(), self.unassigned))
    }

    /// The tens of scores that they have.
    fn bands(&self) -> Option<Facet> {
        let (least, most) = self.scores();
        least.or(most)?;
        let (least, most) = (least.unwrap_or(0).max(0), most.unwrap_or(100).min(100));
        let bands: Vec<i32> = (least / BAND..=most.div_euclid(BAND)).collect();
        let lists = bands.len();
        let band = lead_score_band(leads::lead_score).overlaps_with(bands);
        Some(Facet {
            condition: Box::new(band.nullable()),
            lists,
            is_span: true,
        })
    }

    /// The months in which they came, if those are not too many.
    fn months(&self) -> Option<Facet> {
        let (from, to) = self.created.from.zip(self.created.to)?;
        let last = (to - TimeDelta::microseconds(1)).date_naive();
        let first = from.date_naive().with_day(1)?;
        let number = |day: NaiveDate| 12 * day.year() + day.month0() as i32;
        let months = (number(last) + 1 - number(first)).max(0) as u32;
        let month = |at| first.checked_add_months(Months::new(at));
        let days: Vec<NaiveDate> = (0..months.min(MOST_MONTHS + 1)).filter_map(month).collect();
        let month = lead_month(leads::created_at).overlaps_with(days);
        (months <= MOST_MONTHS).then(|| Facet {
            condition: Box::new(month.nullable()),
            lists: months as usize,
            is_span: true,
        })
    }
}

/// Whether there is anything that the index has a list of. Without, it would be read from end to end.
fn has_value(field: &Value) -> bool {
    match field {
        Value::Object(fields) => fields.values().any(has_value),
        Value::Array(values) => values.iter().any(has_value),
        _ => true,
    }
}
