use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, ServerError, ServerResult, Variables};

use crate::graphql::shape::Shape;

/// How much of a name that a client made up is repeated in the log.
const LONGEST_NAME: usize = 64;

/// An operation, as far as it can be said in a log and in metrics: without any value of the
/// client's, and with as few words as the schema has.
#[derive(Debug)]
pub struct Operation {
    /// Whether it reads or changes.
    pub kind: OperationType,
    /// The client's name for it: at most 64 letters, digits and underscores.
    pub name: Option<String>,
    /// The root field that is selected, `several`, `introspection`, or `unknown` if the schema has
    /// no such field.
    pub field: String,
    /// The variables without which it cannot be asked for.
    required: Vec<(Name, Pos)>,
}

impl Operation {
    fn of(
        document: &ExecutableDocument,
        name: Option<&Name>,
        definition: &OperationDefinition,
        shape: &Shape,
    ) -> Self {
        let mut roots = Roots {
            document,
            fields: HashSet::new(),
            fragments: HashSet::new(),
        };
        roots.collect(&definition.selection_set.node);
        let required = definition
            .variable_definitions
            .iter()
            .filter_map(|variable| {
                let variable_type = &variable.node.var_type.node;
                let is_required = !variable_type.nullable && variable.node.default_value.is_none();
                is_required.then(|| (variable.node.name.node.clone(), variable.pos))
            });
        Self {
            kind: definition.ty,
            // The parser lets letters, digits and underscores through only.
            name: name.map(|name| name.chars().take(LONGEST_NAME).collect()),
            field: label(&roots.fields, definition.ty, shape).to_owned(),
            required: required.collect(),
        }
    }

    /// Looks whether the operation is given all variables that it must be.
    pub(super) fn check_variables(&self, given: &Variables) -> ServerResult<()> {
        match self
            .required
            .iter()
            .find(|(name, _)| !given.contains_key(name))
        {
            None => Ok(()),
            Some((name, pos)) => {
                let message = format!("Variable \"${name}\" must be given");
                Err(ServerError::new(message, Some(*pos)))
            }
        }
    }
}

/// The operations of a document.
#[derive(Debug)]
pub(super) struct Operations(Vec<(Option<Name>, Arc<Operation>)>);

impl Operations {
    pub(super) fn of(document: &ExecutableDocument, shape: &Shape) -> Self {
        let operations = document.operations.iter().map(|(name, definition)| {
            let operation = Operation::of(document, name, &definition.node, shape);
            (name.cloned(), Arc::new(operation))
        });
        Self(operations.collect())
    }

    /// The one that is executed for this name: the only one if there is no name.
    pub(super) fn chosen(&self, name: Option<&str>) -> Option<&Arc<Operation>> {
        let (_, operation) = match (self.0.as_slice(), name) {
            ([only], None) => Some(only),
            (_, None) => None,
            (all, Some(name)) => all
                .iter()
                .find(|(is, _)| is.as_ref().is_some_and(|is| is == name)),
        }?;
        Some(operation)
    }
}

fn label<'a>(fields: &HashSet<&'a str>, kind: OperationType, shape: &Shape) -> &'a str {
    let is_known = |field| Shape::root(kind).is_some_and(|root| shape.field(root, field).is_some());
    let mut fields = fields.iter();
    match (fields.next(), fields.next()) {
        (Some(_), Some(_)) => "several",
        (Some(&field), None) if is_known(field) => field,
        (Some(field), None) if field.starts_with("__") => "introspection",
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
    use async_graphql::{Variables, value};

    use super::{Operation, Operations};
    use crate::graphql::schema::shape;

    fn operation(query: &str, name: Option<&str>) -> Option<Arc<Operation>> {
        let document = parse_query(query).unwrap();
        Operations::of(&document, shape()).chosen(name).cloned()
    }

    fn field(query: &str) -> String {
        operation(query, None).unwrap().field.clone()
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

    #[test]
    fn variables_without_null_and_default_must_be_given() {
        let query = "query One($a: Int!, $b: Int, $c: Int! = 3) { me { id } }";
        let operation = operation(query, None).unwrap();
        let given = |variables| operation.check_variables(&Variables::from_value(variables));
        assert!(given(value!({ "a": 1 })).is_ok());
        let missing = given(value!({ "b": 1 })).unwrap_err();
        assert_eq!(missing.message, "Variable \"$a\" must be given");
    }
}
