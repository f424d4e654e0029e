use unicode_normalization::UnicodeNormalization;

use super::is_invisible;

/// A pasted number with the characters that a keyboard has: digits of any script, any dash,
/// blanks of one kind, nothing invisible, and no `tel:` in front or punctuation around.
pub(crate) fn ascii_phone(value: &str) -> String {
    let visible = value.chars().filter(|c| !is_invisible(*c));
    let plain = visible.nfkc().map(plain).collect::<String>();
    let is_around = |c: char| c.is_whitespace() || ",;:.\"'<>|".contains(c);
    let mut rest = plain.trim_matches(is_around);
    for scheme in ["tel:", "callto:"] {
        let start = rest.get(..scheme.len()).unwrap_or_default();
        if start.eq_ignore_ascii_case(scheme) {
            rest = rest[scheme.len()..].trim_start_matches('/');
        }
    }
    rest.trim_matches(is_around).to_owned()
}

fn plain(c: char) -> char {
    /// The zeros of the scripts that have digits of their own.
    const ZEROS: &str = "\
        \u{660}\u{6f0}\u{7c0}\u{966}\u{9e6}\u{a66}\u{ae6}\u{b66}\u{be6}\
        \u{c66}\u{ce6}\u{d66}\u{de6}\u{e50}\u{ed0}\u{f20}\u{1040}\u{1090}\
        \u{17e0}\u{1810}\u{1946}\u{19d0}\u{1a80}\u{1a90}\u{1b50}\u{1bb0}\u{1c40}\
        \u{1c50}\u{a620}\u{a8d0}\u{a900}\u{a9d0}\u{a9f0}\u{aa50}\u{abf0}\u{1e950}";
    match c {
        '\0'..='\x7f' => c,
        '\u{2010}'..='\u{2015}'
        | '\u{2212}'
        | '\u{2043}'
        | '\u{2053}'
        | '\u{223c}'
        | '\u{30fc}'
        | '\u{b7}'
        | '\u{2022}'
        | '\u{2027}'
        | '\u{58a}'
        | '\u{301c}'
        | '\u{fe58}' => '-',
        '\u{2018}'..='\u{201f}' | '«' | '»' => '"',
        c if c.is_whitespace() => ' ',
        c => {
            let code = u32::from(c);
            let digit = ZEROS.chars().find_map(|zero| {
                let digit = code.checked_sub(u32::from(zero))?;
                char::from_digit(digit, 10)
            });
            digit.unwrap_or(c)
        }
    }
}
