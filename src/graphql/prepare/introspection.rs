use std::collections::HashSet;

use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Pos};

/// The fields of an operation that ask about the schema, by their names in the answer.
pub(in crate::graphql) fn introspection(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Vec<(Name, Pos)> {
    let mut questions = Questions {
        document,
        found: Vec::new(),
        fragments: HashSet::new(),
    };
    questions.collect(&operation.selection_set.node);
    questions.found
}

/// The root fields that ask about the schema, by their names in the answer.
struct Questions<'a> {
    document: &'a ExecutableDocument,
    found: Vec<(Name, Pos)>,
    fragments: HashSet<&'a Name>,
}

impl<'a> Questions<'a> {
    fn collect(&mut self, set: &'a SelectionSet) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    let is_question =
                        matches!(field.node.name.node.as_str(), "__schema" | "__type");
                    if is_question && self.found.iter().all(|(known, _)| known != key) {
                        self.found.push((key.clone(), field.pos));
                    }
                }
                Selection::InlineFragment(inline) => self.collect(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.fragments.insert(name)
                    {
                        self.collect(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}
