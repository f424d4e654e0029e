use std::collections::HashSet;
use std::fmt;

use async_graphql::Name;
use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};

use crate::graphql::prepare::SchemaIndex;

/// The maximum length of a client's made-up name that is repeated in the log.
const LONGEST_NAME: usize = 64;

/// An operation, as far as it can be said in a log and in metrics: without any value of the
/// client's, and with as few words as the schema has.
#[derive(Debug)]
pub struct Operation {
    /// The kind: reading or changing.
    pub kind: OperationType,
    /// The client's name for it: at most 64 letters, digits and underscores.
    pub name: Option<String>,
    /// The root field that is selected, `several`, `introspection`, or `unknown` if the schema has
    /// no such field.
    pub field: String,
}

impl Operation {
    pub(in crate::graphql) fn of(
        document: &ExecutableDocument,
        name: Option<&Name>,
        definition: &OperationDefinition,
        index: &SchemaIndex,
    ) -> Self {
        let mut roots = Roots {
            document,
            fields: HashSet::new(),
            fragments: HashSet::new(),
        };
        roots.collect(&definition.selection_set.node);
        Self {
            kind: definition.ty,
            // The parser lets letters, digits and underscores through only.
            name: name.map(|name| name.chars().take(LONGEST_NAME).collect()),
            field: label(&roots.fields, definition.ty, index).to_owned(),
        }
    }
}

fn label<'a>(fields: &HashSet<&'a str>, kind: OperationType, index: &SchemaIndex) -> &'a str {
    let is_known =
        |field| SchemaIndex::root(kind).is_some_and(|root| index.field(root, field).is_some());
    let mut fields = fields.iter();
    match (fields.next(), fields.next()) {
        (Some(_), Some(_)) => "several",
        (Some(field), None) if field.starts_with("__") => "introspection",
        (Some(&field), None) if is_known(field) => field,
        _ => "unknown",
    }
}

/// The root fields of an operation, collected through fragments.
struct Roots<'a> {
    document: &'a ExecutableDocument,
    fields: HashSet<&'a str>,
    fragments: HashSet<&'a Name>,
}

impl<'a> Roots<'a> {
    fn collect(&mut self, set: &'a SelectionSet) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    self.fields.insert(&field.node.name.node);
                }
                Selection::InlineFragment(inline) => self.collect(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = self.document.fragments.get(name);
                    // Each one once, so that a cycle ends.
                    if let Some(fragment) = fragment
                        && self.fragments.insert(name)
                    {
                        self.collect(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.kind, self.field)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::OperationType;

    use super::Operation;
    use crate::graphql::prepare::Limits;
    use crate::graphql::prepare::prepared::PreparedDocument;
    use crate::graphql::schema::index;

    fn operation(query: &str, name: Option<&str>) -> Option<Arc<Operation>> {
        let (document, limits) = (parse_query(query).unwrap(), Limits::default());
        let prepared = PreparedDocument::of(document, query.len(), &limits, index()).unwrap();
        prepared
            .find(name)
            .map(|operation| Arc::clone(&operation.operation))
    }

    fn field(query: &str) -> String {
        let document = parse_query(query).unwrap();
        let (name, operation) = document.operations.iter().next().unwrap();
        Operation::of(&document, name, &operation.node, index()).field
    }

    #[test]
    fn an_operation_is_called_after_its_root_field_through_fragments_and_aliases() {
        assert_eq!(field("{ mine: leads { id } other: leads { id } }"), "leads");
        assert_eq!(field("{ me { id } leads { id } }"), "several");
        assert_eq!(
            field("{ ...a } fragment a on Query { ... { me { id } ...a } }"),
            "me"
        );
        assert_eq!(field("{ __schema { description } }"), "introspection");
        assert_eq!(field("{ jane_doe_at_example_com }"), "unknown");
        assert_eq!(field("mutation { login }"), "login");
        assert_eq!(field("{ login }"), "unknown");
    }

    #[test]
    fn its_name_is_the_documents_and_bounded() {
        let named = operation("query One { me { id } }", None).unwrap();
        assert_eq!(
            (named.kind, named.name.as_deref()),
            (OperationType::Query, Some("One"))
        );
        let two = "query One { me { id } } mutation Two { leads { id } }";
        let second = operation(two, Some("Two")).unwrap();
        assert_eq!(second.kind, OperationType::Mutation);
        assert!(operation(two, None).is_none());
        assert!(operation(two, Some("jane@example.com")).is_none());
        assert!(operation("{ me { id } }", Some("One")).is_none());
        let long = format!("query {} {{ me {{ id }} }}", "x".repeat(500));
        let long = operation(&long, None).unwrap();
        assert_eq!(long.name.as_ref().unwrap().len(), 64);
    }
}
