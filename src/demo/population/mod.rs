//! The data that leads are made up from, drawn up once for a whole run.

mod ascii;
mod calendar;
mod company;
mod countries;
mod country;
mod wording;

pub(super) use ascii::ascii;
pub(super) use calendar::Calendar;
pub(super) use company::Company;
pub(super) use countries::COUNTRIES;
pub(super) use country::Country;
pub(super) use wording::notes;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::weighted::Weighted;
use crate::service::UserId;
use crate::service::leads::LeadSource;
use calendar::midnight;

/// Everything that the leads of one run have in common.
pub(super) struct Population {
    /// The moment of the run: nothing that has been is later.
    pub(super) now: DateTime<Utc>,
    /// Its midnight, around which plans lie.
    pub(super) today: DateTime<Utc>,
    pub(super) calendar: Calendar,
    pub(super) countries: Weighted<&'static Country>,
    pub(super) companies: Weighted<Company>,
    pub(super) agents: Weighted<UserId>,
    pub(super) sources: Weighted<LeadSource>,
    pub(super) tags: Weighted<&'static str>,
    pub(super) free_domains: HashSet<String>,
    /// The number of leads that there will be, and what they are drawn from.
    pub(super) leads: u64,
    seed: [u64; 2],
}

impl Population {
    /// `there` is how many leads there are already: more of the same seed are others.
    pub(super) fn new(
        leads: u64,
        random_seed: u64,
        there: u64,
        now: DateTime<Utc>,
        agents: Vec<UserId>,
        free_domains: HashSet<String>,
    ) -> Self {
        let seed = [random_seed, there];
        let countries = COUNTRIES.iter().map(|country| (country, country.share));
        let countries = Weighted::new(countries);
        let pool = (leads as f64).powf(0.76).clamp(40.0, 100_000.0) as usize;
        let mut random = stream(seed, u64::MAX);
        let companies = companies(pool, &countries, &mut random);
        Self {
            now,
            today: midnight(now),
            calendar: Calendar::until(now),
            countries,
            companies: Weighted::long_tail(companies, 0.5),
            agents: Weighted::long_tail(agents, 0.5),
            sources: Weighted::new(SOURCES),
            tags: Weighted::long_tail(TAGS.to_vec(), 0.7),
            free_domains,
            leads,
            seed,
        }
    }

    /// The chances of one part of the leads: no part depends on another, so that they can be made
    /// at the same time and in any order.
    pub(super) fn random(&self, part: u64) -> StdRng {
        stream(self.seed, part)
    }
}

/// That many companies, each with a domain of its own.
fn companies(
    count: usize,
    countries: &Weighted<&'static Country>,
    random: &mut StdRng,
) -> Vec<Company> {
    let (mut companies, mut domains) = (Vec::with_capacity(count), HashSet::new());
    while companies.len() < count {
        let company = Company::draw(countries.draw(random), random);
        if domains.insert(company.domain.clone()) {
            companies.push(company);
        }
    }
    companies
}

const SOURCES: [(LeadSource, f64); 6] = [
    (LeadSource::Website, 38.0),
    (LeadSource::Referral, 17.0),
    (LeadSource::Facebook, 15.0),
    (LeadSource::Instagram, 13.0),
    (LeadSource::Whatsapp, 9.0),
    (LeadSource::Other, 8.0),
];

/// The most frequent first.
const TAGS: [&str; 24] = [
    "newsletter",
    "webinar",
    "demo-requested",
    "price-list",
    "enterprise",
    "smb",
    "trade-fair",
    "hot",
    "returning",
    "partner",
    "vip",
    "q3-campaign",
    "urgent",
    "technical",
    "decision-maker",
    "budget-approved",
    "workshop",
    "spring-sale",
    "upsell",
    "several-locations",
    "reseller",
    "trial",
    "long-term",
    "do-not-call-mornings",
];

fn stream(seed: [u64; 2], part: u64) -> StdRng {
    let mut bytes = [0; 32];
    for (place, number) in bytes.chunks_exact_mut(8).zip([seed[0], seed[1], part]) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    StdRng::from_seed(bytes)
}
