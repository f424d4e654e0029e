//! The conditions of a filter on company, job title, e-mail address and phone number.

use diesel::prelude::*;

use crate::db::schema::leads;
use crate::service::leads::expression::{Condition, escaped};
use crate::service::leads::{LeadFilter, TextMatch};
use crate::service::text;
use crate::service::validation::searchable;

/// The maximum length of a text in a filter.
pub(super) const LONGEST_TEXT: usize = 254;

/// The conditions of a text filter on its key column: `$whole` and `$start` convert a text and a prefix
/// to the form of the column, if it can have them.
///
/// A prefix is a range, because PostgreSQL uses no index for a LIKE pattern that is a parameter.
macro_rules! conditions {
    ($text:expr, $column:ident, $whole:expr, $start:expr, $add:expr) => {{
        let text: &TextMatch = &$text;
        if let Some(equals) = &text.equals {
            $add(Box::new(leads::$column.eq($whole(equals))));
        }
        if let Some(some) = &text.one_of {
            let some: Vec<String> = some.iter().filter_map(|text| $whole(text)).collect();
            $add(Box::new(leads::$column.eq_any(some)));
        }
        if let Some(start) = text.starts_with.as_deref().and_then($start) {
            if let Some(end) = after_all_that_begin_with(&start) {
                $add(Box::new(leads::$column.lt(end)));
            }
            $add(Box::new(leads::$column.like(escaped(&start) + "%")));
            $add(Box::new(leads::$column.ge(start)));
        }
        match text.is_set {
            Some(true) => $add(Box::new(leads::$column.is_not_null().nullable())),
            Some(false) => $add(Box::new(leads::$column.is_null().nullable())),
            None => {}
        }
    }};
}

/// The conditions on identifying values, each with an index: on ids, e-mail address, phone number, company or
/// job title.
pub(super) fn named(filter: &LeadFilter) -> Vec<Condition> {
    let is_set = |text: &TextMatch| TextMatch {
        is_set: None,
        ..text.clone()
    };
    let named = LeadFilter {
        company: is_set(&filter.company),
        job_title: is_set(&filter.job_title),
        email: is_set(&filter.email),
        phone: is_set(&filter.phone),
        ..LeadFilter::default()
    };
    let mut all: Vec<Condition> = Vec::new();
    text_conditions(&named, &mut |condition| all.push(condition));
    let ids = filter.ids.clone();
    all.extend(ids.map(|ids| Box::new(leads::id.eq_any(ids).nullable()) as Condition));
    all
}

/// The conditions on each text. Invalid phone numbers match no lead; [`LeadFilter::check`] refuses
/// them.
pub(super) fn text_conditions(filter: &LeadFilter, add: &mut impl FnMut(Condition)) {
    let key = |text: &str| Some(text::key(text));
    let email_key = |address: &str| Some(text::email_key(address));
    let phone = |number: &str| text::phone(number, None).ok();
    let phone_start = |digits: &str| text::phone_start(digits).ok();
    conditions!(filter.company, company_key, key, key, add);
    conditions!(filter.job_title, job_title_key, key, key, add);
    conditions!(filter.email, email_key, email_key, email_key, add);
    conditions!(filter.phone, phone, phone, phone_start, add);
}

/// The text filters by their names in the API, with the rules for a whole text and for a prefix.
pub(super) fn text_matches(
    filter: &LeadFilter,
) -> impl Iterator<Item = (&'static str, &TextMatch, TextRule, TextRule)> {
    let is_text: TextRule = |text| searchable(text, LONGEST_TEXT);
    let is_phone: TextRule = |number| text::phone(number, None).map(drop);
    let is_start: TextRule = |digits| text::phone_start(digits).map(drop);
    [
        ("company", &filter.company, is_text, is_text),
        ("jobTitle", &filter.job_title, is_text, is_text),
        ("email", &filter.email, is_text, is_text),
        ("phone", &filter.phone, is_phone, is_start),
    ]
    .into_iter()
}

/// A rule that refuses a text which no lead can have.
pub(super) type TextRule = fn(&str) -> Result<(), String>;

/// The first text after all texts with this prefix, in the order of the "C" collation, which is that of
/// code points; `None` if the prefix has only the last character.
fn after_all_that_begin_with(start: &str) -> Option<String> {
    let next = |c: char| (u32::from(c) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
    let mut kept = start.to_owned();
    while let Some(last) = kept.pop() {
        if let Some(next) = next(last) {
            kept.push(next);
            return Some(kept);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::after_all_that_begin_with;

    #[test]
    fn a_range_of_texts_ends_where_the_next_begins() {
        for (start, end) in [
            ("+48601", Some("+48602")),
            ("+4899", Some("+489:")),
            ("a\u{d7ff}", Some("a\u{e000}")),
            ("a\u{10ffff}", Some("b")),
            ("\u{10ffff}", None),
            ("", None),
        ] {
            assert_eq!(after_all_that_begin_with(start).as_deref(), end, "{start}");
        }
    }
}
