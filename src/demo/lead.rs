//! One lead: who it is, where it stands. Every probability of the made-up population is here.

use chrono::{DateTime, TimeDelta, Utc};
use fake::RngExt;
use fake::rand::rngs::StdRng;
use serde_json::{Value, json};
use uuid::{Builder, Uuid};

use super::population::{Country, Population, ascii};
use crate::service::LeadId;
use crate::service::leads::{Lead, LeadStatus, rescore};

/// The lead as it comes in: the `index`-th of all, in the order of time.
pub(super) fn incoming(population: &Population, index: u64, random: &mut StdRng) -> Lead {
    let quantile = (index as f64 + random.random::<f64>()) / population.leads as f64;
    let created_at = population.calendar.moment(quantile);
    let has_company = random.random_bool(0.8);
    let company = has_company.then(|| population.companies.draw(random));
    let country = match company {
        Some(company) => company.country,
        None => *population.countries.draw(random),
    };
    let (first_name, last_name) = (country.first_name(random), country.last_name(random));
    let domain = company.map(|company| company.domain.as_str());
    let mut email = email(first_name, last_name, domain, country, random);
    let (first_name, last_name) = known_names(index, company.is_some(), first_name, last_name);
    if first_name.is_none() && last_name.is_none() && email.is_some() {
        email = domain.map(|domain| format!("info@{domain}"));
    }
    let has_phone = email.is_none() || random.random_bool(0.85);
    let is_free = |email: &String| {
        let domain = email.rsplit_once('@').map(|(_, domain)| domain);
        domain.is_some_and(|domain| population.free_domains.contains(domain))
    };
    let id = LeadId(id(created_at, random));
    let mut lead = Lead {
        first_name,
        last_name,
        has_business_email: email.as_ref().is_some_and(|email| !is_free(email)),
        email,
        phone: has_phone.then(|| country.phone(random)),
        company: company.map(|company| company.name.clone()),
        source: *population.sources.draw(random),
        assigned_to: random
            .random_bool(0.93)
            .then(|| *population.agents.draw(random)),
        conversion_probability: 0.1,
        tags: tags(population, random),
        custom_fields: custom_fields(random).into(),
        ..Lead::blank(id, created_at)
    };
    rescore(&mut lead);
    lead
}

/// The known names of somebody: one of the two here and there, and neither of one in a list of
/// companies.
fn known_names(
    index: u64,
    has_company: bool,
    first: &str,
    last: &str,
) -> (Option<String>, Option<String>) {
    let (first, last) = (Some(first.to_owned()), Some(last.to_owned()));
    match index % 64 {
        20 => (first, None),
        41 => (None, last),
        60 if has_company => (None, None),
        _ => (first, last),
    }
}

/// Sets how far somebody has come with the lead by `at`.
pub(super) fn advance(
    lead: &mut Lead,
    population: &Population,
    at: DateTime<Utc>,
    random: &mut StdRng,
) {
    let age = (population.today - lead.created_at).num_days();
    lead.status = status(age, random);
    let likely: f64 = match lead.status {
        LeadStatus::Won => 1.0,
        LeadStatus::Lost => 0.0,
        LeadStatus::New => random.random_range(0.05..0.25),
        LeadStatus::Contacted | LeadStatus::Callback => random.random_range(0.1..0.4),
        LeadStatus::Qualified => random.random_range(0.25..0.6),
        LeadStatus::Proposal => random.random_range(0.4..0.75),
        LeadStatus::Negotiation => random.random_range(0.55..0.95),
    };
    lead.conversion_probability = (likely * 100.0).round() / 100.0;
    let is_closed = matches!(lead.status, LeadStatus::Won | LeadStatus::Lost);
    // Most plans lie ahead; those that somebody forgot are overdue.
    if random.random_bool(if is_closed { 0.04 } else { 0.65 }) {
        let minutes = random.random_range(-21 * 24 * 60..40 * 24 * 60);
        let planned = population.today + TimeDelta::minutes(minutes / 15 * 15);
        lead.next_follow_up = Some(planned.max(lead.created_at));
    }
    if lead.status != LeadStatus::New {
        lead.last_contact_date = Some(at);
        let tries = random.random_range(0..6) * random.random_range(0..3);
        lead.call_attempts = tries / 2;
    }
}

/// A UUID, version 7, of that moment: in the order of time to a quarter of a microsecond.
pub(super) fn id(at: DateTime<Utc>, random: &mut StdRng) -> Uuid {
    let mut rest: [u8; 10] = random.random();
    let fraction = at.timestamp_subsec_micros() % 1000 * 4096 / 1000;
    rest[..2].copy_from_slice(&(fraction as u16).to_be_bytes());
    let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(milliseconds, &rest).into_uuid()
}

/// A moment between the two, rather sooner than later.
pub(super) fn between(
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    random: &mut StdRng,
) -> DateTime<Utc> {
    let micros = (to - from).num_microseconds().unwrap_or_default();
    from + TimeDelta::microseconds((micros as f64 * random.random::<f64>().powi(2)) as i64)
}

fn status(age_in_days: i64, random: &mut StdRng) -> LeadStatus {
    // NEW, CONTACTED, QUALIFIED, PROPOSAL, NEGOTIATION, WON, LOST, CALLBACK, in per cent.
    let shares: [u32; 8] = match age_in_days {
        ..14 => [58, 22, 6, 2, 0, 1, 2, 9],
        14..60 => [22, 27, 17, 9, 6, 4, 6, 9],
        60..180 => [9, 16, 14, 10, 8, 15, 22, 6],
        _ => [4, 8, 6, 4, 3, 28, 44, 3],
    };
    let mut throw = random.random_range(0..100);
    for (&status, share) in LeadStatus::ALL.iter().zip(shares) {
        if throw < share {
            return status;
        }
        throw -= share;
    }
    LeadStatus::New
}

fn email(
    first: &str,
    last: &str,
    company: Option<&str>,
    country: Country,
    random: &mut StdRng,
) -> Option<String> {
    if random.random_bool(0.05) {
        return None;
    }
    let (first, last) = (ascii(first), ascii(last));
    match company.filter(|_| random.random_bool(0.9)) {
        Some(domain) if random.random_bool(0.25) => {
            Some(format!("{}.{last}@{domain}", first.get(..1).unwrap_or("x")))
        }
        Some(domain) => Some(format!("{first}.{last}@{domain}")),
        None => {
            let year = random.random_range(50..100);
            Some(format!(
                "{first}.{last}{year}@{}",
                country.free_domain(random)
            ))
        }
    }
}

fn tags(population: &Population, random: &mut StdRng) -> Vec<String> {
    let count = match random.random_range(0..100) {
        0..45 => 0,
        45..75 => 1,
        75..90 => 2,
        90..97 => 3,
        _ => 4,
    };
    let mut tags: Vec<String> = Vec::with_capacity(count);
    for _ in 0..count {
        let tag = *population.tags.draw(random);
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

fn custom_fields(random: &mut StdRng) -> Value {
    match random.random_range(0..10) {
        0..5 => json!({}),
        5..7 => json!({ "budget": random.random_range(1..100) * 500 }),
        7 => json!({ "employees": random.random_range(1..40) * 5, "erp": random.random_bool(0.5) }),
        8 => json!({ "campaign": format!("c-{:03}", random.random_range(1..60)) }),
        _ => json!({ "budget": random.random_range(1..100) * 500, "region": "EMEA" }),
    }
}
