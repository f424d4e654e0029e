//! A lead with its timeline: what changed and what people noted, so that the changes replayed
//! give the lead as it is.

use chrono::{DateTime, Utc};
use fake::RngExt;
use fake::rand::rngs::StdRng;

use super::lead::{advance, between, id, incoming};
use super::population::{NOTES, Population, SENTENCES, SUBJECTS};
use crate::service::UserId;
use crate::service::leads::{Lead, LeadStatus, rescore};
use crate::service::timeline::{EntryType, FieldChange, NoteType, changes};

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

/// The `index`-th lead of all and its timeline, oldest entry first.
pub(super) fn lead_history(
    population: &Population,
    index: u64,
    random: &mut StdRng,
) -> (Lead, Vec<Entry>) {
    let mut lead = incoming(population, index, random);
    let touched_at = between(lead.created_at, population.today, random);
    let mut entries = Vec::with_capacity(2);
    if random.random_bool(TRAILED) {
        entries.push(change(None, &lead, random));
        step(
            &mut lead,
            &mut entries,
            touched_at,
            random,
            |lead, random| {
                advance(lead, population, touched_at, random);
            },
        );
    } else {
        advance(&mut lead, population, touched_at, random);
        let created = change(None, &lead, random);
        entries.push(created);
        lead.updated_at = touched_at;
    }
    if random.random_bool(NOTED) {
        for _ in 0..random.random_range(1..=2) {
            let at = between(lead.created_at, touched_at, random);
            entries.push(note(&lead, at, random));
        }
    }
    if random.random_bool(SCORED_BY_HAND) {
        let at = between(lead.updated_at, population.today, random);
        step(&mut lead, &mut entries, at, random, |lead, random| {
            lead.score_is_manual = true;
            lead.lead_score = random.random_range(0..=100);
        });
    }
    if random.random_bool(ARCHIVED) {
        let at = between(lead.updated_at, population.today, random);
        step(&mut lead, &mut entries, at, random, |lead, _| {
            lead.status_before_archive = Some(lead.status);
            lead.status = LeadStatus::Lost;
            lead.archived_at = Some(at);
            lead.tags.push("archived".to_owned());
        });
    }
    entries.sort_by_key(|entry| entry.at);
    (lead, entries)
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

fn note(lead: &Lead, at: DateTime<Utc>, random: &mut StdRng) -> Entry {
    let mut throw = random.random_range(0.0..100.0);
    let kind = NOTES.iter().find(|(_, share)| {
        throw -= share;
        throw < 0.0
    });
    let subject = SUBJECTS[random.random_range(0..SUBJECTS.len())];
    let sentence = SENTENCES[random.random_range(0..SENTENCES.len())];
    Entry {
        id: id(at, random),
        author: lead.assigned_to,
        entry_type: kind.map_or(NoteType::Note, |(kind, _)| *kind).into(),
        content: format!("{subject} {sentence}"),
        changes: Vec::new(),
        at,
    }
}
