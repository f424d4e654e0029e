//! What a filter says of company, e-mail address and phone number.

use diesel::prelude::*;

use crate::db::schema::leads;
use crate::service::leads::filter::Condition;
use crate::service::leads::sql::escaped;
use crate::service::leads::{LeadFilter, TextMatch};
use crate::service::text;

impl LeadFilter {
    /// Whether it names leads by what an index of its own has, and the search index has not: their
    /// ids, or what is said of e-mail address, phone number or company.
    pub(super) fn names_leads(&self) -> bool {
        let texts = [&self.email, &self.phone, &self.company];
        self.ids.is_some() || texts.iter().any(|text| **text != TextMatch::default())
    }

    pub(super) fn text_conditions(&self, add: &mut impl FnMut(Condition)) {
        self.company_conditions(add);
        self.email_conditions(add);
        self.phone_conditions(add);
    }

    fn company_conditions(&self, add: &mut impl FnMut(Condition)) {
        let TextMatch {
            equals,
            one_of,
            starts_with,
            is_set,
        } = &self.company;
        if let Some(company) = equals {
            add(Box::new(leads::company_key.eq(text::key(company))));
        }
        if let Some(some) = one_of {
            let keys: Vec<String> = some.iter().map(|company| text::key(company)).collect();
            add(Box::new(leads::company_key.eq_any(keys)));
        }
        if let Some(start) = starts_with {
            let pattern = escaped(&text::key(start)) + "%";
            add(Box::new(leads::company_key.like(pattern)));
        }
        match is_set {
            Some(true) => add(Box::new(leads::company_key.is_not_null().nullable())),
            Some(false) => add(Box::new(leads::company_key.is_null().nullable())),
            None => {}
        }
    }

    fn email_conditions(&self, add: &mut impl FnMut(Condition)) {
        let TextMatch {
            equals,
            one_of,
            starts_with,
            is_set,
        } = &self.email;
        if let Some(email) = equals {
            add(Box::new(leads::email_key.eq(text::email_key(email))));
        }
        if let Some(some) = one_of {
            let keys: Vec<String> = some.iter().map(|email| text::email_key(email)).collect();
            add(Box::new(leads::email_key.eq_any(keys)));
        }
        if let Some(start) = starts_with {
            let pattern = escaped(&text::email_key(start)) + "%";
            add(Box::new(leads::email_key.like(pattern)));
        }
        match is_set {
            Some(true) => add(Box::new(leads::email_key.is_not_null().nullable())),
            Some(false) => add(Box::new(leads::email_key.is_null().nullable())),
            None => {}
        }
    }

    /// Numbers that cannot be are no lead's; [`LeadFilter::check`] refuses them.
    fn phone_conditions(&self, add: &mut impl FnMut(Condition)) {
        let TextMatch {
            equals,
            one_of,
            starts_with,
            is_set,
        } = &self.phone;
        if let Some(number) = equals {
            add(Box::new(leads::phone.eq(text::phone(number, None).ok())));
        }
        if let Some(some) = one_of {
            let numbers: Vec<String> = some
                .iter()
                .filter_map(|n| text::phone(n, None).ok())
                .collect();
            add(Box::new(leads::phone.eq_any(numbers)));
        }
        if let Some(start) = starts_with
            .as_deref()
            .and_then(|s| text::phone_start(s).ok())
        {
            // An index that is not in the "C" collation is not asked for a pattern, but for a range.
            add(Box::new(leads::phone.ge(start.clone())));
            if let Some(end) = after_all_that_begin_with(&start) {
                add(Box::new(leads::phone.lt(end)));
            }
            add(Box::new(leads::phone.like(start + "%")));
        }
        match is_set {
            Some(true) => add(Box::new(leads::phone.is_not_null().nullable())),
            Some(false) => add(Box::new(leads::phone.is_null().nullable())),
            None => {}
        }
    }
}

/// The next number of as many digits, if there is one.
fn after_all_that_begin_with(start: &str) -> Option<String> {
    let digits = start.trim_start_matches('+');
    let kept = digits.trim_end_matches('9');
    let (last, before) = kept.as_bytes().split_last()?;
    let before = String::from_utf8_lossy(before);
    Some(format!("+{before}{}", char::from(last + 1)))
}

#[cfg(test)]
mod tests {
    use super::after_all_that_begin_with;

    #[test]
    fn a_range_of_numbers_ends_where_the_next_begins() {
        for (start, end) in [
            ("+48601", Some("+48602")),
            ("+4899", Some("+49")),
            ("+9", None),
        ] {
            assert_eq!(after_all_that_begin_with(start).as_deref(), end, "{start}");
        }
    }
}
