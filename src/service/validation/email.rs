use email_address::{EmailAddress, Options};

/// The address with its domain in lower case.
///
/// Stricter than RFC 5321 where its corners are typing mistakes in practice: no quoted local part,
/// no address literal, a top-level domain that is not all digits.
pub(crate) fn email(value: &str) -> Result<String, String> {
    let wrong = |what: &str| Err(format!("is not an e-mail address: {what}"));
    let value = value.trim();
    if value.is_empty() {
        return wrong("it is blank");
    }
    let options = Options {
        allow_display_text: false,
        ..Options::default()
    }
    .with_required_tld()
    .without_domain_literal();
    let address = match EmailAddress::parse_with_options(value, options) {
        Ok(address) => address,
        Err(error) => return wrong(&error.to_string().to_lowercase()),
    };
    let (local, domain) = (address.local_part(), address.domain().to_lowercase());
    if local.starts_with('"') {
        return wrong("a quoted local part is not accepted");
    }
    let last_label = domain.rsplit('.').next().unwrap_or_default();
    if last_label.bytes().all(|b| b.is_ascii_digit()) {
        return wrong("the domain ends in digits only");
    }
    Ok(format!("{local}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::email;

    #[test]
    fn the_domain_is_normalised_and_the_local_part_kept() {
        assert_eq!(
            email(" Ann.Lee+x@Example.COM ").unwrap(),
            "Ann.Lee+x@example.com"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in [
            "",
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
        ] {
            assert!(email(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}
