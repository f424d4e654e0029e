use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, OperationType, Type, TypeKind, TypeSystemDefinition,
};

/// What a query's cost depends on in the schema: which fields are lists, and which have pages.
#[derive(Debug)]
pub(super) struct Shape(HashMap<String, HashMap<String, FieldShape>>);

/// What a field leads to.
#[derive(Debug)]
pub(super) struct FieldShape {
    /// The type of the object, or of each in the list.
    pub(super) object: String,
    pub(super) is_list: bool,
    /// Whether the client says with `first` how many rows it wants.
    pub(super) is_paged: bool,
}

impl Shape {
    /// Reads it from the schema definition language. What cannot be read has no fields: they all
    /// cost one.
    pub(super) fn of(sdl: &str) -> Self {
        let definitions = parse_schema(sdl).map(|document| document.definitions);
        let types = definitions
            .unwrap_or_default()
            .into_iter()
            .filter_map(|definition| {
                let TypeSystemDefinition::Type(definition) = definition else {
                    return None;
                };
                let fields = match definition.node.kind {
                    TypeKind::Object(object) => object.fields,
                    TypeKind::Interface(interface) => interface.fields,
                    _ => return None,
                };
                let fields = fields.iter().map(|field| {
                    let name = field.node.name.node.to_string();
                    (name, FieldShape::of(&field.node))
                });
                Some((definition.node.name.node.to_string(), fields.collect()))
            });
        Self(types.collect())
    }

    /// The type that an operation begins with.
    pub(super) fn root(operation: OperationType) -> Option<&'static str> {
        match operation {
            OperationType::Query => Some("Query"),
            OperationType::Mutation => Some("Mutation"),
            OperationType::Subscription => None,
        }
    }

    pub(super) fn field(&self, object: &str, field: &str) -> Option<&FieldShape> {
        self.0.get(object)?.get(field)
    }
}

impl FieldShape {
    fn of(field: &FieldDefinition) -> Self {
        let mut arguments = field.arguments.iter();
        let (object, is_list) = named(&field.ty.node);
        Self {
            object,
            is_list,
            is_paged: arguments.any(|argument| argument.node.name.node == "first"),
        }
    }
}

fn named(of: &Type) -> (String, bool) {
    match &of.base {
        BaseType::Named(name) => (name.to_string(), false),
        BaseType::List(inner) => (named(inner).0, true),
    }
}
