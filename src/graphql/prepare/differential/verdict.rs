use std::collections::{BTreeMap, BTreeSet};

use async_graphql::Positioned;
use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
    Type,
};
use async_graphql_value::Value;
use serde_json::{Value as Json, json};

use super::generate::Pair;
use crate::graphql::prepare::json::read_object;
use crate::graphql::prepare::limits::Limits;
use crate::graphql::prepare::schema_index::{Input, NamedType, SchemaIndex};
use crate::graphql::prepare::{
    Collector, TYPE_MARKER, Unreadable, coerce_variables, executable, parse, validate,
};
use crate::graphql::schema::index;

/// For the path of each field the arguments that it is given, as its resolver comes to see them.
pub(super) type Arguments = BTreeMap<String, BTreeSet<String>>;

/// The outcome of a pair. Errors: why it is refused.
pub(super) fn verdict(pair: &Pair) -> Result<Arguments, Vec<String>> {
    let messages = |errors: Vec<async_graphql::ServerError>| {
        errors
            .into_iter()
            .map(|error| error.message)
            .collect::<Vec<_>>()
    };
    let document = parse(&pair.document, &Limits::default()).map_err(|fault| match fault {
        Unreadable::Syntax(error) => vec![error.message],
        Unreadable::LimitExceeded(excess) => panic!("{excess}: {}", pair.document),
    })?;
    let errors = validate(&document, index(), true);
    if !errors.is_empty() {
        return Err(messages(errors));
    }
    let operation = chosen(&document, pair.operation.as_deref());
    let operation = operation.ok_or_else(|| vec!["no such operation".to_owned()])?;
    let given = async_graphql::Variables::from_value(async_graphql::Value::Object(
        read_object(&pair.variables).unwrap(),
    ));
    let variables = coerce_variables(&operation.node, &given, index(), true).map_err(messages)?;
    let collector = Collector {
        document: &document,
        variables: &variables,
        index: index(),
    };
    let executable = executable(collector, operation).map_err(messages)?;
    let DocumentOperations::Single(operation) = &executable.operations else {
        panic!("one operation is executed");
    };
    let mut found = Arguments::new();
    let root = SchemaIndex::root(operation.node.ty).unwrap();
    collect(
        &executable,
        &operation.node.selection_set.node,
        root,
        "",
        &mut found,
    );
    Ok(found)
}

fn collect(
    document: &ExecutableDocument,
    set: &SelectionSet,
    object: &str,
    path: &str,
    found: &mut Arguments,
) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) if field.node.response_key().node == TYPE_MARKER => {}
            Selection::Field(field) => {
                let field = &field.node;
                assert!(field.directives.is_empty());
                let path = format!("{path}/{}", field.response_key().node);
                let known = index().field(object, &field.name.node).unwrap();
                let given = |name: &str| field.get_argument(name).map(|value| &value.node);
                let arguments = inputs(&known.arguments, given);
                let told = json!([field.name.node, arguments]).to_string();
                found.entry(path.clone()).or_default().insert(told);
                let below = &field.selection_set.node;
                collect(document, below, &known.object, &path, found);
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref();
                let on = on.map_or(object, |on| &on.node.on.node);
                collect(document, &inline.node.selection_set.node, on, path, found);
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &document.fragments[&spread.node.fragment_name.node].node;
                let on = &fragment.type_condition.node.on.node;
                collect(document, &fragment.selection_set.node, on, path, found);
            }
        }
    }
}

/// The coerced values of an object of inputs: those that are given, and the defaults of others.
fn inputs<'a>(inputs: &[Input], given: impl Fn(&str) -> Option<&'a Value>) -> Json {
    let value = |input: &Input| match (given(&input.name), &input.default) {
        (Some(value), _) => Some(coerced(value, &input.is)),
        (None, Some(default)) => Some(coerced(&default.clone().into_value(), &input.is)),
        (None, None) => None,
    };
    let fields = inputs
        .iter()
        .filter_map(|input| Some((input.name.to_string(), value(input)?)));
    Json::Object(fields.collect())
}

fn coerced(value: &Value, is: &Type) -> Json {
    match (&is.base, value) {
        (_, Value::Null) => Json::Null,
        (_, Value::Variable(name)) => panic!("${name} is left"),
        (BaseType::List(inner), Value::List(items)) => {
            items.iter().map(|item| coerced(item, inner)).collect()
        }
        (BaseType::List(inner), value) => json!([coerced(value, inner)]),
        (BaseType::Named(name), value) => match (index().named(name), value) {
            (Some(NamedType::Input(object)), Value::Object(fields)) => {
                inputs(&object.fields, |name| fields.get(name))
            }
            (_, Value::Number(number)) if name == "ID" => json!(number.to_string()),
            (_, value) => value.clone().into_json().unwrap(),
        },
    }
}

/// The operation of a document that a request's name stands for: the only one if there is no name.
fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a Positioned<OperationDefinition>> {
    let mut operations = document.operations.iter();
    match name {
        Some(name) => operations.find(|(is, _)| is.is_some_and(|is| is == name)),
        None => operations.next().filter(|_| operations.next().is_none()),
    }
    .map(|(_, operation)| operation)
}
