use unicode_normalization::UnicodeNormalization;

use super::is_invisible;

/// The longest key that is stored, in bytes: an entry of an index has to fit into a third of a page.
pub(crate) const LONGEST_KEY: usize = 2_000;

/// The form in which texts are compared: NFKC, without case (ß is ss, ς is σ), accents, invisible
/// characters and doubled blanks, with dashes and quotation marks of one kind.
pub fn compared(value: &str) -> String {
    let plain: String = decomposed(value).filter(|c| !is_accent(*c)).collect();
    let mut text = String::with_capacity(plain.len());
    for word in plain.split_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        word.nfc().for_each(|c| spelled(c, &mut text));
    }
    if text.is_empty() {
        // What is nothing but accents is compared by them.
        let accents = folded(value);
        text = accents.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    text
}

/// [`compared`], as a column has it.
pub(crate) fn key(value: &str) -> String {
    let mut key = compared(value);
    key.truncate(key.floor_char_boundary(LONGEST_KEY));
    key
}

/// NFKC without case and invisible characters, but with accents: in an e-mail address they make a
/// difference.
pub(crate) fn folded(value: &str) -> String {
    decomposed(value).nfc().collect()
}

/// NFKD without case. A letter whose capital is decomposed is decomposed after that.
fn decomposed(value: &str) -> impl Iterator<Item = char> {
    let visible = value.nfkd().filter(|c| !is_invisible(*c));
    let folded = visible.flat_map(fold);
    folded.nfkd()
}

/// Unicode's full case folding, by way of the capital: that of ß is SS, and σ and ς have the same.
fn fold(c: char) -> impl Iterator<Item = char> {
    let capital = c.to_lowercase().flat_map(char::to_uppercase);
    capital.flat_map(char::to_lowercase)
}

/// Marks that are left out where people are in a hurry: accents of Latin, Greek and Cyrillic, the points
/// of Hebrew, the vowel signs and hamzas of Arabic. Not the marks of kana and of Indic scripts, without
/// which a word is another one.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5bd}' | '\u{5bf}'
        | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}' | '\u{6e7}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

/// Letters that Unicode does not take apart, as they are typed without them; dashes and quotation marks,
/// as a keyboard has them.
fn spelled(c: char, text: &mut String) {
    let plain = match c {
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'æ' => "ae",
        'œ' => "oe",
        'ħ' => "h",
        'ŧ' => "t",
        'ŋ' => "n",
        'ĸ' => "k",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2043}' | '\u{58a}' | '\u{5be}' | '\u{30a0}' => {
            "-"
        }
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2b9}' | '\u{2bb}'..='\u{2bd}' | '\u{55a}' => "'",
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '«' | '»' => "\"",
        c => return text.push(c),
    };
    text.push_str(plain);
}

#[cfg(test)]
mod tests {
    use super::{compared, folded};
    use unicode_normalization::UnicodeNormalization;

    #[test]
    fn texts_that_people_take_for_the_same_are_the_same() {
        for same in [
            &["Łukasz", "łukasz", "LUKASZ", "ŁUKASZ"][..],
            &["Straße", "STRASSE", "STRAẞE", "straſſe"],
            &["Γιώργος", "ΓΙΩΡΓΟΣ", "γιωργος", "ΓΙΏΡΓΟΣ"],
            &["ﬁne", "FINE", "ｆｉｎｅ", "fi\u{ad}ne"],
            &["Işık", "isik", "IŞIK", "İŞİK"],
            &["Ægir Þór", "aegir thor"],
            &["Œuvre Møller Đặng", "oeuvre moller dang"],
            &["O’Neil", "o'neil", "Oʼneil"],
            &["Nowak–Kowalska", "nowak-kowalska", "nowak‑kowalska"],
            &["Acme\u{a0} GmbH", " acme  gmbh\n"],
            &["أحمد", "احمد", "أَحْمَد"],
            &["ガス", "ｶﾞｽ", "カ\u{3099}ス"],
            &["민준", "\u{1106}\u{1175}\u{11ab}\u{110c}\u{116e}\u{11ab}"],
            &["Йович", "йович"],
            &["می\u{200c}خواهم", "میخواهم"],
        ] {
            for text in same {
                assert_eq!(compared(text), compared(same[0]), "{text}");
            }
        }
        for (one, other) in [("カス", "ガス"), ("कि", "कु"), ("กิน", "กัน"), ("l", "i")]
        {
            assert_ne!(compared(one), compared(other));
        }
    }

    #[test]
    fn every_character_is_compared_the_same_in_each_normal_form_and_in_its_own_compared_form() {
        // The others are what they are in any form.
        let differs = |c: &char| {
            let plain = [*c].into_iter();
            let is_letter =
                c.to_lowercase().ne(plain.clone()) || c.to_uppercase().ne(plain.clone());
            is_letter || plain.clone().nfkd().ne(plain) || u32::from(*c) < 0x3100
        };
        for c in (1..=0x10_ffff).filter_map(char::from_u32).filter(differs) {
            let text = format!("a{c}b{c}");
            for function in [compared, folded] {
                let form = function(&text);
                assert_eq!(function(&form), form, "{c:?}");
                let forms: [String; 4] = [
                    text.nfc().collect(),
                    text.nfd().collect(),
                    text.nfkc().collect(),
                    text.nfkd().collect(),
                ];
                for other in forms {
                    assert_eq!(function(&other), form, "{c:?} as {other:?}");
                }
            }
        }
    }
}
