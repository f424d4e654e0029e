//! What a document must not be, found out before any work is done on it.
//!
//! The parser calls itself once for each bracket, so that a document which only nests would take
//! the stack and with it the process; and validation follows every fragment wherever it is
//! spread, so that a chain of fragments which each spread the next one twice would take for ever.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// The longest document, in bytes.
const LONGEST: usize = 64 * 1024;
/// The deepest nesting of brackets in a document.
const DEEPEST: usize = 64;
/// The most fields of a document, every fragment counted wherever it is spread.
const MOST_FIELDS: usize = 5_000;

/// Looks at the text, before it is parsed. Errors: what is wrong with it, in words for the client.
///
/// Brackets in strings and comments count too; no honest document has 64 of them open.
pub(super) fn check_text(document: &str) -> Result<(), String> {
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

/// Looks at the parsed document, before it is validated. Errors: as [`check_text`].
pub(super) fn check_size(document: &ExecutableDocument) -> Result<(), String> {
    let mut counter = Counter {
        document,
        fragments: HashMap::new(),
    };
    let operations = document.operations.iter();
    let in_operations: Vec<usize> = operations
        .map(|(_, operation)| counter.fields(&operation.node.selection_set.node))
        .collect();
    // A fragment that nothing spreads is validated all the same.
    let in_fragments = document.fragments.keys().map(|name| counter.fragment(name));
    let fields = in_operations
        .into_iter()
        .chain(in_fragments)
        .fold(0, usize::saturating_add);
    if fields > MOST_FIELDS {
        return Err(format!(
            "the document has more than {MOST_FIELDS} fields, fragments expanded"
        ));
    }
    Ok(())
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    /// How many fields each fragment has; a fragment that is being counted has none, so that a
    /// cycle ends (the schema then refuses it by name).
    fragments: HashMap<&'a Name, usize>,
}

impl<'a> Counter<'a> {
    fn fields(&mut self, set: &'a SelectionSet) -> usize {
        let selections = set.items.iter().map(|selection| match &selection.node {
            Selection::Field(field) => self.fields(&field.node.selection_set.node),
            Selection::InlineFragment(inline) => self.fields(&inline.node.selection_set.node),
            Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
        });
        selections.fold(0, |sum, fields| {
            sum.saturating_add(fields).saturating_add(1)
        })
    }

    fn fragment(&mut self, name: &Name) -> usize {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return 0;
        };
        if let Some(&known) = self.fragments.get(name) {
            return known;
        }
        self.fragments.insert(name, 0);
        let fields = self.fields(&fragment.node.selection_set.node);
        self.fragments.insert(name, fields);
        fields
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use async_graphql::parser::parse_query;

    use super::{check_size, check_text};

    fn verdict(document: &str) -> Result<(), String> {
        check_text(document)?;
        parse_query(document).map_or(Ok(()), |document| check_size(&document))
    }

    #[test]
    fn deep_nesting_is_refused_whichever_bracket_it_is_made_of() {
        for (open, close) in [("{a", "}"), ("[", "]"), ("{a:", "}")] {
            let nested = |depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(verdict(&nested(30)), Ok(()));
            assert!(verdict(&nested(100)).is_err());
        }
    }

    #[test]
    fn fragments_that_double_are_refused_at_once() {
        let chain = |length: usize| {
            let mut document = "{ ...f0 }".to_owned();
            for i in 0..length {
                let next = i + 1;
                write!(
                    document,
                    " fragment f{i} on Query {{ ...f{next} ...f{next} }}"
                )
                .unwrap();
            }
            document + &format!(" fragment f{length} on Query {{ __typename }}")
        };
        assert_eq!(verdict(&chain(5)), Ok(()));
        assert!(verdict(&chain(200)).is_err());
    }

    #[test]
    fn a_cycle_of_fragments_is_left_to_the_schema() {
        let cycle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
        assert_eq!(verdict(cycle), Ok(()));
    }
}
