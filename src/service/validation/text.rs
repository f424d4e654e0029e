use crate::service::text::cleaned;

/// The text as it is stored: [`cleaned`]. Refuses blank text, more than `longest` characters, and control
/// characters other than line breaks and tabs.
pub(crate) fn required_text(value: &str, longest: usize) -> Result<String, String> {
    optional_text(value, longest)?.ok_or_else(|| "must not be blank".to_owned())
}

/// Like [`required_text`], but blank text is no text. Characters that nobody sees are a mistake where
/// there are no others.
pub(crate) fn optional_text(value: &str, longest: usize) -> Result<Option<String>, String> {
    let text = cleaned(value);
    searchable(&text, longest)?;
    match text.is_empty() {
        true if value.trim().is_empty() => Ok(None),
        true => Err("must not be blank".to_owned()),
        false => Ok(Some(text)),
    }
}

/// Checks what is asked for in a filter or a search: anything of that length that PostgreSQL can hold.
pub(crate) fn searchable(value: &str, longest: usize) -> Result<(), String> {
    let length = value.chars().count();
    if length > longest {
        return Err(format!(
            "must have at most {longest} characters, has {length}"
        ));
    }
    if value
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err("must not contain control characters".to_owned());
    }
    Ok(())
}
