use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use phonenumber::Metadata;
use phonenumber::metadata::DATABASE;

use super::ascii_phone;
use super::valid::is_valid;

/// The longest text that is looked at: a number with all its marks.
const LONGEST: usize = 80;
const LONGEST_EXTENSION: usize = 10;
/// More digits than any number has.
const MOST_DIGITS: usize = 17;
const IMPOSSIBLE: &str = "is not a phone number that can exist";
const ODD: &str = "must be a phone number, like +48 123 456 789 or +48 123 456 789 ext. 12";
const NATIONAL: &str = "is a national number: write it internationally, like +48 123 456 789, or name its \
                        country in phoneRegion or CRM_PHONE_REGION";

/// The country that a national phone number is of, by the two letters of ISO 3166.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PhoneRegion([u8; 2]);

/// The region of national numbers where an input names none.
static DEFAULT: OnceLock<PhoneRegion> = OnceLock::new();

/// Says once, for the whole process, of which country national numbers are where an input names none
/// (`CRM_PHONE_REGION`).
pub fn set_phone_region(region: PhoneRegion) {
    // Whoever says it twice has said it.
    let _ = DEFAULT.set(region);
}

impl PhoneRegion {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn metadata(self) -> Option<&'static Metadata> {
        DATABASE.by_id(self.as_str())
    }
}

impl FromStr for PhoneRegion {
    type Err = String;

    /// Errors: the sentence that says what is wanted.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = "must be a country's two letters, like PL";
        let letters = text.trim().to_ascii_uppercase();
        let region = <[u8; 2]>::try_from(letters.as_bytes()).map_err(|_| wanted)?;
        let region = Self(region);
        match region.metadata() {
            Some(_) if letters.is_ascii() => Ok(region),
            _ => Err(wanted.to_owned()),
        }
    }
}

impl fmt::Debug for PhoneRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The number as RFC 3966 writes a global one, without `tel:`: in E.164, with its extension if it has
/// one (`+48601234567;ext=12`). A number that does not begin with `+` or `00` is one of the region.
pub fn phone(value: &str, region: Option<PhoneRegion>) -> Result<String, String> {
    let pasted = ascii_phone(value);
    if pasted.len() > LONGEST || !pasted.contains(|c: char| c.is_ascii_digit()) {
        return Err(IMPOSSIBLE.to_owned());
    }
    let (number, extension) = parts(&pasted)?;
    let number = match international(number)? {
        Some(digits) => global(&digits),
        None => {
            let region = region.or_else(|| DEFAULT.get().copied());
            let meta = region.and_then(PhoneRegion::metadata).ok_or(NATIONAL)?;
            local(&digits(number), meta)
        }
    };
    let number = number.ok_or(IMPOSSIBLE)?;
    Ok(match extension {
        Some(extension) => format!("+{number};ext={extension}"),
        None => format!("+{number}"),
    })
}

/// The beginning of a number in E.164 (`+4860`): the first digits of one that is written
/// internationally.
pub(crate) fn phone_start(value: &str) -> Result<String, String> {
    let pasted = ascii_phone(value).replace("(0)", "");
    let is_part = |c: char| c.is_ascii_digit() || "+-./()[]~ ".contains(c);
    let digits = digits(&pasted);
    let digits = digits.trim_start_matches('0');
    if !pasted.chars().all(is_part) || digits.is_empty() || digits.len() > MOST_DIGITS {
        return Err("must be the first digits of an international number, like +48 60".to_owned());
    }
    Ok(format!("+{digits}"))
}

/// The number and its extension.
fn parts(pasted: &str) -> Result<(&str, Option<String>), String> {
    let is_mark = |c: char| c.is_alphabetic() || c == '#' || c == ';' || c == ',';
    let Some(end) = pasted.find(is_mark) else {
        return Ok((pasted, None));
    };
    let (number, rest) = pasted.split_at(end);
    let rest = rest.trim_start_matches([',', ';', ' ']).to_lowercase();
    let after = ["extension", "extn", "ext", "x", "#"];
    let after = after.iter().find_map(|mark| rest.strip_prefix(mark));
    let paused = pasted[end..].starts_with(",,").then_some(rest.as_str());
    let Some(after) = after.or(paused) else {
        return Err(ODD.to_owned());
    };
    let extension = after.trim_start_matches(['.', ':', '=', ' ']);
    let extension = extension.trim_end_matches(['#', ')', ' ', '.']);
    let is_number = !extension.is_empty() && extension.bytes().all(|b| b.is_ascii_digit());
    if !is_number || extension.len() > LONGEST_EXTENSION {
        return Err(format!(
            "must have an extension of 1 to {LONGEST_EXTENSION} digits, or none"
        ));
    }
    Ok((number, Some(extension.to_owned())))
}

/// The digits of a number that begins with `+` or `00`, from the country's code on.
fn international(number: &str) -> Result<Option<String>, String> {
    let is_part = |c: char| c.is_ascii_digit() || "+-./()[]~ ".contains(c);
    if !number.chars().all(is_part) {
        return Err(ODD.to_owned());
    }
    let digits = digits(number);
    let before = number.split(|c: char| c.is_ascii_digit()).next();
    let before = before.unwrap_or_default().matches('+').count();
    match number.matches('+').count() {
        0 => Ok(digits.strip_prefix("00").map(str::to_owned)),
        1 if before == 1 => Ok(Some(digits)),
        _ => Err(IMPOSSIBLE.to_owned()),
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A number with its country's code. The digit that is dialled before national numbers is dropped where
/// the number is none with it, by what the country's metadata says: +7 812 … keeps its 8, +7 8 912 …
/// loses it.
fn global(digits: &str) -> Option<String> {
    let codes = (1..=3).filter_map(|length| digits.split_at_checked(length));
    let mut codes = codes.filter_map(|(code, national)| Some((code.parse().ok()?, national)));
    codes.find_map(|(code, national): (u16, &str)| {
        let regions = DATABASE.by_code(&code)?;
        if is_valid(&regions, national) {
            return Some(format!("{code}{national}"));
        }
        let bare = regions
            .iter()
            .flat_map(|meta| without_prefix(meta, national));
        let bare = bare
            .into_iter()
            .find(|national| is_valid(&regions, national))?;
        Some(format!("{code}{bare}"))
    })
}

/// A number as it is dialled in a region: with or without what is dialled before national numbers, or
/// with the country's code, or with what is dialled there before another country's.
fn local(digits: &str, meta: &Metadata) -> Option<String> {
    let code = meta.country_code();
    let regions = DATABASE.by_code(&code)?;
    let prefix = meta.international_prefix();
    if let Some(abroad) = prefix.and_then(|prefix| prefix.find(digits))
        && abroad.start() == 0
        && let Some(number) = global(&digits[abroad.end()..])
    {
        return Some(number);
    }
    let as_it_is = std::iter::once(digits.to_owned());
    let mut national = as_it_is.chain(without_prefix(meta, digits));
    if let Some(national) = national.find(|national| is_valid(&regions, national)) {
        return Some(format!("{code}{national}"));
    }
    let rest = digits.strip_prefix(&code.to_string())?;
    is_valid(&regions, rest).then(|| digits.to_owned())
}

/// The rests of a national number without what is dialled before it.
fn without_prefix(meta: &Metadata, national: &str) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(parsing) = meta.national_prefix_for_parsing()
        && let Some(found) = parsing.captures(national)
        && let Some(whole) = found.get(0).filter(|whole| whole.start() == 0)
    {
        let last = found.get(found.len() - 1);
        if let Some(rule) = meta.national_prefix_transform_rule()
            && (last.is_some() || found.len() == 1)
        {
            all.push(parsing.replace(national, rule).into_owned());
        }
        all.push(national[whole.end()..].to_owned());
    }
    let prefix = meta.national_prefix().filter(|prefix| !prefix.is_empty());
    all.extend(
        prefix
            .and_then(|prefix| national.strip_prefix(prefix))
            .map(str::to_owned),
    );
    all
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_beginning_is_its_digits_however_it_is_written() {
        for (written, start) in [
            ("+48 60", "+4860"),
            ("0048 (60)", "+4860"),
            ("48-60", "+4860"),
            ("+49 (0)30 9", "+49309"),
            ("+4", "+4"),
        ] {
            assert_eq!(super::phone_start(written).unwrap(), start);
        }
        for wrong in ["", "+", "00", "a1", "+48 60x", "+48 60%", &"4".repeat(18)] {
            assert!(super::phone_start(wrong).is_err(), "{wrong:?} was accepted");
        }
    }

    use super::{PhoneRegion, phone};

    fn region(letters: &str) -> Option<PhoneRegion> {
        Some(letters.parse().unwrap())
    }

    #[test]
    fn any_international_spelling_becomes_e164() {
        for (spelling, expected) in [
            ("+48 601 234 567", "+48601234567"),
            ("0048601234567", "+48601234567"),
            ("(0048) 601234567", "+48601234567"),
            ("+48 (601) 234-567", "+48601234567"),
            ("(+48) 601 234 567", "+48601234567"),
            ("\u{202a}+48 601 234 567\u{202c}", "+48601234567"),
            ("\u{2068}+49 1512 3456789\u{2069}", "+4915123456789"),
            ("＋４８ 601 234 567", "+48601234567"),
            ("+966 ٥٠ ١٢٣ ٤٥٦٧", "+966501234567"),
            ("+91 ९८७६५ ४३२१०", "+919876543210"),
            ("+48‑601–234—567", "+48601234567"),
            ("+48·601−234~567", "+48601234567"),
            ("tel:+48601234567", "+48601234567"),
            ("TEL:+48-601-234-567,", "+48601234567"),
            ("+48 601 234 567;", "+48601234567"),
            ("\"+48 601 234 567\"", "+48601234567"),
            ("<tel:+48601234567>", "+48601234567"),
            ("+48\u{a0}601\u{2007}234\u{202f}567", "+48601234567"),
            ("+49 (0)30 901820", "+4930901820"),
            ("+39 06 6982", "+39066982"),
        ] {
            assert_eq!(phone(spelling, None).as_deref(), Ok(expected), "{spelling}");
            let elsewhere = phone(spelling, region("JP"));
            assert_eq!(elsewhere.as_deref(), Ok(expected), "{spelling}");
        }
    }

    #[test]
    fn a_trunk_digit_stays_where_the_number_is_one_with_it() {
        for (spelling, expected) in [
            ("+7 812 320-12-34", "+78123201234"),
            ("+7 800 555-35-35", "+78005553535"),
            ("+7 843 292-12-34", "+78432921234"),
            ("+7 8 912 345 67 89", "+79123456789"),
            ("+7 (8) 912 345 67 89", "+79123456789"),
            ("+375 800 123 4567", "+3758001234567"),
            ("+370 800 12345", "+37080012345"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("+1 650 253 0000", "+16502530000"),
        ] {
            assert_eq!(phone(spelling, None).as_deref(), Ok(expected), "{spelling}");
        }
    }

    #[test]
    fn a_national_number_needs_its_region_and_an_international_one_ignores_it() {
        for (letters, spelling, expected) in [
            ("PL", "601 234 567", "+48601234567"),
            ("pl", "48 601 234 567", "+48601234567"),
            ("DE", "030 901820", "+4930901820"),
            ("RU", "8 (812) 320-12-34", "+78123201234"),
            ("RU", "812 320 12 34", "+78123201234"),
            ("RU", "8 10 48 601 234 567", "+48601234567"),
            ("US", "(650) 253-0000", "+16502530000"),
            ("US", "1 650 253 0000", "+16502530000"),
            ("US", "011 48 601 234 567", "+48601234567"),
            ("GB", "020 7946 0958", "+442079460958"),
            ("IT", "06 6982", "+39066982"),
            ("AR", "011 15-3456-7890", "+5491134567890"),
            ("LT", "8 612 34567", "+37061234567"),
            ("BY", "8 0152 45-09-79", "+375152450979"),
        ] {
            let found = phone(spelling, region(letters));
            assert_eq!(found.as_deref(), Ok(expected), "{letters} {spelling}");
        }
        let fault = phone("601 234 567", None).unwrap_err();
        assert!(fault.contains("phoneRegion") && fault.contains("CRM_PHONE_REGION"));
        for wrong in ["", "P", "POL", "XX", "Ł", "48"] {
            assert!(wrong.parse::<PhoneRegion>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_extension_is_kept() {
        for spelling in [
            "+48 601 234 567;ext=123",
            "tel:+48-601-234-567;ext=123",
            "+48 601 234 567 x123",
            "+48 601 234 567 x 123",
            "+48 601 234 567 ext. 123",
            "+48 601 234 567, ext 123",
            "+48 601 234 567 (ext. 123)",
            "+48 601 234 567 Extension: 123",
            "+48 601 234 567 #123",
            "+48 601 234 567,,123#",
        ] {
            let found = phone(spelling, None);
            assert_eq!(found.as_deref(), Ok("+48601234567;ext=123"), "{spelling}");
        }
        assert_eq!(
            phone("+48 601 234 567 x0123456789", None).unwrap(),
            "+48601234567;ext=0123456789"
        );
        assert!(phone("+48 601 234 567 x01234567890", None).is_err());
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        for wrong in [
            "",
            "\u{200e}",
            "601 234 567",
            "+",
            "00",
            "+48",
            "+48 1",
            "+999 123456",
            "abc",
            "+48 601 234 567 x",
            "+48 601 234 567 y12",
            "+48 601 234 567, 12",
            "+48 601 234 567\0",
            "+1 000 000 0000",
            "+48 601 +234 567",
            "++48 601 234 567",
            "+48 601 234 567 ext",
            &"+".repeat(1000),
        ] {
            assert!(phone(wrong, None).is_err(), "{wrong:?} was accepted");
        }
    }
}
