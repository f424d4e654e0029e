use email_address::{EmailAddress, Error, Options};
use unicode_normalization::UnicodeNormalization;

use super::{LONGEST_KEY, cleaned, folded, is_invisible};

/// The address with its domain in one form: lower case, in letters (`münchen.example`, not
/// `xn--mnchen-3ya.example`).
///
/// Stricter than RFC 5321 where its corners are typing mistakes in practice: no quoted local part,
/// no address literal, a top-level domain that is not all digits.
pub(crate) fn email(value: &str) -> Result<String, String> {
    let wrong = |what: &str| Err(format!("is not an e-mail address: {what}"));
    // Around an address such characters come from where it was copied, inside one they are a mistake.
    let value: String = value.trim_matches(is_blank).nfc().collect();
    if value.is_empty() {
        return wrong("it is blank");
    }
    if let Some(invisible) = value.chars().find(|c| is_invisible(*c)) {
        let code = u32::from(invisible);
        return wrong(&format!("it has an invisible character (U+{code:04X})"));
    }
    let value = match value.rsplit_once('@') {
        Some((local, of)) => match domain(of) {
            Some(domain) => format!("{local}@{domain}"),
            None => return wrong("its domain can be none"),
        },
        None => value,
    };
    let options = Options {
        allow_display_text: false,
        ..Options::default()
    }
    .with_required_tld()
    .without_domain_literal();
    let address = match EmailAddress::parse_with_options(&value, options) {
        Ok(address) => address,
        Err(error) => return wrong(in_words(error)),
    };
    if address.local_part().starts_with('"') {
        return wrong("a quoted local part is not accepted");
    }
    let last_label = address.domain().rsplit('.').next().unwrap_or_default();
    if last_label.bytes().all(|b| b.is_ascii_digit()) {
        return wrong("the domain ends in digits only");
    }
    Ok(value)
}

/// An address's fault in words, for people who type them.
fn in_words(error: Error) -> &'static str {
    match error {
        Error::MissingSeparator => "the @ is missing",
        Error::LocalPartEmpty => "nothing stands before the @",
        Error::LocalPartTooLong => "more than 64 characters stand before the @",
        Error::DomainEmpty => "nothing stands after the @",
        Error::DomainTooLong => "the domain has more than 254 characters",
        Error::DomainTooFew => "the domain has no dot",
        Error::SubDomainEmpty => "the domain has a dot too many",
        Error::SubDomainTooLong => "a part of the domain has more than 63 characters",
        Error::DomainInvalidSeparator | Error::InvalidIPAddress => "the domain is none",
        Error::UnsupportedDomainLiteral => "a domain in brackets is not accepted",
        Error::UnbalancedQuotes => "a quotation mark is missing",
        Error::UnsupportedDisplayName | Error::MissingDisplayName | Error::MissingEndBracket => {
            "only the address itself is wanted, without a name and brackets"
        }
        Error::InvalidCharacter | Error::InvalidComment => {
            "it has a character that no address has there"
        }
    }
}

/// The form in which addresses are compared: without regard to case, but to accents.
pub(crate) fn email_key(address: &str) -> String {
    let address = address.trim_matches(is_blank);
    let mut key = match address.rsplit_once('@') {
        Some((local, of)) => {
            let domain = domain(of).unwrap_or_else(|| folded(of));
            format!("{}@{domain}", folded(local))
        }
        None => folded(address),
    };
    key.truncate(key.floor_char_boundary(LONGEST_KEY));
    key
}

/// The address that somebody signs in with: compared without case, so stored without.
pub(crate) fn login_address(value: &str) -> Result<String, String> {
    let address = email(value)?;
    let (local, domain) = address.rsplit_once('@').unwrap_or((&address, ""));
    let small = local.chars().flat_map(char::to_lowercase);
    Ok(format!("{}@{domain}", small.nfc().collect::<String>()))
}

/// The [`login_address`] that is meant by what somebody typed; what can be none is nobody's, and holds
/// nothing that PostgreSQL cannot.
pub(crate) fn typed_address(value: &str) -> String {
    let lower = || value.trim().to_lowercase().replace('\0', "\u{fffd}");
    login_address(value).unwrap_or_else(|_| lower())
}

/// The [`login_address`] that an identity provider vouches for. Of the local part only ASCII letters are
/// made small: there are other letters whose small form is one of somebody else's address.
pub(crate) fn claimed_address(value: &str) -> String {
    match value.rsplit_once('@') {
        Some((local, of)) => {
            let domain = domain(of).unwrap_or_else(|| of.to_ascii_lowercase());
            let ascii = |text: &str| text.chars().filter(char::is_ascii).count();
            let composed: String = local.nfc().collect();
            // Composed, some of those letters are ASCII, like the sign for Kelvin.
            let is_safe = ascii(&composed) <= ascii(local);
            let local = if is_safe { composed.as_str() } else { local };
            format!("{}@{domain}", local.to_ascii_lowercase())
        }
        None => value.to_ascii_lowercase(),
    }
}

/// A domain in lower case and in letters, by the rules for internationalised domains (UTS 46). Nothing if
/// those forbid it.
pub(crate) fn domain(value: &str) -> Option<String> {
    match idna::domain_to_unicode(value) {
        (domain, Ok(())) => Some(domain),
        _ => None,
    }
}

/// The text with those domains in letters that were written in ASCII (`xn--…`), alone or in an address.
pub(crate) fn unicode_words(text: &str) -> String {
    let words = cleaned(text);
    let words = words.split_whitespace().map(|word| {
        if !word.to_ascii_lowercase().contains("xn--") {
            return word.to_owned();
        }
        let (local, of) = match word.rsplit_once('@') {
            Some((local, of)) => (format!("{local}@"), of),
            None => (String::new(), word),
        };
        let of = domain(of).unwrap_or_else(|| of.to_owned());
        local + &of
    });
    words.collect::<Vec<_>>().join(" ")
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

#[cfg(test)]
mod tests {
    use super::{email, email_key, login_address};

    #[test]
    fn the_domain_is_normalised_and_the_local_part_kept() {
        for (given, expected) in [
            (" Ann.Lee+x@Example.COM ", "Ann.Lee+x@example.com"),
            ("info@xn--mnchen-3ya.example", "info@münchen.example"),
            ("info@XN--MNCHEN-3YA.example", "info@münchen.example"),
            ("info@mu\u{308}NCHEN.example", "info@münchen.example"),
            ("ju\u{308}rgen@acme.example", "jürgen@acme.example"),
            ("\u{feff}ann@acme.example\u{200b}", "ann@acme.example"),
            ("ann@acme。example", "ann@acme.example"),
            ("ann@ａｃｍｅ.example", "ann@acme.example"),
        ] {
            assert_eq!(email(given).as_deref(), Ok(expected), "{given:?}");
            assert_eq!(email_key(given), email_key(expected));
        }
        assert_eq!(email_key("JÜRGEN@ACME.example"), "jürgen@acme.example");
        assert_eq!(
            login_address("ΆΝΝΑ@Acme.example").unwrap(),
            "άννα@acme.example"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in [
            "",
            "\u{200b}",
            "ann",
            "ann@",
            "@example.com",
            "a..b@example.com",
            "ann@localhost",
            "ann@1.2.3.4",
            "ann@[1.2.3.4]",
            "\"ann lee\"@example.com",
            "Ann <ann@example.com>",
            "a b@example.com",
            "ann@exa mple.com",
            "ann@example.com\0",
            "pat\u{3164}@acme.example",
            "an\u{ad}n@acme.example",
            "ann@ac\u{200b}me.example",
            "ann@xn--zzzzzzzzzz--.example",
        ] {
            assert!(email(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}
