//! The conditions of a filter on company, e-mail address and phone number.

use diesel::prelude::*;

use crate::db::schema::leads;
use crate::service::leads::filter::Condition;
use crate::service::leads::sql::escaped;
use crate::service::leads::{LeadFilter, TextMatch};
use crate::service::text;

/// A pattern that is a parameter is none that PostgreSQL asks an index for, but a range is.
macro_rules! starts_with {
    ($column:ident, $start:expr, $add:expr) => {{
        let start = $start;
        if let Some(end) = after_all_that_begin_with(&start) {
            $add(Box::new(leads::$column.lt(end)));
        }
        $add(Box::new(leads::$column.like(escaped(&start) + "%")));
        $add(Box::new(leads::$column.ge(start)));
    }};
}

impl LeadFilter {
    /// The conditions that it names leads by: on their ids, or on e-mail address, phone number or company. An
    /// index has each.
    pub(super) fn named(&self) -> Vec<Condition> {
        let is_set = |text: &TextMatch| TextMatch {
            is_set: None,
            ..text.clone()
        };
        let named = Self {
            company: is_set(&self.company),
            email: is_set(&self.email),
            phone: is_set(&self.phone),
            ..Self::default()
        };
        let mut all: Vec<Condition> = Vec::new();
        named.text_conditions(&mut |condition| all.push(condition));
        let ids = self.ids.clone();
        all.extend(ids.map(|ids| Box::new(leads::id.eq_any(ids).nullable()) as Condition));
        all
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
            starts_with!(company_key, text::key(start), add);
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
            starts_with!(email_key, text::email_key(start), add);
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
            starts_with!(phone, start, add);
        }
        match is_set {
            Some(true) => add(Box::new(leads::phone.is_not_null().nullable())),
            Some(false) => add(Box::new(leads::phone.is_null().nullable())),
            None => {}
        }
    }
}

/// The next text that does not begin with this one, in the order of the "C" collation, which is that of
/// the characters' numbers; none after a text of nothing but the last character.
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
