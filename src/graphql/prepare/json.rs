use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value};
use json_event_parser::{JsonEvent, SliceJsonParser};

use crate::graphql::prepare::number::number;

/// The most lists and objects one inside the other: what reads them calls itself for each.
const DEEPEST: usize = 128;

/// Reads a JSON object, such as a request's variables: numbers to their last digit, and without a
/// key that means anything. Errors: what is wrong with it.
pub fn read_object(text: &str) -> Result<IndexMap<Name, Value>, String> {
    let mut parser = SliceJsonParser::new(text.as_bytes());
    let mut open: Vec<Open> = Vec::new();
    loop {
        let event = parser.parse_next().map_err(|error| error.to_string())?;
        let value = match event {
            JsonEvent::StartArray | JsonEvent::StartObject if open.len() >= DEEPEST => {
                return Err(format!("it nests deeper than {DEEPEST} levels"));
            }
            JsonEvent::StartArray => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            JsonEvent::StartObject => {
                open.push(Open::Object(IndexMap::new(), None));
                continue;
            }
            JsonEvent::ObjectKey(name) => {
                if let Some(Open::Object(_, key)) = open.last_mut() {
                    *key = Some(Name::new(name));
                }
                continue;
            }
            JsonEvent::EndArray | JsonEvent::EndObject => match open.pop() {
                Some(Open::List(items)) => Value::List(items),
                Some(Open::Object(fields, _)) => Value::Object(fields),
                None => Value::Null,
            },
            JsonEvent::String(text) => Value::String(text.into_owned()),
            JsonEvent::Number(text) => number(&text),
            JsonEvent::Boolean(is) => Value::Boolean(is),
            JsonEvent::Null => Value::Null,
            JsonEvent::Eof => return Err("it ends too early".to_owned()),
        };
        match (open.last_mut(), value) {
            (Some(Open::List(items)), value) => items.push(value),
            (Some(Open::Object(fields, key)), value) => {
                fields.extend(key.take().map(|key| (key, value)));
            }
            (None, Value::Object(fields)) => {
                return match parser.parse_next() {
                    Ok(JsonEvent::Eof) => Ok(fields),
                    _ => Err("it does not end with the object".to_owned()),
                };
            }
            (None, _) => return Err("it is no object".to_owned()),
        }
    }
}

enum Open {
    List(Vec<Value>),
    /// The fields, and the name of the next one.
    Object(IndexMap<Name, Value>, Option<Name>),
}
