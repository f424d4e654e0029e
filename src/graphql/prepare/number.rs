use async_graphql::Value;
use serde_json::Number;

/// The number of decimal digits that a 64-bit float keeps.
const KEPT_DIGITS: usize = 15;
/// The largest exponent at which a float keeps all of them.
const LARGEST_EXPONENT: i32 = 290;

/// A number of JSON or of a document, to its last digit: one that neither 64 bits nor a float can hold
/// exactly is kept as its text, in a value of bytes, which is not used otherwise.
pub(in crate::graphql) fn number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>()
        && text != "-0"
    {
        return whole.into();
    }
    if let Ok(whole) = text.parse::<u64>() {
        return whole.into();
    }
    let float = text.parse().ok().filter(|_| fits_float(text));
    match float.and_then(Number::from_f64) {
        Some(float) => Value::Number(float),
        None => Value::Binary(text.to_owned().into()),
    }
}

/// The text of a number that stands as bytes.
pub(in crate::graphql) fn exact_text(value: &[u8]) -> &str {
    std::str::from_utf8(value).unwrap_or_default()
}

/// As near as a float comes to a number that stands as bytes; nothing if that is not finite.
pub(in crate::graphql) fn nearest(value: &[u8]) -> Option<Number> {
    Number::from_f64(exact_text(value).parse().ok()?)
}

fn fits_float(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = || mantissa.bytes().filter(u8::is_ascii_digit);
    let leading = digits().take_while(|&digit| digit == b'0').count();
    let significant = digits().count() - leading;
    let is_near = exponent
        .parse::<i32>()
        .is_ok_and(|e| e.abs() <= LARGEST_EXPONENT);
    // Trailing zeros count as digits, so that they are kept.
    significant <= KEPT_DIGITS && digits().count() <= 20 && is_near
}

#[cfg(test)]
mod tests {
    use async_graphql::Value;

    use super::number;

    #[test]
    fn a_number_is_kept_to_its_last_digit() {
        for (text, kept) in [
            ("1", "1"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"),
            ("0.1", "0.1"),
            ("1e2", "100.0"),
        ] {
            assert_eq!(number(text).to_string(), kept);
        }
        for text in [
            "18446744073709551616",
            "0.1234567890123456789",
            "1e400",
            "1e-400",
            "1e99999999999",
        ] {
            assert_eq!(number(text), Value::Binary(text.to_owned().into()));
        }
    }
}
