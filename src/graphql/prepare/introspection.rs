use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, PathSegment, Pos, Request, Response, Value};

use crate::graphql::context::RequestId;
use crate::graphql::error::transport_error;
use crate::graphql::prepare::document_cache::asked;
use crate::graphql::prepare::operation::chosen;
use crate::service::ServiceError;

/// For so many questions it is said that they are refused, as answers have few errors.
const MOST_TOLD: usize = 10;

/// The questions of an operation about the schema: for whom that is not, it is null there without a word
/// in the library.
pub struct Introspection(Vec<(Name, Pos)>);

impl Introspection {
    /// The questions of the operation that is asked for; nothing if it has none.
    pub fn of(request: &Request) -> Option<Self> {
        let name = request.operation_name.as_deref();
        let document = &asked(request)?.known.document;
        let operation = chosen(document, name)?;
        let mut questions = Questions {
            document,
            found: Vec::new(),
            fragments: HashSet::new(),
        };
        questions.collect(&operation.node.selection_set.node);
        let found = questions.found;
        (!found.is_empty()).then_some(Self(found))
    }

    /// Says of each that it was refused, if it was asked after all.
    pub fn refuse(self, answer: &mut Response, request_id: &RequestId) {
        let Value::Object(data) = &answer.data else {
            return;
        };
        for (key, at) in self.0.into_iter().take(MOST_TOLD) {
            if data.get(&key) != Some(&Value::Null) {
                continue;
            }
            let denied = "only an administrator may ask about the schema";
            let denied = ServiceError::PermissionDenied(denied.to_owned());
            let mut error = transport_error(&denied, request_id);
            error.locations = vec![at];
            error.path = vec![PathSegment::Field(key.to_string())];
            answer.errors.push(error);
        }
    }
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
