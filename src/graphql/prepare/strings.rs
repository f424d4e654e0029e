//! The values of the string literals of a document.

/// The value of a string between quotation marks. Errors: an escape that stands for nothing.
pub(super) fn string_value(text: &str) -> Result<String, String> {
    let mut rest = &text[1..text.len() - 1];
    let mut value = String::with_capacity(rest.len());
    while let Some(at) = rest.find('\\') {
        value.push_str(&rest[..at]);
        let (character, length) = escape(&rest[at..])?;
        value.push(character);
        rest = &rest[at + length..];
    }
    value.push_str(rest);
    Ok(value)
}

/// The character that an escape stands for, and the escape's length.
fn escape(text: &str) -> Result<(char, usize), String> {
    let plain = match text.as_bytes().get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') if text.starts_with("\\u{") => return braced(text),
        Some(b'u') => return fixed(text),
        _ => {
            let sequence: String = text.chars().take(2).collect();
            return Err(format!(
                "Invalid character escape sequence: \"{sequence}\"."
            ));
        }
    };
    Ok((plain, 2))
}

/// `\u{1F680}`, of any number of digits.
fn braced(text: &str) -> Result<(char, usize), String> {
    let end = text.find('}').ok_or_else(|| invalid(text))?;
    let digits = &text[3..end];
    let scalar = match is_hexadecimal(digits) {
        // More than eight significant digits are no character.
        true => u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32),
        false => None,
    };
    scalar
        .map(|scalar| (scalar, end + 1))
        .ok_or_else(|| invalid(&text[..=end]))
}

/// `\u00e9`, or a surrogate pair: `\uD83D\uDE80`. Half a pair is no character.
fn fixed(text: &str) -> Result<(char, usize), String> {
    let first = unit(text).ok_or_else(|| invalid(text.get(..6).unwrap_or(text)))?;
    if let Some(scalar) = char::from_u32(first.into()) {
        return Ok((scalar, 6));
    }
    let second = text
        .get(6..)
        .filter(|rest| rest.starts_with("\\u"))
        .and_then(unit);
    let pair = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    pair.map(|scalar| (scalar, 12))
        .ok_or_else(|| invalid(&text[..6]))
}

fn unit(text: &str) -> Option<u16> {
    let digits = text.get(2..6).filter(|digits| is_hexadecimal(digits))?;
    u16::from_str_radix(digits, 16).ok()
}

fn is_hexadecimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn invalid(sequence: &str) -> String {
    format!("Invalid Unicode escape sequence: \"{sequence}\".")
}

/// BlockStringValue: without the indentation that all lines but the first have in common, and
/// without blank lines at the beginning and the end.
pub(super) fn block_string_value(text: &str) -> String {
    let raw = text[3..text.len() - 3].replace("\\\"\"\"", "\"\"\"");
    let raw = raw.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = raw.split('\n').collect();
    let indents = lines
        .iter()
        .skip(1)
        .filter(|line| !is_blank(line))
        .map(|line| indent(line));
    let common = indents.min().unwrap_or(0);
    for line in lines.iter_mut().skip(1) {
        *line = line.get(common..).unwrap_or_default();
    }
    let first = lines.iter().position(|line| !is_blank(line));
    let last = lines.iter().rposition(|line| !is_blank(line));
    match (first, last) {
        (Some(first), Some(last)) => lines[first..=last].join("\n"),
        _ => String::new(),
    }
}

fn indent(line: &str) -> usize {
    line.bytes()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

fn is_blank(line: &str) -> bool {
    indent(line) == line.len()
}

#[cfg(test)]
mod tests {
    use super::{block_string_value, string_value};

    #[test]
    fn escapes_stand_for_characters() {
        for (text, value) in [
            (r#""""#, ""),
            (r#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"),
            (r#""\u00e9x""#, "éx"),
            (r#""\uD83D\uDE80""#, "🚀"),
            (r#""\ud83d\ude80!""#, "🚀!"),
            (r#""\u{1F680}\u{61}\u{00000061}""#, "🚀aa"),
        ] {
            assert_eq!(string_value(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_character_is_refused() {
        for text in [
            r#""\uD83D""#,
            r#""\uDE80\uD83D""#,
            r#""\uD83D\u0041""#,
            r#""\uD83Dx""#,
            r#""\u{D83D}\u{DE80}""#,
            r#""\u{110000}""#,
            r#""\u{}""#,
            r#""\u{1F680""#,
            r#""\u{+1}""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\x41""#,
            r#""\é""#,
            r#""\uééé""#,
            r#""\u{é}""#,
            r#""\uD83D\uéé""#,
        ] {
            assert!(string_value(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_block_loses_its_indentation() {
        for (text, value) in [
            ("\"\"\"\n    a\n      b\n\n    c\n  \"\"\"", "a\n  b\n\nc"),
            ("\"\"\"  a\r\n\tb\r\"\"\"", "  a\nb"),
            ("\"\"\"x \\\"\"\" y\"\"\"", "x \"\"\" y"),
            ("\"\"\"\"\"\"", ""),
            ("\"\"\" \n \n\"\"\"", ""),
        ] {
            assert_eq!(block_string_value(text), value, "{text}");
        }
    }
}
