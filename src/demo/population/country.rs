use rand::RngExt;
use rand::rngs::StdRng;

/// A country that people come from, as lists with commas in between.
pub(in crate::demo) struct Country {
    /// ISO 3166.
    pub(in crate::demo) code: &'static str,
    /// Its share of all people, in per cent.
    pub(super) share: f64,
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    /// Names of companies, in which `*` is a family's.
    pub(super) trades: &'static str,
    pub(super) towns: &'static str,
    /// Legal forms, which end the name of a company.
    pub(super) legal: &'static str,
    /// Numbers of mobile phones: `#` is any digit, `N` one from 2 to 9.
    pub(super) phones: &'static str,
    /// The free mail providers that people there use, the most frequent first.
    pub(super) mail: &'static str,
}

impl Country {
    pub(in crate::demo) fn first_name(&self, random: &mut StdRng) -> &'static str {
        any(self.first, random)
    }

    /// The last name of somebody with that first name: in Polish, Jaworska is Jaworski's sister.
    pub(in crate::demo) fn last_name(&self, first_name: &str, random: &mut StdRng) -> String {
        let family = any(self.last, random);
        let is_womans = self.code == "PL" && first_name.ends_with('a');
        match family.strip_suffix("ki") {
            Some(stem) if is_womans => format!("{stem}ka"),
            _ => family.to_owned(),
        }
    }

    pub(in crate::demo) fn phone(&self, random: &mut StdRng) -> String {
        let template = any(self.phones, random);
        let digit = |place| match place {
            '#' => char::from(b'0' + random.random_range(0..10_u8)),
            'N' => char::from(b'2' + random.random_range(0..8_u8)),
            digit => digit,
        };
        template.chars().map(digit).collect()
    }

    /// The domain of a private address.
    pub(in crate::demo) fn free_domain(&self, random: &mut StdRng) -> &'static str {
        // The earlier of two: the first ones of the list come up more often.
        let two = [any(self.mail, random), any(self.mail, random)];
        let first = self.mail.split(',').map(str::trim);
        first
            .into_iter()
            .find(|domain| two.contains(domain))
            .unwrap_or(two[0])
    }
}

/// One word of a list.
pub(super) fn any(list: &'static str, random: &mut StdRng) -> &'static str {
    let place = random.random_range(0..list.split(',').count());
    list.split(',').nth(place).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::demo::population::countries::COUNTRIES;

    #[test]
    fn every_phone_is_one_that_can_exist_in_its_country_and_stands_in_e164() {
        let mut random = StdRng::seed_from_u64(1);
        for country in &COUNTRIES {
            for _ in 0..200 {
                let phone = country.phone(&mut random);
                let number = phonenumber::parse(None, &phone).expect(&phone);
                assert!(number.is_valid(), "{phone}");
                let id = number.country().id().map(|id| id.as_ref().to_owned());
                assert_eq!(id.as_deref(), Some(country.code), "{phone}");
                assert_eq!(
                    number.format().mode(phonenumber::Mode::E164).to_string(),
                    phone
                );
            }
        }
    }

    #[test]
    fn lists_have_no_word_twice_and_no_empty_one() {
        for country in &COUNTRIES {
            for list in [country.first, country.last, country.trades, country.towns] {
                let mut words: Vec<_> = list.split(',').map(str::trim).collect();
                words.sort_unstable();
                let pairs = words.windows(2).filter(|pair| pair[0] == pair[1]);
                assert_eq!(pairs.count(), 0, "{words:?}");
                assert_ne!(words[0], "", "{words:?}");
            }
        }
    }
}
