use phonenumber::Mode;

/// The number in E.164 (`+48123456789`). It must be written internationally, with `+` or `00`.
pub(crate) fn phone(value: &str) -> Result<String, String> {
    let value = value.trim();
    let international = match value.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => value.to_owned(),
    };
    // The parser skips what it does not know; a letter or a NUL is a mistake all the same.
    let is_odd = |c: char| c.is_alphabetic() || c.is_control();
    if !international.starts_with('+') || international.len() > 40 || value.contains(is_odd) {
        return Err("must be an international phone number, like +48 123 456 789".to_owned());
    }
    match phonenumber::parse(None, &international) {
        Ok(number) if number.extension().is_none() && number.is_valid() => {
            Ok(number.format().mode(Mode::E164).to_string())
        }
        _ => Err("is not a phone number that can exist".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::phone;

    #[test]
    fn any_international_spelling_becomes_e164() {
        for spelling in [
            "+48 601 234 567",
            "0048601234567",
            "+48 (601) 234-567",
            "+48601234567",
        ] {
            assert_eq!(phone(spelling).unwrap(), "+48601234567");
        }
        assert_eq!(phone("+49 (0)30 901820").unwrap(), "+4930901820");
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        for wrong in [
            "",
            "601 234 567",
            "+48",
            "+48 1",
            "+999 123456",
            "abc",
            "+48 601 234 567 x",
            "+48 601 234 567\0",
            "+1 000 000 0000",
        ] {
            assert!(phone(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}
