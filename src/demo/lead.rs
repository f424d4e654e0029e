//! One lead: who it is, where it stands, and with which probability.

use chrono::{DateTime, Utc};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use uuid::{Builder, Uuid};

use super::follow_up::follow_up;
use super::population::{Country, Population, ascii};
use crate::service::LeadId;
use crate::service::leads::{Lead, LeadStatus, rescore};

/// The parts of all leads that come in during the last day and the last month of the year.
const A_DAY: f64 = 0.004;
const A_MONTH: f64 = 0.12;

/// The `index`-th lead as it comes in, when that part, 0–1, of all leads has come in.
pub(super) fn incoming(
    population: &Population,
    index: u64,
    part: f64,
    random: &mut StdRng,
) -> Lead {
    let created_at = population.calendar.moment(part);
    let has_company = random.random_bool(0.74);
    let company = has_company.then(|| population.companies.draw(random));
    let country = match company {
        Some(company) => company.country,
        None => *population.countries.draw(random),
    };
    let first_name = country.first_name(random);
    let last_name = country.last_name(first_name, random);
    let domain = company.map(|company| company.domain.as_str());
    let mut email = email(first_name, &last_name, domain, country, random);
    let (first_name, last_name) = known_names(index, has_company, first_name, &last_name);
    if first_name.is_none() && last_name.is_none() && email.is_some() {
        email = domain.map(|domain| format!("info@{domain}"));
    }
    let has_phone = email.is_none() || random.random_bool(0.85);
    let is_free = |email: &String| {
        let domain = email.rsplit_once('@').map(|(_, domain)| domain);
        domain.is_some_and(|domain| population.free_domains.contains(domain))
    };
    let tags = tags(population, random);
    let mut lead = Lead {
        first_name,
        last_name,
        has_business_email: email.as_ref().is_some_and(|email| !is_free(email)),
        email,
        phone: has_phone.then(|| country.phone(random)),
        company: company.map(|company| company.name.clone()),
        source: *population.sources.draw(random),
        assigned_to: random
            .random_bool(0.88)
            .then(|| *population.agents.draw(random)),
        conversion_probability: 0.1,
        custom_fields: custom_fields(country, &tags, random).into(),
        tags,
        ..Lead::blank(LeadId(id(created_at, random)), created_at)
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

/// The status of a lead of that age.
pub(super) fn status(age_in_days: i64, random: &mut StdRng) -> LeadStatus {
    // NEW, CONTACTED, QUALIFIED, PROPOSAL, NEGOTIATION, WON, LOST, CALLBACK, in per cent.
    let shares: [u32; 8] = match age_in_days {
        ..7 => [58, 22, 6, 2, 0, 1, 2, 9],
        7..30 => [30, 22, 15, 9, 6, 4, 5, 9],
        30..90 => [9, 16, 14, 10, 8, 15, 22, 6],
        _ => [2, 8, 6, 4, 3, 29, 45, 3],
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

/// The part of all leads that has come in when one of that status, which came in at `part`, was
/// last worked on: soon where nobody called yet, lately where it goes on, and at any time where it
/// is over.
pub(super) fn touched(status: LeadStatus, part: f64, random: &mut StdRng) -> f64 {
    let rest = 1.0 - part;
    match status {
        LeadStatus::New => part + rest.min(A_DAY) * random.random::<f64>(),
        LeadStatus::Won | LeadStatus::Lost => later(part, random),
        _ => (1.0 - rest.min(A_MONTH) * random.random::<f64>()).max(part),
    }
}

/// A part behind that one, rather sooner than later.
pub(super) fn later(part: f64, random: &mut StdRng) -> f64 {
    part + (1.0 - part) * random.random::<f64>().powi(2)
}

/// Sets how far somebody has come with the lead by `at`.
pub(super) fn advance(
    lead: &mut Lead,
    population: &Population,
    (status, at): (LeadStatus, DateTime<Utc>),
    random: &mut StdRng,
) {
    lead.status = status;
    let likely: f64 = match status {
        LeadStatus::Won => 1.0,
        LeadStatus::Lost => 0.0,
        LeadStatus::New => random.random_range(0.05..0.25),
        LeadStatus::Contacted | LeadStatus::Callback => random.random_range(0.1..0.4),
        LeadStatus::Qualified => random.random_range(0.25..0.6),
        LeadStatus::Proposal => random.random_range(0.4..0.75),
        LeadStatus::Negotiation => random.random_range(0.55..0.95),
    };
    lead.conversion_probability = (likely * 100.0).round() / 100.0;
    let is_closed = matches!(status, LeadStatus::Won | LeadStatus::Lost);
    let is_planned = match status {
        LeadStatus::Won | LeadStatus::Lost => 0.04,
        LeadStatus::Callback => 1.0,
        _ => 0.6,
    };
    if random.random_bool(is_planned) {
        lead.next_follow_up = Some(follow_up(population.today, at, is_closed, random));
    }
    if status != LeadStatus::New {
        lead.last_contact_date = Some(at);
        let tries = random.random_range(0..6) * random.random_range(0..3) / 2;
        lead.call_attempts = tries.max(i32::from(status == LeadStatus::Callback));
    }
    // Somebody does the work; what is new or lost may be nobody's.
    if !matches!(status, LeadStatus::New | LeadStatus::Lost) && lead.assigned_to.is_none() {
        lead.assigned_to = Some(*population.agents.draw(random));
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

fn email(
    first: &str,
    last: &str,
    company: Option<&str>,
    country: &Country,
    random: &mut StdRng,
) -> Option<String> {
    if random.random_bool(0.05) {
        return None;
    }
    let (first, last) = (ascii(first), ascii(last));
    Some(match company {
        Some(domain) if random.random_bool(0.25) => {
            format!("{}.{last}@{domain}", first.get(..1).unwrap_or("x"))
        }
        Some(domain) => format!("{first}.{last}@{domain}"),
        None => {
            let year = random.random_range(50..100);
            format!("{first}.{last}{year}@{}", country.free_domain(random))
        }
    })
}

/// Tags that no lead has two of.
const SIZES: [&str; 2] = ["enterprise", "smb"];

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
        let is_size = |tag: &str| SIZES.contains(&tag);
        let clashes = |known: &String| known == tag || is_size(known) && is_size(tag);
        if !tags.iter().any(clashes) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

const CAMPAIGNS: [&str; 4] = [
    "spring mailing",
    "trade fair",
    "search ads",
    "partner mailing",
];

fn custom_fields(country: &Country, tags: &[String], random: &mut StdRng) -> Value {
    let budget = random.random_range(1..100) * 500;
    let is_large = tags.iter().any(|tag| tag == SIZES[0]);
    let employees = random.random_range(1..40) * if is_large { 100 } else { 5 };
    match random.random_range(0..10) {
        0..5 => json!({}),
        5..7 => json!({ "budget": budget }),
        7 => json!({ "employees": employees, "erp": random.random_bool(0.5) }),
        8 => json!({ "campaign": CAMPAIGNS[random.random_range(0..CAMPAIGNS.len())] }),
        _ => json!({ "budget": budget, "country": country.code }),
    }
}
