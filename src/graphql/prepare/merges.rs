use std::collections::HashSet;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};

/// True if there are two fields of the same name anywhere whose selections must be merged in the
/// answer. Fragments count wherever they are spread, so that the document must have been found to
/// be of an allowed size before.
pub(in crate::graphql) fn has_merges(document: &ExecutableDocument) -> bool {
    let mut operations = document.operations.iter();
    operations.any(|(_, operation)| set_has_merges(document, &operation.node.selection_set.node))
}

fn set_has_merges(document: &ExecutableDocument, set: &SelectionSet) -> bool {
    let mut fields = Vec::new();
    collect(document, set, &mut fields);
    let mut names: HashSet<&Name> = HashSet::new();
    fields.into_iter().any(|field| {
        !names.insert(&field.response_key().node)
            || set_has_merges(document, &field.selection_set.node)
    })
}

/// The fields of an object that have selections of their own.
fn collect<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    fields: &mut Vec<&'a Field>,
) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) if field.node.selection_set.node.items.is_empty() => {}
            Selection::Field(field) => fields.push(&field.node),
            Selection::InlineFragment(inline) => {
                collect(document, &inline.node.selection_set.node, fields);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if let Some(fragment) = document.fragments.get(name) {
                    collect(document, &fragment.node.selection_set.node, fields);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::has_merges;

    #[test]
    fn only_selections_under_one_name_are_merged() {
        for (document, expected) in [
            ("{ leads { nodes { id id } } }", false),
            (
                "{ leads { nodes { id } } other: leads { nodes { id } } }",
                false,
            ),
            ("{ leads { nodes { id } } leads { nodes { email } } }", true),
            ("{ leads { nodes { id } nodes { email } } }", true),
            (
                "{ leads { ... { nodes { id } } ... { nodes { email } } } }",
                true,
            ),
            (
                "{ leads { nodes { id } ...f } } fragment f on LeadConnection { nodes { email } }",
                true,
            ),
            (
                "{ leads { ...f } } fragment f on LeadConnection { nodes { id } }",
                false,
            ),
            (
                "query A { leads { nodes { id } } } query B { leads { nodes { id } } }",
                false,
            ),
        ] {
            let parsed = parse_query(document).unwrap();
            assert_eq!(has_merges(&parsed), expected, "{document}");
        }
    }
}
