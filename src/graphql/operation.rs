use std::collections::HashSet;
use std::fmt;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::registry::{MetaType, Registry};
use async_graphql::{Name, OutputType, Request};

/// How much of a name that a client made up is repeated in the log.
const LONGEST_NAME: usize = 64;

/// What a request asks for, as far as it can be said in a log and in metrics: without any value of
/// the client's, and with as few words as the schema has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Whether it reads or changes.
    pub kind: OperationType,
    /// The client's name for it: at most 64 letters, digits and underscores.
    pub name: Option<String>,
    /// The root field that is selected, `several`, `introspection`, or `unknown` if the schema has
    /// no such field.
    pub field: String,
}

/// The root fields of the schema.
pub(super) struct RootFields(HashSet<String>);

impl RootFields {
    /// Those of two root objects.
    pub(super) fn of<Query: OutputType, Mutation: OutputType>() -> Self {
        let mut registry = Registry::default();
        let roots = [
            Query::create_type_info(&mut registry),
            Mutation::create_type_info(&mut registry),
        ];
        let fields = roots.iter().flat_map(|root| {
            let fields = match registry.types.get(root.trim_end_matches('!')) {
                Some(MetaType::Object { fields, .. }) => fields.keys().cloned().collect(),
                _ => Vec::new(),
            };
            fields.into_iter()
        });
        Self(fields.collect())
    }

    /// What a request asks for; nothing if its document cannot be parsed or has no such operation.
    pub(super) fn operation(&self, request: &mut Request) -> Option<Operation> {
        let name = request.operation_name.clone();
        let document = request.parsed_query().ok()?;
        let (name, definition) = chosen(document, name.as_deref())?;
        let mut roots = Roots {
            document,
            fields: HashSet::new(),
            fragments: HashSet::new(),
        };
        roots.collect(&definition.selection_set.node);
        Some(Operation {
            kind: definition.ty,
            // The parser lets letters, digits and underscores through only.
            name: name.map(|name| name.chars().take(LONGEST_NAME).collect()),
            field: self.label(&roots.fields).to_owned(),
        })
    }

    fn label<'a>(&self, fields: &HashSet<&'a str>) -> &'a str {
        let mut fields = fields.iter();
        match (fields.next(), fields.next()) {
            (Some(_), Some(_)) => "several",
            (Some(&field), None) if self.0.contains(field) => field,
            (Some(field), None) if field.starts_with("__") => "introspection",
            _ => "unknown",
        }
    }
}

/// The operation that is executed, and its name.
pub(super) fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<(Option<&'a Name>, &'a OperationDefinition)> {
    match (&document.operations, name) {
        (DocumentOperations::Single(only), None) => Some((None, &only.node)),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(all), Some(name)) => {
            let (name, operation) = all.get_key_value(name)?;
            Some((Some(name), &operation.node))
        }
        (DocumentOperations::Multiple(all), None) => {
            let mut all = all.iter();
            let (name, operation) = all.next()?;
            all.next()
                .is_none()
                .then_some((Some(name), &operation.node))
        }
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
    use async_graphql::Request;
    use async_graphql::parser::types::OperationType;

    use super::{Operation, RootFields};

    fn operation(query: &str, name: Option<&str>) -> Option<Operation> {
        let roots = RootFields(["me", "leads"].map(str::to_owned).into());
        let mut request = Request::new(query);
        request.operation_name = name.map(str::to_owned);
        roots.operation(&mut request)
    }

    fn field(query: &str) -> String {
        operation(query, None).unwrap().field
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
    }

    #[test]
    fn its_name_is_the_documents_and_bounded() {
        let named = operation("query One { me { id } }", None).unwrap();
        assert_eq!(
            (named.kind, named.name.as_deref()),
            (OperationType::Query, Some("One"))
        );
        let two = "query One { me { id } } mutation Two { leads { id } }";
        assert_eq!(
            operation(two, Some("Two")).unwrap().kind,
            OperationType::Mutation
        );
        assert_eq!(operation(two, None), None);
        assert_eq!(operation(two, Some("jane@example.com")), None);
        assert_eq!(operation("{ me", None), None);
        let long = operation(
            &format!("query {} {{ me {{ id }} }}", "x".repeat(500)),
            None,
        );
        assert_eq!(long.unwrap().name.unwrap().len(), 64);
    }
}
