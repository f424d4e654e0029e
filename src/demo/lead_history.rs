//! A lead with its timeline: what changed and what people noted, so that the changes replayed
//! give the lead as it is.

use std::ops::Range;

use chrono::{DateTime, Utc};
use rand::RngExt;
use rand::rngs::StdRng;

use super::lead::{advance, id, incoming, later, status, touched};
use super::population::{Calendar, Population, notes};
use crate::service::UserId;
use crate::service::leads::{Lead, LeadStatus, rescore};
use crate::service::timeline::{EntryType, FieldChange, changes};

/// The share of leads that were advanced here, step by step; the others came in as they stand, as imported
/// leads do.
const TRAILED: f64 = 0.15;
const SCORED_BY_HAND: f64 = 0.02;
const ARCHIVED: f64 = 0.03;
/// The share of leads that somebody wrote notes on.
const NOTED: f64 = 0.12;

/// An entry of the timeline.
pub(super) struct Entry {
    pub(super) id: uuid::Uuid,
    pub(super) author: Option<UserId>,
    pub(super) entry_type: EntryType,
    pub(super) content: String,
    pub(super) changes: Vec<FieldChange>,
    pub(super) at: DateTime<Utc>,
}

/// The `index`-th lead of all, in the order of time, and its timeline, oldest entry first.
pub(super) fn lead_history(
    population: &Population,
    index: u64,
    random: &mut StdRng,
) -> (Lead, Vec<Entry>) {
    let calendar = &population.calendar;
    let part = (index as f64 + random.random::<f64>()) / population.leads as f64;
    let mut lead = incoming(population, index, part, random);
    let age = population.now - lead.created_at;
    let status = status(age.num_days(), random);
    let last = touched(status, part, random);
    let advanced = (status, calendar.moment(last));
    let mut entries = Vec::with_capacity(2);
    if random.random_bool(TRAILED) {
        entries.push(change(None, &lead, random));
        let rule = |lead: &mut Lead, random: &mut StdRng| {
            advance(lead, population, advanced, random);
        };
        step(&mut lead, &mut entries, advanced.1, random, rule);
    } else {
        advance(&mut lead, population, advanced, random);
        entries.push(change(None, &lead, random));
        lead.updated_at = advanced.1;
    }
    if random.random_bool(NOTED) {
        entries.extend(written(&lead, calendar, part..last, random));
    }
    finish(&mut lead, &mut entries, (calendar, last), random);
    entries.sort_by_key(|entry| entry.at);
    (lead, entries)
}

/// Sets the score by hand and archives, of some leads, after the last work on it.
fn finish(
    lead: &mut Lead,
    entries: &mut Vec<Entry>,
    (calendar, mut last): (&Calendar, f64),
    random: &mut StdRng,
) {
    if random.random_bool(SCORED_BY_HAND) {
        last = later(last, random);
        let likely = (lead.conversion_probability * 100.0) as i32;
        step(
            lead,
            entries,
            calendar.moment(last),
            random,
            |lead, random| {
                lead.score_is_manual = true;
                lead.lead_score = (likely + random.random_range(-10..=10)).clamp(0, 100);
            },
        );
    }
    if random.random_bool(ARCHIVED) {
        let at = calendar.moment(later(last, random));
        step(lead, entries, at, random, |lead, _| {
            lead.status_before_archive = Some(lead.status);
            lead.status = LeadStatus::Lost;
            lead.archived_at = Some(at);
            lead.tags.push("archived".to_owned());
        });
    }
}

/// One change of the lead, as the service makes it.
fn step(
    lead: &mut Lead,
    entries: &mut Vec<Entry>,
    at: DateTime<Utc>,
    random: &mut StdRng,
    rule: impl FnOnce(&mut Lead, &mut StdRng),
) {
    let before = lead.clone();
    rule(lead, random);
    rescore(lead);
    if *lead != before {
        lead.version += 1;
        lead.updated_at = at;
        entries.push(change(Some(&before), lead, random));
    }
}

fn change(before: Option<&Lead>, after: &Lead, random: &mut StdRng) -> Entry {
    let changes = changes(before, after);
    Entry {
        id: id(after.updated_at, random),
        // New leads come in by themselves; whoever works on one changes it.
        author: before.and(after.assigned_to),
        entry_type: EntryType::Change,
        content: String::new(),
        changes,
        at: after.updated_at,
    }
}

/// The notes of whoever works on the lead: the last one says where it stands.
fn written(lead: &Lead, calendar: &Calendar, parts: Range<f64>, random: &mut StdRng) -> Vec<Entry> {
    let before = match lead.status {
        LeadStatus::New => LeadStatus::New,
        _ => LeadStatus::Contacted,
    };
    let statuses = [before, lead.status];
    let statuses = &statuses[random.random_range(0..statuses.len())..];
    let mut written: Vec<Entry> = Vec::with_capacity(statuses.len());
    let mut since = parts.start;
    for &status in statuses.iter().filter(|_| lead.assigned_to.is_some()) {
        let wordings = notes(status);
        let (kind, content) = wordings[random.random_range(0..wordings.len())];
        if written.iter().any(|note| note.content == content) {
            continue;
        }
        since += (parts.end - since) * random.random::<f64>();
        let at = calendar.moment(since);
        written.push(Entry {
            id: id(at, random),
            author: lead.assigned_to,
            entry_type: kind.into(),
            content: content.to_owned(),
            changes: Vec::new(),
            at,
        });
    }
    written
}
