use unicode_normalization::UnicodeNormalization;

/// A password in the form of RFC 8265 (OpaqueString): any blank is a space, and letters are composed. So
/// it is the same from every keyboard. Case, width and everything else stay as they are.
pub(crate) fn password(given: &str) -> String {
    let is_blank = |c| {
        matches!(
            c,
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
        )
    };
    let spaced = given.chars().map(|c| if is_blank(c) { ' ' } else { c });
    spaced.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::password;

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        assert_eq!(password("u\u{308}ber\u{a0}\u{3000}Pass"), "über  Pass");
        assert_eq!(password("한"), password("\u{1112}\u{1161}\u{11ab}"));
        assert_eq!(password(" Ｐａｓｓ ﬁ\u{200b}"), " Ｐａｓｓ ﬁ\u{200b}");
    }
}
