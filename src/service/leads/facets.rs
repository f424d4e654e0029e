use std::ops::RangeInclusive;

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use diesel::dsl::array;
use diesel::prelude::*;
use uuid::Uuid;

use crate::db::schema::leads;
use crate::db::schema::sql_types::{LeadSource, LeadStatus};
use crate::service::leads::filter::Condition;
use crate::service::leads::order::{Place, SortKey};
use crate::service::leads::sql::{lead_month, lead_owner, lead_score_band};
use crate::service::leads::{
    Archived, LeadFilter, LeadOrder, LeadOrderField, LeadStatus as Status, Owners, visible_owners,
};
use crate::service::validation::ARCHIVED_TAG;
use crate::service::{Actor, Json, UserId};

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
    /// Whether these leads lie in the table one after the other, so that of other lists only what is
    /// there has to be read.
    pub is_in_place: bool,
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
                is_in_place: false,
            });
        };
        if let Owners::Only(owners) = self.owners(actor) {
            let owners = owners.into_iter().map(|owner| owner.unwrap_or(NOBODY));
            let owners: Vec<UserId> = owners.collect();
            let lists = owners.len();
            let owner = lead_owner(leads::assigned_to).overlaps_with(owners);
            add(Box::new(owner.nullable()), lists);
        }
        if let Some(Facet {
            condition, lists, ..
        }) = self.status_facet()
        {
            add(condition, lists);
        }
        if let Some(some) = self.source.clone() {
            let (source, lists) = (array::<LeadSource, _>((leads::source,)), some.len());
            add(Box::new(source.overlaps_with(some).nullable()), lists);
        }
        let tags = self.tags_any.as_ref().map_or(1, Vec::len);
        self.tag_conditions(&mut |condition| add(condition, tags));
        if self.archived == Some(Archived::Only) {
            let archived = leads::tag_keys.contains(vec![ARCHIVED_TAG.to_owned()]);
            add(Box::new(archived.nullable()), 1);
        }
        // Without a value it would be read from end to end: the index has no list of it.
        if let Some(fields) = self.custom_fields.clone().filter(Json::has_content) {
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

    /// What it says of the status.
    pub(super) fn status_facet(&self) -> Option<Facet> {
        let some = self.status.as_deref()?;
        Some(of_statuses(some.iter().copied()))
    }

    /// Whose leads the filter means, of those that the actor may see.
    pub(super) fn owners(&self, actor: &Actor) -> Owners {
        visible_owners(actor).and(Owners::of(self.assigned_to.as_deref(), self.unassigned))
    }

    /// The tens of scores that they have.
    fn bands(&self) -> Option<Facet> {
        let (least, most) = self.scores();
        least.or(most)?;
        Some(of_bands(self.bands_alone()))
    }

    fn bands_alone(&self) -> RangeInclusive<i32> {
        let (least, most) = self.scores();
        let (least, most) = (least.unwrap_or(0).max(0), most.unwrap_or(100).min(100));
        least / BAND..=most.div_euclid(BAND)
    }

    /// The months in which they came, if those are not too many.
    fn months(&self) -> Option<Facet> {
        let (from, to) = self.created_at.from.zip(self.created_at.to)?;
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
            is_in_place: true,
        })
    }
}

/// The orders that the index of what is searched for has, too: as lists one after the other.
impl LeadOrder {
    /// The number of a lead's list, in SQL; none of an order that the index does not have.
    pub(super) fn list(self) -> Option<String> {
        match self.field {
            LeadOrderField::LeadScore => Some(format!("lead_score / {BAND}")),
            LeadOrderField::Status => {
                let all = Status::ALL.iter().enumerate();
                let all = all.map(|(at, status)| format!(" WHEN '{}' THEN {at}", status.as_str()));
                Some(format!("CASE status{} END", all.collect::<String>()))
            }
            _ => None,
        }
    }

    /// The leads of the lists from where such a filter and a place let the order begin up to the list
    /// of that number.
    pub(super) fn lists(
        self,
        filter: &LeadFilter,
        backwards: bool,
        place: Option<&Place>,
        until: i32,
    ) -> Facet {
        let first = place.and_then(|place| match &place.key {
            SortKey::Integer(score) => Some(score / BAND),
            SortKey::Status(status) => Some(*status as i32),
            _ => None,
        });
        let descends = self.descends(backwards);
        let is_meant = |list: i32| match descends {
            true => list >= until && first.is_none_or(|first| list <= first),
            false => list <= until && first.is_none_or(|first| list >= first),
        };
        match self.field {
            LeadOrderField::LeadScore => {
                of_bands(filter.bands_alone().filter(|&band| is_meant(band)))
            }
            _ => {
                let all = filter.status.as_deref().unwrap_or(Status::ALL).iter();
                of_statuses(all.copied().filter(|status| is_meant(*status as i32)))
            }
        }
    }
}

fn of_bands(bands: impl Iterator<Item = i32>) -> Facet {
    let bands: Vec<i32> = bands.collect();
    let lists = bands.len();
    let band = lead_score_band(leads::lead_score).overlaps_with(bands);
    Facet {
        condition: Box::new(band.nullable()),
        lists,
        is_span: true,
        is_in_place: false,
    }
}

fn of_statuses(some: impl Iterator<Item = Status>) -> Facet {
    let some: Vec<Status> = some.collect();
    let (status, lists) = (array::<LeadStatus, _>((leads::status,)), some.len());
    Facet {
        condition: Box::new(status.overlaps_with(some).nullable()),
        lists,
        is_span: false,
        is_in_place: false,
    }
}
