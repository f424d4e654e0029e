use unicode_normalization::UnicodeNormalization;

/// The text in NFC, without blanks at its ends, and without characters that nobody sees: texts that
/// look the same are the same.
///
/// Joiners and variation selectors stay where they make a difference to the eye, in words of Persian and
/// of Indic scripts and inside emoji. [`super::compared`] drops them there, too.
pub(crate) fn cleaned(value: &str) -> String {
    let mut kept = String::with_capacity(value.len());
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        if !is_invisible(c) || is_joining(kept.chars().next_back(), c, rest.peek().copied()) {
            kept.push(c);
        }
    }
    kept.trim().nfc().collect()
}

/// Characters without a mark of their own: Unicode's Default_Ignorable_Code_Point, and the braille
/// pattern and annotation signs that show nothing.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// True for an invisible character that changes how its neighbours look.
fn is_joining(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        '\u{200c}' | '\u{200d}' => after.is_some_and(|after| {
            (is_shaped(before) && is_shaped(after)) || (is_pictured(before) && is_pictured(after))
        }),
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            !before.is_whitespace() && !is_invisible(before)
        }
        '\u{180b}'..='\u{180d}' | '\u{180f}' => is_shaped(before),
        // The flags of England, Scotland and Wales are spelled in these, behind a black flag.
        '\u{e0020}'..='\u{e007f}' => {
            before == '\u{1f3f4}' || matches!(before, '\u{e0020}'..='\u{e007e}')
        }
        _ => false,
    }
}

/// Letters and signs of scripts whose letters join: Arabic and its kin, those of India and of
/// South-East Asia, Mongolian.
fn is_shaped(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{fff}' | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{18af}' | '\u{1cd0}'..='\u{1cff}' | '\u{a8e0}'..='\u{a8ff}'
        | '\u{11000}'..='\u{11fff}')
        && !c.is_numeric()
}

/// Emoji, and what modifies them.
fn is_pictured(c: char) -> bool {
    matches!(c,
        '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    #[test]
    fn what_nobody_sees_is_gone_and_what_is_seen_stays() {
        for (given, expected) in [
            (" Acme\u{200b} GmbH\u{feff}", "Acme GmbH"),
            ("Klein\u{ad}feld", "Kleinfeld"),
            ("\u{202a}+48\u{202c}", "+48"),
            (
                "\u{3164}\u{2800}\u{115f}\u{1160}\u{ffa0}\u{2060}\u{e0001}",
                "",
            ),
            ("\u{200e}  \u{200f}", ""),
            ("a\u{200d}b", "ab"),
            ("e\u{301}", "é"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("\u{fe0f}a", "a"),
            // A family, a heart in red, England, "I want" in Persian, a Bengali conjunct.
            ("👨\u{200d}👩\u{200d}👧", "👨\u{200d}👩\u{200d}👧"),
            ("❤\u{fe0f}\u{200d}🔥", "❤\u{fe0f}\u{200d}🔥"),
            (
                "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
                "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            ),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("র\u{200d}\u{9cd}য", "র\u{200d}\u{9cd}য"),
            ("می\u{200c}", "می"),
        ] {
            assert_eq!(cleaned(given), expected, "{given:?}");
            assert_eq!(cleaned(expected), expected);
        }
    }
}
