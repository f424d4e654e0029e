use async_graphql::{InputValueResult, Scalar, ScalarType, Value};

use crate::graphql::execute::raw_json::{raw_json, to_json};
use crate::service::Json;

/// JSON as a scalar of the API.
#[derive(Clone)]
pub struct JsonValue(pub Json);

impl JsonValue {
    /// The value that stands for JSON in an answer.
    pub(super) fn of(json: &Json) -> Value {
        raw_json(json.as_str().as_bytes().to_vec())
    }
}

impl From<&Json> for JsonValue {
    fn from(json: &Json) -> Self {
        Self(json.clone())
    }
}

/// Any JSON value: an object, a list, a string, a number, true, false or null. Numbers keep their
/// value to the last digit: up to 1,000 digits, with exponents from -300 to 300.
#[Scalar(name = "JSON")]
impl ScalarType for JsonValue {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = String::from_utf8(to_json(&value, 64))?;
        Ok(Self(Json::of_text(text)))
    }

    fn to_value(&self) -> Value {
        Self::of(&self.0)
    }
}
