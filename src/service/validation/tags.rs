use std::collections::HashSet;

use super::required_text;
use crate::service::text;

/// The tag that marks an archived lead. Only archiving and restoring set and remove it.
pub(crate) const ARCHIVED_TAG: &str = "archived";

const LONGEST: usize = 50;
const MOST: usize = 50;

/// One tag: trimmed, in lower case, not blank, at most 50 characters, not the reserved one however that
/// is written.
fn tag(value: &str) -> Result<String, String> {
    let tag = required_text(value, LONGEST)?.to_lowercase();
    if text::key(&tag) == ARCHIVED_TAG {
        return Err("the tag \"archived\" is set by archiving only".to_owned());
    }
    Ok(tag)
}

/// A lead's tags: each one a [`tag`], at most 50, each once, in the order given and as it was written
/// first.
pub(crate) fn tags(values: &[String]) -> Result<Vec<String>, String> {
    if values.len() > MOST {
        return Err(format!("must be at most {MOST}, are {}", values.len()));
    }
    let (mut unique, mut keys) = (Vec::with_capacity(values.len()), HashSet::new());
    for (index, value) in values.iter().enumerate() {
        // By its number: what a fault says is kept with an idempotency key, longer than the lead is.
        let tag = tag(value).map_err(|fault| format!("tag {}: {fault}", index + 1))?;
        if keys.insert(text::key(&tag)) {
            unique.push(tag);
        }
    }
    Ok(unique)
}
