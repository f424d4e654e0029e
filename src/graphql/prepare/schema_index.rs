use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, DirectiveLocation, FieldDefinition, InputValueDefinition, OperationType, Type,
    TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Value};

/// The introspection types of the specification; the schema's own text leaves them out.
const INTROSPECTION: &str = include_str!("introspection.graphql");

/// The schema's types by their names, as documents and variables are held against them.
#[derive(Debug)]
pub(in crate::graphql) struct SchemaIndex {
    types: HashMap<String, NamedType>,
    /// The fields that every object has, and those of the query root that ask about the schema.
    meta: ObjectType,
    directives: HashMap<String, Directive>,
}

/// A type of the schema.
#[derive(Debug)]
pub(in crate::graphql) enum NamedType {
    Scalar,
    /// The values in the schema's order.
    Enum(Vec<Name>),
    Input(InputObject),
    /// An object, an interface or a union.
    Object(ObjectType),
}

/// An input object.
#[derive(Debug)]
pub(in crate::graphql) struct InputObject {
    pub(in crate::graphql) fields: Vec<Input>,
    pub(in crate::graphql) is_one_of: bool,
}

/// An argument, or a field of an input object.
#[derive(Debug)]
pub(in crate::graphql) struct Input {
    pub(in crate::graphql) name: Name,
    pub(in crate::graphql) is: Type,
    pub(in crate::graphql) default: Option<Value>,
}

/// A directive.
#[derive(Debug)]
pub(in crate::graphql) struct Directive {
    pub(in crate::graphql) arguments: Vec<Input>,
    pub(in crate::graphql) locations: Vec<DirectiveLocation>,
}

/// A type whose fields can be selected.
#[derive(Debug, Default)]
pub(in crate::graphql) struct ObjectType {
    fields: HashMap<String, Field>,
    /// The concrete types that it stands for, if it is an interface or a union.
    pub(in crate::graphql) possible: Option<Vec<String>>,
}

/// A field of an object.
#[derive(Debug)]
pub(in crate::graphql) struct Field {
    pub(in crate::graphql) is: Type,
    /// The type of the object, or of each in the list.
    pub(in crate::graphql) object: String,
    pub(in crate::graphql) is_list: bool,
    /// True if the client gives the number of rows that it wants with `first`.
    pub(in crate::graphql) is_paged: bool,
    /// True if the list has a row for each id that the client names.
    pub(in crate::graphql) is_by_ids: bool,
    pub(in crate::graphql) arguments: Vec<Input>,
}

impl SchemaIndex {
    /// Reads the schema definition language.
    ///
    /// # Panics
    ///
    /// If it cannot be read: it is the schema's own text.
    pub(in crate::graphql) fn of(sdl: &str) -> Self {
        let mut index = Self {
            types: HashMap::new(),
            meta: ObjectType::default(),
            directives: HashMap::new(),
        };
        for scalar in ["Int", "Float", "String", "Boolean", "ID"] {
            index.types.insert(scalar.to_owned(), NamedType::Scalar);
        }
        for text in [INTROSPECTION, sdl] {
            let document = parse_schema(text).expect("the schema's own text can be read");
            for definition in document.definitions {
                index.add(definition);
            }
        }
        if let Some(NamedType::Object(meta)) = index.types.remove("__Meta") {
            index.meta = meta;
        }
        index
    }

    fn add(&mut self, definition: TypeSystemDefinition) {
        match definition {
            TypeSystemDefinition::Type(definition) => self.add_type(definition.node),
            TypeSystemDefinition::Directive(definition) => {
                let name = definition.node.name.node.to_string();
                let arguments = inputs(definition.node.arguments.iter().map(|a| &a.node));
                let locations = definition
                    .node
                    .locations
                    .into_iter()
                    .map(|l| l.node)
                    .collect();
                self.directives.insert(
                    name,
                    Directive {
                        arguments,
                        locations,
                    },
                );
            }
            TypeSystemDefinition::Schema(_) => {}
        }
    }

    fn add_type(&mut self, definition: TypeDefinition) {
        let name = definition.name.node.to_string();
        let is_one_of = || {
            let mut directives = definition.directives.iter();
            directives.any(|directive| directive.node.name.node == "oneOf")
        };
        let added = match definition.kind {
            TypeKind::Scalar => NamedType::Scalar,
            TypeKind::Enum(of) => {
                NamedType::Enum(of.values.into_iter().map(|v| v.node.value.node).collect())
            }
            TypeKind::InputObject(ref of) => NamedType::Input(InputObject {
                fields: inputs(of.fields.iter().map(|field| &field.node)),
                is_one_of: is_one_of(),
            }),
            TypeKind::Object(of) => {
                for interface in of.implements {
                    self.implements(&name, &interface.node);
                }
                self.object(&name).fields = fields(of.fields.iter().map(|field| &field.node));
                return;
            }
            TypeKind::Interface(of) => {
                let object = self.object(&name);
                object.fields = fields(of.fields.iter().map(|field| &field.node));
                object.possible.get_or_insert_default();
                return;
            }
            TypeKind::Union(of) => NamedType::Object(ObjectType {
                fields: HashMap::new(),
                possible: Some(of.members.iter().map(|m| m.node.to_string()).collect()),
            }),
        };
        self.types.insert(name, added);
    }

    /// The object of this name, empty if it was not met before.
    fn object(&mut self, name: &str) -> &mut ObjectType {
        let entry = self.types.entry(name.to_owned());
        let object = entry.or_insert_with(|| NamedType::Object(ObjectType::default()));
        match object {
            NamedType::Object(object) => object,
            _ => unreachable!("a name stands for one type"),
        }
    }

    fn implements(&mut self, object: &str, interface: &str) {
        let possible = &mut self.object(interface).possible;
        possible.get_or_insert_default().push(object.to_owned());
    }

    /// The type that an operation begins with.
    pub(in crate::graphql) fn root(operation: OperationType) -> Option<&'static str> {
        match operation {
            OperationType::Query => Some("Query"),
            OperationType::Mutation => Some("Mutation"),
            OperationType::Subscription => None,
        }
    }

    pub(in crate::graphql) fn named(&self, name: &str) -> Option<&NamedType> {
        self.types.get(name)
    }

    pub(in crate::graphql) fn type_names(&self) -> Vec<&str> {
        self.types.keys().map(String::as_str).collect()
    }

    pub(in crate::graphql) fn selectable(&self, name: &str) -> Option<&ObjectType> {
        match self.types.get(name)? {
            NamedType::Object(object) => Some(object),
            _ => None,
        }
    }

    /// True if an object of the concrete type is one of this type.
    pub(in crate::graphql) fn is_possible(&self, of: &str, concrete: &str) -> bool {
        let possible = self.selectable(of).and_then(|of| of.possible.as_ref());
        of == concrete || possible.is_some_and(|types| types.iter().any(|name| name == concrete))
    }

    /// True if some object is of both types.
    pub(in crate::graphql) fn overlap(&self, a: &str, b: &str) -> bool {
        let possible = self.selectable(a).and_then(|a| a.possible.as_ref());
        match possible {
            Some(types) => types.iter().any(|concrete| self.is_possible(b, concrete)),
            None => self.is_possible(b, a),
        }
    }

    pub(in crate::graphql) fn field(&self, object: &str, field: &str) -> Option<&Field> {
        let of = self.selectable(object)?;
        of.fields.get(field).or_else(|| {
            let is_root = Some(object) == Self::root(OperationType::Query);
            let is_there = is_root || field == "__typename";
            is_there.then(|| self.meta.fields.get(field)).flatten()
        })
    }

    pub(in crate::graphql) fn directive(&self, name: &str) -> Option<&Directive> {
        self.directives.get(name)
    }
}

impl ObjectType {
    pub(in crate::graphql) fn field_names(&self) -> Vec<&str> {
        self.fields.keys().map(String::as_str).collect()
    }
}

impl Input {
    /// True if it must be given.
    pub(in crate::graphql) fn is_required(&self) -> bool {
        !self.is.nullable && self.default.is_none()
    }
}

fn fields<'a>(definitions: impl Iterator<Item = &'a FieldDefinition>) -> HashMap<String, Field> {
    let field = |definition: &FieldDefinition| {
        let is = definition.ty.node.clone();
        let arguments = inputs(definition.arguments.iter().map(|argument| &argument.node));
        let takes = |name: &str| arguments.iter().any(|argument| argument.name == name);
        let is_list = matches!(is.base, BaseType::List(_));
        let field = Field {
            object: innermost(&is).to_string(),
            is_list,
            is_paged: takes("first"),
            is_by_ids: is_list && takes("ids"),
            is,
            arguments,
        };
        (definition.name.node.to_string(), field)
    };
    definitions.map(field).collect()
}

fn inputs<'a>(definitions: impl Iterator<Item = &'a InputValueDefinition>) -> Vec<Input> {
    let input = |definition: &InputValueDefinition| Input {
        name: definition.name.node.clone(),
        is: definition.ty.node.clone(),
        default: definition
            .default_value
            .as_ref()
            .map(|value| value.node.clone()),
    };
    definitions.map(input).collect()
}

/// The type in all lists.
pub(in crate::graphql) fn innermost(is: &Type) -> &Name {
    match &is.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}
