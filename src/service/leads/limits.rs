//! The limits of a filter: its size, and values that no lead can have.

use crate::service::Result;
use crate::service::leads::texts::{LONGEST_TEXT, TextRule, text_matches};
use crate::service::leads::{LeadFilter, TextMatch};
use crate::service::validation::{FieldErrors, custom_fields, searchable, stored_date};

const DEEPEST: usize = 5;
const MOST_PARTS: usize = 50;
const LONGEST_LIST: usize = 1000;
const LONGEST_TEXT_LIST: usize = 500;

/// Refuses a filter beyond the limits. Errors: `InvalidData` with all faults.
pub(super) fn check_filter(filter: &LeadFilter) -> Result<()> {
    let mut faults = FieldErrors::default();
    check_filter_as(filter, "", &mut faults);
    faults.finish()
}

/// The faults of a filter and search that are found under `prefix` in the request.
pub(crate) fn check_filter_as(filter: &LeadFilter, prefix: &str, faults: &mut FieldErrors) {
    let path = format!("{prefix}filter");
    let mut parts = 0;
    check_part(filter, &path, 1, &mut parts, faults);
    if parts > MOST_PARTS {
        let limit = format!("must have at most {MOST_PARTS} parts, has {parts}");
        faults.add(&path, limit);
    }
    faults.take(&format!("{prefix}search"), filter.search.check());
}

fn check_part(
    filter: &LeadFilter,
    path: &str,
    depth: usize,
    parts: &mut usize,
    faults: &mut FieldErrors,
) {
    *parts += 1;
    if depth > DEEPEST {
        return faults.add(path, format!("must nest at most {DEEPEST} deep"));
    }
    check_lists(filter, path, faults);
    check_values(filter, path, faults);
    let all_of = filter.and.iter().enumerate();
    let all_of = all_of.map(|(at, part)| (format!("{path}.and.{at}"), part));
    let some_of = filter.or.iter().flatten().enumerate();
    let some_of = some_of.map(|(at, part)| (format!("{path}.or.{at}"), part));
    let none = filter.not.as_deref();
    let none = none.map(|part| (format!("{path}.not"), part));
    let nested = all_of.chain(some_of).chain(none);
    nested.for_each(|(path, part)| check_part(part, &path, depth + 1, parts, faults));
}

fn check_lists(filter: &LeadFilter, path: &str, faults: &mut FieldErrors) {
    let lengths = [
        ("ids", filter.ids.as_ref().map(Vec::len)),
        ("status", filter.status.as_ref().map(Vec::len)),
        ("source", filter.source.as_ref().map(Vec::len)),
        ("assignedTo", filter.assigned_to.as_ref().map(Vec::len)),
        ("tags.all", filter.tags_all.as_ref().map(Vec::len)),
        ("tags.any", filter.tags_any.as_ref().map(Vec::len)),
        ("tags.none", filter.tags_none.as_ref().map(Vec::len)),
    ];
    for (field, length) in lengths {
        check_length(&format!("{path}.{field}"), length, LONGEST_LIST, faults);
    }
}

fn check_values(filter: &LeadFilter, path: &str, faults: &mut FieldErrors) {
    let tags = [
        ("all", &filter.tags_all),
        ("any", &filter.tags_any),
        ("none", &filter.tags_none),
    ];
    for (name, tags) in tags {
        for (at, tag) in tags.iter().flatten().enumerate() {
            let field = format!("{path}.tags.{name}.{at}");
            faults.take(&field, searchable(tag, LONGEST_TEXT));
        }
    }
    for (field, text, is_whole, is_start) in text_matches(filter) {
        text.check(&format!("{path}.{field}"), is_whole, is_start, faults);
    }
    let spans = [
        ("createdAt", &filter.created_at),
        ("updatedAt", &filter.updated_at),
        ("lastContactDate", &filter.last_contact_date.range),
        ("nextFollowUp", &filter.next_follow_up.range),
    ];
    for (field, range) in spans {
        for (end, date) in [("from", range.from), ("to", range.to)] {
            if let Some(date) = date {
                faults.take(&format!("{path}.{field}.{end}"), stored_date(date));
            }
        }
    }
    if let Some(fields) = &filter.custom_fields {
        faults.take(&format!("{path}.customFields"), custom_fields(fields));
    }
}

impl TextMatch {
    fn check(&self, path: &str, is_whole: TextRule, is_start: TextRule, faults: &mut FieldErrors) {
        if let Some(text) = &self.equals {
            faults.take(&format!("{path}.equals"), is_whole(text));
        }
        if let Some(text) = &self.starts_with {
            faults.take(&format!("{path}.startsWith"), is_start(text));
        }
        let length = self.one_of.as_ref().map(Vec::len);
        check_length(&format!("{path}.in"), length, LONGEST_TEXT_LIST, faults);
        for (at, text) in self.one_of.iter().flatten().enumerate() {
            faults.take(&format!("{path}.in.{at}"), is_whole(text));
        }
    }
}

fn check_length(field: &str, length: Option<usize>, longest: usize, faults: &mut FieldErrors) {
    if let Some(length) = length.filter(|&length| length > longest) {
        let limit = format!("must have at most {longest} values, has {length}");
        faults.add(field, limit);
    }
}
