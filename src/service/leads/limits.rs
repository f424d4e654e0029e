//! The limits of a filter: it must not be larger than anybody needs, or of values that no lead can have.

use crate::service::Result;
use crate::service::leads::texts::{LONGEST_TEXT, TextRule, text_matches};
use crate::service::leads::{LeadFilter, TextMatch};
use crate::service::validation::{Faults, custom_fields, searchable, stored_date};

const DEEPEST: usize = 5;
const MOST_PARTS: usize = 50;
const LONGEST_LIST: usize = 1000;
const LONGEST_TEXT_LIST: usize = 500;

impl LeadFilter {
    /// Errors: `InvalidData` with all faults.
    pub(super) fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        self.check_as("", &mut faults);
        faults.finish()
    }

    /// The faults of a filter and search that stand under `prefix` in the request.
    pub(crate) fn check_as(&self, prefix: &str, faults: &mut Faults) {
        let path = format!("{prefix}filter");
        let mut parts = 0;
        self.check_part(&path, 1, &mut parts, faults);
        if parts > MOST_PARTS {
            let limit = format!("must have at most {MOST_PARTS} parts, has {parts}");
            faults.add(&path, limit);
        }
        faults.take(&format!("{prefix}search"), self.search.check());
    }

    fn check_part(&self, path: &str, depth: usize, parts: &mut usize, faults: &mut Faults) {
        *parts += 1;
        if depth > DEEPEST {
            return faults.add(path, format!("must nest at most {DEEPEST} deep"));
        }
        self.check_lists(path, faults);
        self.check_values(path, faults);
        let all_of = self.and.iter().enumerate();
        let all_of = all_of.map(|(at, part)| (format!("{path}.and.{at}"), part));
        let some_of = self.or.iter().flatten().enumerate();
        let some_of = some_of.map(|(at, part)| (format!("{path}.or.{at}"), part));
        let none = self.not.as_deref();
        let none = none.map(|part| (format!("{path}.not"), part));
        let nested = all_of.chain(some_of).chain(none);
        nested.for_each(|(path, part)| part.check_part(&path, depth + 1, parts, faults));
    }

    fn check_lists(&self, path: &str, faults: &mut Faults) {
        let lengths = [
            ("ids", self.ids.as_ref().map(Vec::len)),
            ("status", self.status.as_ref().map(Vec::len)),
            ("source", self.source.as_ref().map(Vec::len)),
            ("assignedTo", self.assigned_to.as_ref().map(Vec::len)),
            ("tags.all", self.tags_all.as_ref().map(Vec::len)),
            ("tags.any", self.tags_any.as_ref().map(Vec::len)),
            ("tags.none", self.tags_none.as_ref().map(Vec::len)),
        ];
        for (field, length) in lengths {
            check_length(&format!("{path}.{field}"), length, LONGEST_LIST, faults);
        }
    }

    fn check_values(&self, path: &str, faults: &mut Faults) {
        let tags = [
            ("all", &self.tags_all),
            ("any", &self.tags_any),
            ("none", &self.tags_none),
        ];
        for (name, tags) in tags {
            for (at, tag) in tags.iter().flatten().enumerate() {
                let field = format!("{path}.tags.{name}.{at}");
                faults.take(&field, searchable(tag, LONGEST_TEXT));
            }
        }
        for (field, text, is_whole, is_start) in text_matches(self) {
            text.check(&format!("{path}.{field}"), is_whole, is_start, faults);
        }
        let spans = [
            ("createdAt", &self.created_at),
            ("updatedAt", &self.updated_at),
            ("lastContactDate", &self.last_contact_date.span),
            ("nextFollowUp", &self.next_follow_up.span),
        ];
        for (field, span) in spans {
            for (end, date) in [("from", span.from), ("to", span.to)] {
                if let Some(date) = date {
                    faults.take(&format!("{path}.{field}.{end}"), stored_date(date));
                }
            }
        }
        if let Some(fields) = &self.custom_fields {
            faults.take(&format!("{path}.customFields"), custom_fields(fields));
        }
    }
}

impl TextMatch {
    fn check(&self, path: &str, is_whole: TextRule, is_start: TextRule, faults: &mut Faults) {
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

fn check_length(field: &str, length: Option<usize>, longest: usize, faults: &mut Faults) {
    if let Some(length) = length.filter(|&length| length > longest) {
        let limit = format!("must have at most {longest} values, has {length}");
        faults.add(field, limit);
    }
}
