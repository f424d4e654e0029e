use rand::RngExt;
use rand::rngs::StdRng;

use super::ascii;
use super::country::{Country, any};

/// A company that people work for.
pub(in crate::demo) struct Company {
    pub(in crate::demo) name: String,
    /// The words of its name, under .example, so that no mail ever reaches anybody.
    pub(in crate::demo) domain: String,
    pub(in crate::demo) country: &'static Country,
}

impl Company {
    pub(super) fn draw(country: &'static Country, random: &mut StdRng) -> Self {
        let family = any(country.last, random);
        let trade = any(country.trades, random).replace('*', family);
        let core = match random.random_range(0..10) {
            0..5 => trade,
            5..7 => format!("{trade} {}", any(country.towns, random)),
            7..9 => match any(country.last, random) {
                other if other == family => family.to_owned(),
                other => format!("{family} & {other}"),
            },
            _ => family.to_owned(),
        };
        let words: Vec<String> = core.split([' ', '&']).map(ascii).collect();
        let words: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|word| !word.is_empty())
            .collect();
        Self {
            name: format!("{} {}", capital(&core), any(country.legal, random)),
            domain: format!("{}.example", words.join("-")),
            country,
        }
    }
}

/// With a capital at the beginning, which Dutch family names lack behind a first name.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
