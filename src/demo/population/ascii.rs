/// A name as it stands in addresses: lower case, without accents, nothing but letters and digits.
pub(in crate::demo) fn ascii(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => plain.push(letter),
            'á' | 'à' | 'â' | 'ã' | 'å' | 'ą' => plain.push('a'),
            'ä' | 'æ' => plain.push_str("ae"),
            'ç' | 'ć' | 'č' => plain.push('c'),
            'é' | 'è' | 'ê' | 'ë' | 'ę' => plain.push('e'),
            'ğ' => plain.push('g'),
            'í' | 'ì' | 'î' | 'ï' | 'ı' => plain.push('i'),
            'ł' => plain.push('l'),
            'ñ' | 'ń' => plain.push('n'),
            'ó' | 'ò' | 'ô' | 'õ' | 'ø' => plain.push('o'),
            'ö' | 'œ' => plain.push_str("oe"),
            'ś' | 'ş' | 'š' => plain.push('s'),
            'ß' => plain.push_str("ss"),
            'ú' | 'ù' | 'û' => plain.push('u'),
            'ü' => plain.push_str("ue"),
            'ý' | 'ÿ' => plain.push('y'),
            'ź' | 'ż' | 'ž' => plain.push('z'),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::ascii;

    #[test]
    fn accents_go_and_letters_stay() {
        assert_eq!(ascii("Müller & Söhne"), "muellersoehne");
        assert_eq!(ascii("Łukasz Wójcik"), "lukaszwojcik");
        assert_eq!(ascii("D'Amico"), "damico");
        assert_eq!(ascii("İpek Şahin"), "ipeksahin");
    }
}
