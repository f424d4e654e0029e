//! What a filter must not be: larger than anybody needs, or of values that no lead can have.

use crate::service::Result;
use crate::service::leads::LeadFilter;
use crate::service::validation::{Faults, custom_fields, searchable, stored_date};

const DEEPEST: usize = 5;
const MOST_PARTS: usize = 50;
const LONGEST_LIST: usize = 1000;
const LONGEST_TEXT: usize = 254;

impl LeadFilter {
    /// Errors: `InvalidData` with all faults.
    pub(super) fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        let mut parts = 0;
        self.check_part(1, &mut parts, &mut faults);
        if parts > MOST_PARTS {
            faults.add(
                "filter",
                format!("must have at most {MOST_PARTS} parts, has {parts}"),
            );
        }
        faults.finish()?;
        self.search.check()
    }

    fn check_part(&self, depth: usize, parts: &mut usize, faults: &mut Faults) {
        *parts += 1;
        if depth > DEEPEST {
            return faults.add("filter", format!("must nest at most {DEEPEST} deep"));
        }
        self.check_lists(faults);
        self.check_values(faults);
        let some_of = self.or.iter().flatten();
        let nested = self.and.iter().chain(some_of).chain(self.not.as_deref());
        nested.for_each(|part| part.check_part(depth + 1, parts, faults));
    }

    fn check_lists(&self, faults: &mut Faults) {
        let lengths = [
            ("filter.status", self.status.as_ref().map(Vec::len)),
            ("filter.source", self.source.as_ref().map(Vec::len)),
            ("filter.assignedTo", self.assigned_to.as_ref().map(Vec::len)),
            ("filter.tags.all", self.tags_all.as_ref().map(Vec::len)),
            ("filter.tags.any", self.tags_any.as_ref().map(Vec::len)),
            ("filter.tags.none", self.tags_none.as_ref().map(Vec::len)),
        ];
        for (field, length) in lengths {
            if let Some(length) = length.filter(|&length| length > LONGEST_LIST) {
                let limit = format!("must have at most {LONGEST_LIST} values, has {length}");
                faults.add(field, limit);
            }
        }
    }

    fn check_values(&self, faults: &mut Faults) {
        let tags = [&self.tags_all, &self.tags_any, &self.tags_none];
        for tag in tags.into_iter().flatten().flatten() {
            faults.take("filter.tags", searchable(tag, LONGEST_TEXT));
        }
        let texts = [
            ("filter.company", &self.company),
            ("filter.email", &self.email),
        ];
        for (field, text) in texts {
            for value in [&text.equals, &text.starts_with].into_iter().flatten() {
                faults.take(field, searchable(value, LONGEST_TEXT));
            }
        }
        let spans = [
            ("filter.createdAt", &self.created_at),
            ("filter.updatedAt", &self.updated_at),
            ("filter.lastContactDate", &self.last_contact_date),
            ("filter.nextFollowUp", &self.next_follow_up),
        ];
        for (field, span) in spans {
            for date in [span.from, span.to].into_iter().flatten() {
                faults.take(field, stored_date(date));
            }
        }
        if let Some(fields) = &self.custom_fields {
            faults.take("filter.customFields", custom_fields(fields));
        }
    }
}
