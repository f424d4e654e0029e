//! Leads and their timelines as rows for COPY.

use super::lead_history::{Entry, lead_history};
use super::population::Population;
use crate::db::{Batch, Rows};
use crate::service::leads::{Keys, Lead, LeadStatus};
use crate::service::timeline::FieldChange;

const LEADS: [&str; 29] = [
    "id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "company",
    "source",
    "status",
    "assigned_to",
    "lead_score",
    "score_is_manual",
    "has_business_email",
    "conversion_probability",
    "last_contact_date",
    "next_follow_up",
    "call_attempts",
    "tags",
    "custom_fields",
    "created_at",
    "updated_at",
    "version",
    "archived_at",
    "status_before_archive",
    "also_known_as",
    "search_text",
    "last_name_key",
    "company_key",
    "email_key",
    "tag_keys",
];
const NOTES: [&str; 7] = [
    "id",
    "lead_id",
    "author_id",
    "note_type",
    "content",
    "changes",
    "created_at",
];

/// The leads of one part and their timelines.
pub(super) fn part(
    population: &Population,
    part: u64,
    indexes: std::ops::Range<u64>,
) -> Vec<Batch> {
    let mut random = population.random(part);
    let (mut leads, mut notes) = (Rows::default(), Rows::default());
    for index in indexes {
        let (lead, entries) = lead_history(population, index, &mut random);
        write_lead(&mut leads, &lead);
        for entry in &entries {
            write_note(&mut notes, &lead, entry);
        }
    }
    let batch = |table, columns, rows| Batch {
        table,
        columns,
        rows,
    };
    vec![
        batch("leads", &LEADS, leads),
        batch("lead_notes", &NOTES, notes),
    ]
}

fn write_lead(rows: &mut Rows, lead: &Lead) {
    rows.begin(LEADS.len());
    rows.uuid(lead.id.0);
    or_null(rows, lead.first_name.as_deref(), Rows::text);
    or_null(rows, lead.last_name.as_deref(), Rows::text);
    or_null(rows, lead.email.as_deref(), Rows::text);
    or_null(rows, lead.phone.as_deref(), Rows::text);
    or_null(rows, lead.company.as_deref(), Rows::text);
    rows.text(lead.source.as_str());
    rows.text(lead.status.as_str());
    or_null(rows, lead.assigned_to.map(|user| user.0), Rows::uuid);
    rows.integer(lead.lead_score);
    rows.boolean(lead.score_is_manual);
    rows.boolean(lead.has_business_email);
    rows.double(lead.conversion_probability);
    or_null(rows, lead.last_contact_date, Rows::timestamp);
    or_null(rows, lead.next_follow_up, Rows::timestamp);
    rows.integer(lead.call_attempts);
    rows.texts(&lead.tags);
    rows.json(&lead.custom_fields);
    rows.timestamp(lead.created_at);
    rows.timestamp(lead.updated_at);
    rows.integer(lead.version);
    or_null(rows, lead.archived_at, Rows::timestamp);
    let before = lead.status_before_archive.map(LeadStatus::as_str);
    or_null(rows, before, Rows::text);
    rows.texts(&lead.also_known_as);
    let keys = Keys::of(lead);
    rows.text(&keys.search_text);
    or_null(rows, keys.last_name_key.as_deref(), Rows::text);
    or_null(rows, keys.company_key.as_deref(), Rows::text);
    or_null(rows, keys.email_key.as_deref(), Rows::text);
    rows.texts(&keys.tag_keys);
}

fn write_note(rows: &mut Rows, lead: &Lead, entry: &Entry) {
    rows.begin(NOTES.len());
    rows.uuid(entry.id);
    rows.uuid(lead.id.0);
    or_null(rows, entry.author.map(|user| user.0), Rows::uuid);
    rows.text(entry.entry_type.as_str());
    rows.text(&entry.content);
    rows.json(&FieldChange::to_json(&entry.changes));
    rows.timestamp(entry.at);
}

fn or_null<T>(rows: &mut Rows, value: Option<T>, write: impl FnOnce(&mut Rows, T)) {
    match value {
        Some(value) => write(rows, value),
        None => rows.null(),
    }
}
