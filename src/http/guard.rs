/// The longest document, in bytes.
const LONGEST: usize = 64 * 1024;
/// The deepest nesting of brackets in a document.
const DEEPEST: usize = 64;

/// Looks at a document before it is parsed: the parser calls itself once for each bracket, and a
/// document that only nests would take the stack, and with it the process.
///
/// Brackets in strings and comments count too; no honest document has 64 of them open.
pub(super) fn check_document(document: &str) -> Result<(), String> {
    if document.len() > LONGEST {
        let size = document.len();
        return Err(format!(
            "the document has {size} bytes, the limit is {LONGEST}"
        ));
    }
    let mut depth = 0_usize;
    for byte in document.bytes() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(format!("the document nests deeper than {DEEPEST} brackets"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_document;

    #[test]
    fn deep_nesting_is_refused_whichever_bracket_it_is_made_of() {
        for (open, close) in [("{a", "}"), ("[", "]"), ("{a:", "}")] {
            let nested = |depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
            assert!(check_document(&nested(60)).is_ok());
            assert!(check_document(&nested(100)).is_err());
        }
    }
}
