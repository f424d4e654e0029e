//! An opportunity as a lead. The files hold no people: who the buyer is, is made up from the
//! opportunity's id and account, in the same way at each run.

use std::collections::HashMap;

use chrono::NaiveTime;
use serde_json::{Map, Value, json};

use super::read::Opportunity;
use crate::cli::seed::world::ascii;
use crate::service::UserId;
use crate::service::leads::{LeadSource, NewLead};

/// The domain of buyers whose account is not known.
const NO_ACCOUNT: &str = "unknown-account";

/// The area codes of the buyers' numbers. What follows, 555-01xx, is kept free for fiction.
const AREAS: [&str; 20] = [
    "201", "202", "206", "212", "213", "214", "215", "303", "305", "312", "404", "415", "503",
    "504", "602", "612", "617", "702", "713", "808",
];

pub(super) fn new(row: &Opportunity, agents: &HashMap<String, UserId>) -> NewLead {
    let midnight = |day: chrono::NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let domain = row.account.as_deref().map_or(NO_ACCOUNT.to_owned(), ascii);
    NewLead {
        first_name: Some("Buyer".to_owned()),
        last_name: Some(row.id.clone()),
        email: Some(format!("{}@{domain}.example", ascii(&row.id))),
        phone: Some(phone(&row.id)),
        company: row.account.clone(),
        source: Some(match row.account {
            Some(_) => LeadSource::Referral,
            None => LeadSource::Other,
        }),
        status: Some(row.status),
        assigned_to: agents.get(&row.agent).copied(),
        last_contact_date: row.closed.map(midnight),
        created_at: row.engaged.map(midnight),
        custom_fields: Some(custom_fields(row).into()),
        ..NewLead::default()
    }
}

fn custom_fields(row: &Opportunity) -> Value {
    let mut fields = Map::new();
    fields.insert("opportunityId".to_owned(), json!(row.id));
    if let Some(product) = &row.product {
        fields.insert("product".to_owned(), json!(product));
    }
    if let Some(value) = &row.close_value {
        fields.insert("closeValue".to_owned(), Value::Number(value.clone()));
    }
    Value::Object(fields)
}

fn phone(id: &str) -> String {
    let number = id.bytes().fold(0_usize, |number, byte| {
        (number * 31 + usize::from(byte)) % 9_973
    });
    format!(
        "+1{}55501{:02}",
        AREAS[number / 100 % AREAS.len()],
        number % 100
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phone_is_one_that_can_exist() {
        for id in (0..500).map(|n| format!("{n:08}")) {
            let number = phonenumber::parse(None, phone(&id)).expect("a number");
            assert!(number.is_valid(), "{number}");
        }
    }
}
