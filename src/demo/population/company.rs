use fake::RngExt;
use fake::rand::rngs::StdRng;

use super::country::Country;
use super::{Weighted, ascii};

/// A company that people work for.
pub(in crate::demo) struct Company {
    pub(in crate::demo) name: String,
    /// Under .example, so that no mail ever reaches anybody.
    pub(in crate::demo) domain: String,
    pub(in crate::demo) country: Country,
}

const TRADES: [&str; 24] = [
    "Systems",
    "Logistics",
    "Consulting",
    "Software",
    "Media",
    "Energy",
    "Textiles",
    "Foods",
    "Robotics",
    "Pharma",
    "Construction",
    "Optics",
    "Design",
    "Travel",
    "Finance",
    "Motors",
    "Analytics",
    "Education",
    "Security",
    "Telecom",
    "Marine",
    "Packaging",
    "Health",
    "Events",
];

impl Company {
    pub(super) fn draw(countries: &Weighted<Country>, random: &mut StdRng) -> Self {
        let country = *countries.draw(random);
        let family = country.last_name(random);
        let trade = TRADES[random.random_range(0..TRADES.len())];
        let legal = country.legal_form(random);
        let (core, slug) = match random.random_range(0..10) {
            0..4 => (
                format!("{family} {trade}"),
                [family, trade].map(ascii).join("-"),
            ),
            4..7 => {
                let other = country.last_name(random);
                (
                    format!("{family} & {other}"),
                    [family, other].map(ascii).join("-"),
                )
            }
            _ => (family.to_owned(), ascii(family)),
        };
        Self {
            name: format!("{core} {legal}"),
            domain: format!("{slug}.example"),
            country,
        }
    }
}
