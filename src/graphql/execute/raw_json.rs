//! Parts of an answer that were written as JSON where they were resolved.
//!
//! The library's own way makes a map of values for each object, which is walked, serialized and dropped
//! afterwards: a third of the server's work on a list of leads. The library's values have no variant
//! for JSON, so that a value of bytes, which no type of the schema uses, represents it.

use std::borrow::Cow;
use std::io::{self, Write};

use async_graphql::Value;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use uuid::Uuid;

use crate::service::Json;
use crate::service::leads::{LeadSource, LeadStatus};
use crate::service::users::UserRole;

/// The value that represents JSON in an answer.
pub(in crate::graphql) fn raw_json(json: Vec<u8>) -> Value {
    Value::Binary(json.into())
}

/// The value of a field that is left out, because the answer would become too large.
pub(in crate::graphql) fn left_out() -> Value {
    raw_json(Vec::new())
}

/// True if a value is [`left_out`].
pub(in crate::graphql) fn is_left_out(value: &Value) -> bool {
    matches!(value, Value::Binary(json) if json.is_empty())
}

/// An answer, or a part of it, as JSON of about `bytes` bytes.
pub fn to_json(answer: &impl Serialize, bytes: usize) -> Vec<u8> {
    let mut json = Vec::with_capacity(bytes);
    write(answer, &mut json);
    json
}

/// Adds a value to JSON.
pub(in crate::graphql) fn write(value: &(impl Serialize + ?Sized), json: &mut Vec<u8>) {
    value
        .serialize(&mut Serializer::with_formatter(json, AsWritten))
        .expect("answers can be written into memory");
}

struct AsWritten;

impl Formatter for AsWritten {
    fn write_byte_array<W: ?Sized + Write>(&mut self, out: &mut W, json: &[u8]) -> io::Result<()> {
        out.write_all(json)
    }
}

/// A value without fields, that writes itself as the library's type of the same name does.
pub(in crate::graphql) trait Leaf {
    fn write(&self, json: &mut Vec<u8>);
}

macro_rules! leaves {
    ($($leaf:ty),+) => {
        $(impl Leaf for $leaf {
            fn write(&self, json: &mut Vec<u8>) {
                write(self, json);
            }
        })+
    };
}

leaves!(str, String, [String], i32, i64, f64, bool);

impl Leaf for Cow<'_, str> {
    fn write(&self, json: &mut Vec<u8>) {
        (**self).write(json);
    }
}

impl Leaf for Json {
    fn write(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(self.as_str().as_bytes());
    }
}

impl Leaf for Uuid {
    fn write(&self, json: &mut Vec<u8>) {
        write(
            &self.hyphenated().encode_lower(&mut Uuid::encode_buffer()),
            json,
        );
    }
}

impl Leaf for DateTime<Utc> {
    fn write(&self, json: &mut Vec<u8>) {
        self.to_rfc3339().write(json);
    }
}

impl<T: Leaf + ?Sized> Leaf for &T {
    fn write(&self, json: &mut Vec<u8>) {
        (**self).write(json);
    }
}

impl<T: Leaf> Leaf for Option<T> {
    fn write(&self, json: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(json),
            None => json.extend_from_slice(b"null"),
        }
    }
}

/// Serializes enumerations by their names in the API.
macro_rules! words {
    ($($item:ty),+) => {
        $(impl Leaf for $item {
            fn write(&self, json: &mut Vec<u8>) {
                self.as_str().write(json);
            }
        })+
    };
}

words!(LeadSource, LeadStatus, UserRole);
