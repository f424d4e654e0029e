use std::collections::HashSet;
use std::fmt;

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned};

use crate::graphql::prepare::SchemaIndex;

/// The maximum length of a client's operation name in the log.
const LONGEST_NAME: usize = 64;

/// An operation for the log and the metrics: without values of the client, and with a limited set of
/// labels.
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
    pub(super) fn of(
        name: Option<&Name>,
        definition: &OperationDefinition,
        roots: &Roots<'_>,
        index: &SchemaIndex,
    ) -> Self {
        let fields = roots.fields.iter();
        let fields = fields.map(|field| field.node.name.node.as_str()).collect();
        Self {
            kind: definition.ty,
            // The parser lets letters, digits and underscores through only.
            name: name.map(|name| name.chars().take(LONGEST_NAME).collect()),
            field: label(&fields, definition.ty, index).to_owned(),
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
pub(super) struct Roots<'a> {
    document: &'a ExecutableDocument,
    fields: Vec<&'a Positioned<Field>>,
    fragments: HashSet<&'a Name>,
}

impl<'a> Roots<'a> {
    pub(super) fn of(document: &'a ExecutableDocument, operation: &'a OperationDefinition) -> Self {
        let mut roots = Self {
            document,
            fields: Vec::new(),
            fragments: HashSet::new(),
        };
        roots.collect(&operation.selection_set.node);
        roots
    }

    fn collect(&mut self, set: &'a SelectionSet) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => self.fields.push(field),
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

    /// The fields that ask about the schema, by their names in the answer.
    pub(super) fn introspection(&self) -> Vec<(Name, Pos)> {
        let mut found: Vec<(Name, Pos)> = Vec::new();
        for field in &self.fields {
            let key = &field.node.response_key().node;
            let is_question = matches!(field.node.name.node.as_str(), "__schema" | "__type");
            if is_question && found.iter().all(|(known, _)| known != key) {
                found.push((key.clone(), field.pos));
            }
        }
        found
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

    use super::{Operation, Roots};
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
        let roots = Roots::of(&document, &operation.node);
        Operation::of(name, &operation.node, &roots, index()).field
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
