use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use phonenumber::Metadata;
use phonenumber::metadata::Descriptor;
use regex::{Regex, RegexBuilder};

/// True for a number that one of the regions has that share a country's code.
pub(super) fn is_valid(regions: &[&Metadata], national: &str) -> bool {
    let of = |meta: &&&Metadata| match meta.leading_digits() {
        Some(leading) => BEGINNING.fits(leading.as_str(), national),
        None => regions.len() == 1 || has_type(meta, national),
    };
    let region = regions.iter().find(of);
    region.is_some_and(|meta| has_type(meta, national))
}

fn has_type(meta: &Metadata, national: &str) -> bool {
    let all = meta.descriptors();
    let types = [
        all.fixed_line(),
        all.mobile(),
        all.toll_free(),
        all.premium_rate(),
        all.shared_cost(),
        all.voip(),
        all.personal_number(),
        all.pager(),
        all.uan(),
        all.voicemail(),
    ];
    fits(all.general(), national) && types.into_iter().flatten().any(|of| fits(of, national))
}

fn fits(of: &Descriptor, national: &str) -> bool {
    let lengths = of.possible_length();
    let is_long_enough =
        lengths.is_empty() || lengths.iter().any(|l| usize::from(*l) == national.len());
    is_long_enough && WHOLE.fits(of.national_number().as_str(), national)
}

/// The metadata's patterns, compiled as they are needed and kept. The crate's own check is content where a
/// number begins like a valid one, and keeps a hundred patterns, which a few countries exceed.
struct Patterns {
    end: &'static str,
    known: RwLock<HashMap<String, Option<Regex>>>,
}

static WHOLE: LazyLock<Patterns> = LazyLock::new(|| Patterns::ending("$"));
static BEGINNING: LazyLock<Patterns> = LazyLock::new(|| Patterns::ending(""));

impl Patterns {
    fn ending(end: &'static str) -> Self {
        let known = RwLock::default();
        Self { end, known }
    }

    fn fits(&self, pattern: &str, national: &str) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(regex) = known.get(pattern) {
            return regex.as_ref().is_some_and(|regex| regex.is_match(national));
        }
        drop(known);
        let regex = RegexBuilder::new(&format!("^(?:{pattern}){}", self.end))
            .ignore_whitespace(true)
            .unicode(false)
            .build()
            .ok();
        let fits = regex.as_ref().is_some_and(|regex| regex.is_match(national));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(pattern.to_owned(), regex);
        fits
    }
}
