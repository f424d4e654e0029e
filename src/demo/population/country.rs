use fake::RngExt;
use fake::locales::{DE_DE, Data, EN, FR_FR, IT_IT, NL_NL, PT_BR};
use fake::rand::rngs::StdRng;

use super::wording::{POLISH_FIRST, POLISH_LAST, SPANISH_FIRST, SPANISH_LAST};

/// A country that people come from: how they are called, in both senses.
#[derive(Clone, Copy)]
pub(in crate::demo) struct Country {
    first: &'static [&'static str],
    last: &'static [&'static str],
    legal: &'static [&'static str],
    /// Numbers of mobile phones: `#` is any digit, `N` one from 2 to 9.
    phones: &'static [&'static str],
    /// The free mail providers that people there use, the most frequent first.
    mail: &'static [&'static str],
}

/// All countries, with their shares in per cent.
pub(super) const ALL: [(Country, f64); 9] = [
    (
        country::<DE_DE>(
            &["GmbH", "AG", "KG", "GmbH & Co. KG"],
            &["+49151########", "+49176########"],
            &["gmail.com", "gmx.de", "web.de", "t-online.de", "outlook.de"],
        ),
        20.0,
    ),
    (
        Country {
            first: &POLISH_FIRST,
            last: &POLISH_LAST,
            ..country::<EN>(
                &["Sp. z o.o.", "S.A.", "Sp. j."],
                &["+4860#######", "+4850#######", "+4879#######"],
                &["gmail.com", "wp.pl", "onet.pl", "interia.pl", "o2.pl"],
            )
        },
        18.0,
    ),
    (
        country::<EN>(
            &["Inc.", "LLC", "Corp."],
            &[
                "+1212N######",
                "+1415N######",
                "+1312N######",
                "+1206N######",
            ],
            &[
                "gmail.com",
                "yahoo.com",
                "outlook.com",
                "icloud.com",
                "aol.com",
            ],
        ),
        16.0,
    ),
    (
        country::<EN>(
            &["Ltd", "plc", "LLP"],
            &["+4471########", "+4473########"],
            &[
                "gmail.com",
                "hotmail.co.uk",
                "btinternet.com",
                "yahoo.co.uk",
            ],
        ),
        12.0,
    ),
    (
        country::<FR_FR>(
            &["SARL", "SA", "SAS"],
            &["+3361#######", "+3367#######"],
            &[
                "gmail.com",
                "orange.fr",
                "free.fr",
                "laposte.net",
                "hotmail.fr",
            ],
        ),
        10.0,
    ),
    (
        Country {
            first: &SPANISH_FIRST,
            last: &SPANISH_LAST,
            ..country::<EN>(
                &["S.L.", "S.A."],
                &["+346########"],
                &["gmail.com", "hotmail.es", "yahoo.es", "outlook.es"],
            )
        },
        9.0,
    ),
    (
        country::<IT_IT>(
            &["S.r.l.", "S.p.A."],
            &["+39347#######", "+39333#######"],
            &["gmail.com", "libero.it", "virgilio.it", "hotmail.it"],
        ),
        6.0,
    ),
    (
        country::<NL_NL>(
            &["B.V.", "N.V."],
            &["+3161#######", "+3162#######"],
            &["gmail.com", "ziggo.nl", "kpnmail.nl", "live.nl"],
        ),
        4.0,
    ),
    (
        country::<PT_BR>(
            &["Ltda.", "S.A."],
            &["+55119########", "+55219########"],
            &["gmail.com", "uol.com.br", "bol.com.br", "yahoo.com.br"],
        ),
        3.0,
    ),
];

impl Country {
    pub(in crate::demo) fn first_name(&self, random: &mut StdRng) -> &'static str {
        any(self.first, random)
    }

    pub(in crate::demo) fn last_name(&self, random: &mut StdRng) -> &'static str {
        any(self.last, random)
    }

    pub(in crate::demo) fn legal_form(&self, random: &mut StdRng) -> &'static str {
        any(self.legal, random)
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

    /// The domain of an address that is nobody's business.
    pub(in crate::demo) fn free_domain(&self, random: &mut StdRng) -> &'static str {
        // The lower of two throws: the first ones of the list come up more often.
        let throw = random.random_range(0..self.mail.len());
        self.mail[throw.min(random.random_range(0..self.mail.len()))]
    }
}

const fn country<Names: Data>(
    legal: &'static [&'static str],
    phones: &'static [&'static str],
    mail: &'static [&'static str],
) -> Country {
    Country {
        first: Names::NAME_FIRST_NAME,
        last: Names::NAME_LAST_NAME,
        legal,
        phones,
        mail,
    }
}

fn any(list: &[&'static str], random: &mut StdRng) -> &'static str {
    list[random.random_range(0..list.len())]
}

#[cfg(test)]
mod tests {
    use fake::rand::SeedableRng;

    use super::*;

    #[test]
    fn every_phone_is_one_that_can_exist_and_stands_in_e164() {
        let mut random = StdRng::seed_from_u64(1);
        for (country, _) in ALL {
            for _ in 0..60 {
                let phone = country.phone(&mut random);
                let number = phonenumber::parse(None, &phone).expect(&phone);
                assert!(number.is_valid(), "{phone}");
                assert_eq!(
                    number.format().mode(phonenumber::Mode::E164).to_string(),
                    phone
                );
            }
        }
    }
}
