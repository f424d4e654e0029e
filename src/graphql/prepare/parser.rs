//! The parser of documents, by the specification of September 2025.
//!
//! The library's parser supports neither `\u{1F680}` nor surrogate pairs, no descriptions of operations
//! and fragments, keeps only one of two input fields of the same name, and rounds numbers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use async_graphql::parser::types::{
    BaseType, Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition,
    FragmentSpread, InlineFragment, OperationDefinition, OperationType, Selection, SelectionSet,
    Type, TypeCondition, VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::Value;

use crate::graphql::prepare::lexer::{Kind, Token, Unreadable, syntax, tokens};
use crate::graphql::prepare::limits::Limits;
use crate::graphql::prepare::number::number;
use crate::graphql::prepare::strings::{block_string_value, string_value};

/// Reads a document. Errors: a limit that its text goes beyond, or what cannot be read.
pub(in crate::graphql) fn parse(
    text: &str,
    limits: &Limits,
) -> Result<ExecutableDocument, Unreadable> {
    let (tokens, end) = tokens(text, limits)?;
    let mut parser = Parser {
        tokens,
        end,
        next: 0,
    };
    parser.document().map_err(Unreadable::Syntax)
}

pub(super) type Parsed<T> = Result<T, ServerError>;

pub(super) struct Parser<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    /// The position of the end of the text.
    pub(super) end: Pos,
    pub(super) next: usize,
}

impl<'a> Parser<'a> {
    fn document(&mut self) -> Parsed<ExecutableDocument> {
        let mut anonymous = None;
        let mut operations = HashMap::new();
        let mut fragments = HashMap::new();
        while self.next < self.tokens.len() {
            if self.peek("{") {
                let operation = self.shorthand()?;
                refuse_second(anonymous.replace(operation).is_some(), self.position())?;
                continue;
            }
            self.description();
            let at = self.position();
            match self.name()?.node.as_str() {
                "fragment" => {
                    let (name, fragment) = self.fragment(at)?;
                    insert_once(&mut fragments, "fragment", name, fragment)?;
                }
                "query" => {
                    self.operation(at, OperationType::Query, &mut anonymous, &mut operations)?
                }
                "mutation" => {
                    self.operation(at, OperationType::Mutation, &mut anonymous, &mut operations)?;
                }
                "subscription" => {
                    self.operation(
                        at,
                        OperationType::Subscription,
                        &mut anonymous,
                        &mut operations,
                    )?;
                }
                other => return Err(syntax(at, format!("Unexpected Name \"{other}\"."))),
            }
        }
        let operations = match anonymous {
            Some(only) if operations.is_empty() => DocumentOperations::Single(only),
            Some(only) => return Err(not_alone(only.pos)),
            None if operations.is_empty() => {
                return Err(syntax(self.position(), "the document has no operation."));
            }
            None => DocumentOperations::Multiple(operations),
        };
        Ok(ExecutableDocument {
            operations,
            fragments,
        })
    }

    fn shorthand(&mut self) -> Parsed<Positioned<OperationDefinition>> {
        let at = self.position();
        let definition = OperationDefinition {
            ty: OperationType::Query,
            variable_definitions: Vec::new(),
            directives: Vec::new(),
            selection_set: self.selection_set()?,
        };
        Ok(Positioned::new(definition, at))
    }

    fn operation(
        &mut self,
        at: Pos,
        ty: OperationType,
        anonymous: &mut Option<Positioned<OperationDefinition>>,
        named: &mut HashMap<Name, Positioned<OperationDefinition>>,
    ) -> Parsed<()> {
        let name = match self.peek_kind() {
            Some(Kind::Name) => Some(self.name()?),
            _ => None,
        };
        let definition = OperationDefinition {
            ty,
            variable_definitions: self.variable_definitions()?,
            directives: self.directives()?,
            selection_set: self.selection_set()?,
        };
        let definition = Positioned::new(definition, at);
        match name {
            Some(name) => insert_once(named, "operation", name, definition),
            None => refuse_second(anonymous.replace(definition).is_some(), at),
        }
    }

    fn variable_definitions(&mut self) -> Parsed<Vec<Positioned<VariableDefinition>>> {
        if !self.takes("(") {
            return Ok(Vec::new());
        }
        let mut definitions = Vec::new();
        while definitions.is_empty() || !self.takes(")") {
            self.description();
            let at = self.position();
            let name = self.variable()?;
            self.expect(":")?;
            let var_type = self.type_reference()?;
            let default_value = match self.takes("=") {
                true => {
                    let at = self.position();
                    let value = self.constant()?;
                    Some(Positioned::new(value, at))
                }
                false => None,
            };
            let definition = VariableDefinition {
                name,
                var_type,
                directives: self.directives()?,
                default_value,
            };
            definitions.push(Positioned::new(definition, at));
        }
        Ok(definitions)
    }

    fn variable(&mut self) -> Parsed<Positioned<Name>> {
        let at = self.position();
        self.expect("$")?;
        Ok(Positioned::new(self.name()?.node, at))
    }

    fn type_reference(&mut self) -> Parsed<Positioned<Type>> {
        let at = self.position();
        let base = match self.takes("[") {
            true => {
                let inner = self.type_reference()?.node;
                self.expect("]")?;
                BaseType::List(Box::new(inner))
            }
            false => BaseType::Named(self.name()?.node),
        };
        let nullable = !self.takes("!");
        Ok(Positioned::new(Type { base, nullable }, at))
    }

    fn fragment(&mut self, at: Pos) -> Parsed<(Positioned<Name>, Positioned<FragmentDefinition>)> {
        let name = self.name()?;
        if name.node == "on" {
            return Err(syntax(name.pos, "Unexpected Name \"on\"."));
        }
        let Some(type_condition) = self.type_condition()? else {
            return Err(self.unexpected("\"on\""));
        };
        let definition = FragmentDefinition {
            type_condition,
            directives: self.directives()?,
            selection_set: self.selection_set()?,
        };
        Ok((name, Positioned::new(definition, at)))
    }

    fn type_condition(&mut self) -> Parsed<Option<Positioned<TypeCondition>>> {
        let at = self.position();
        if !self.takes("on") {
            return Ok(None);
        }
        let on = self.name()?;
        Ok(Some(Positioned::new(TypeCondition { on }, at)))
    }

    fn selection_set(&mut self) -> Parsed<Positioned<SelectionSet>> {
        let at = self.position();
        self.expect("{")?;
        let mut items = Vec::new();
        while items.is_empty() || !self.takes("}") {
            let at = self.position();
            items.push(Positioned::new(self.selection()?, at));
        }
        Ok(Positioned::new(SelectionSet { items }, at))
    }

    fn selection(&mut self) -> Parsed<Selection> {
        let at = self.position();
        if !self.takes("...") {
            return Ok(Selection::Field(Positioned::new(self.field()?, at)));
        }
        if self.peek_kind() == Some(Kind::Name) && !self.peek("on") {
            let spread = FragmentSpread {
                fragment_name: self.name()?,
                directives: self.directives()?,
            };
            return Ok(Selection::FragmentSpread(Positioned::new(spread, at)));
        }
        let inline = InlineFragment {
            type_condition: self.type_condition()?,
            directives: self.directives()?,
            selection_set: self.selection_set()?,
        };
        Ok(Selection::InlineFragment(Positioned::new(inline, at)))
    }

    fn field(&mut self) -> Parsed<Field> {
        let first = self.name()?;
        let (alias, name) = match self.takes(":") {
            true => (Some(first), self.name()?),
            false => (None, first),
        };
        let arguments = self.arguments()?;
        let directives = self.directives()?;
        let selection_set = match self.peek("{") {
            true => self.selection_set()?,
            false => Positioned::new(SelectionSet::default(), self.position()),
        };
        Ok(Field {
            alias,
            name,
            arguments,
            directives,
            selection_set,
        })
    }

    fn arguments(&mut self) -> Parsed<Vec<(Positioned<Name>, Positioned<Value>)>> {
        let mut arguments = Vec::new();
        if self.takes("(") {
            while arguments.is_empty() || !self.takes(")") {
                let name = self.name()?;
                self.expect(":")?;
                let at = self.position();
                arguments.push((name, Positioned::new(self.value(true)?, at)));
            }
        }
        Ok(arguments)
    }

    fn directives(&mut self) -> Parsed<Vec<Positioned<Directive>>> {
        let mut directives = Vec::new();
        while self.peek("@") {
            let at = self.position();
            self.expect("@")?;
            let directive = Directive {
                name: self.name()?,
                arguments: self.arguments()?,
            };
            directives.push(Positioned::new(directive, at));
        }
        Ok(directives)
    }

    fn constant(&mut self) -> Parsed<async_graphql::Value> {
        let at = self.position();
        let constant = self.value(false)?.into_const();
        constant.ok_or_else(|| syntax(at, "a default value has no variables."))
    }

    fn value(&mut self, may_vary: bool) -> Parsed<Value> {
        let token = self.token()?;
        Ok(match token.kind {
            Kind::Int | Kind::Float => number(token.text).into_value(),
            Kind::String => {
                Value::String(string_value(token.text).map_err(|e| syntax(token.at, e))?)
            }
            Kind::BlockString => Value::String(block_string_value(token.text)),
            Kind::Name => match token.text {
                "true" => Value::Boolean(true),
                "false" => Value::Boolean(false),
                "null" => Value::Null,
                name => Value::Enum(Name::new(name)),
            },
            Kind::Sign => match token.text {
                "$" if may_vary => Value::Variable(self.name()?.node),
                "[" => {
                    let mut items = Vec::new();
                    while !self.takes("]") {
                        items.push(self.value(may_vary)?);
                    }
                    Value::List(items)
                }
                "{" => self.object(may_vary)?,
                sign => return Err(syntax(token.at, format!("Unexpected {sign:?}."))),
            },
        })
    }

    fn object(&mut self, may_vary: bool) -> Parsed<Value> {
        let mut fields = HashMap::new();
        let mut ordered = Vec::new();
        while !self.takes("}") {
            let name = self.name()?;
            insert_once(&mut fields, "input field", name.clone(), ())?;
            self.expect(":")?;
            ordered.push((name.node, self.value(may_vary)?));
        }
        Ok(Value::Object(ordered.into_iter().collect()))
    }
}

fn refuse_second(is_second: bool, at: Pos) -> Parsed<()> {
    match is_second {
        true => Err(not_alone(at)),
        false => Ok(()),
    }
}

fn not_alone(at: Pos) -> ServerError {
    let message = "This anonymous operation must be the only defined operation.";
    ServerError::new(message, Some(at))
}

fn insert_once<T>(
    known: &mut HashMap<Name, T>,
    what: &str,
    name: Positioned<Name>,
    definition: T,
) -> Parsed<()> {
    match known.entry(name.node) {
        Entry::Occupied(entry) => {
            let message = format!("There can be only one {what} named \"{}\".", entry.key());
            Err(ServerError::new(message, Some(name.pos)))
        }
        Entry::Vacant(entry) => {
            entry.insert(definition);
            Ok(())
        }
    }
}
