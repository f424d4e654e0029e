use std::fmt::{self, Display, Formatter};

use async_graphql::{InputType, Name, Value};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Number;

use crate::graphql::prepare::number::{exact_text, nearest};
use crate::graphql::timeline::Position;

/// A scalar's value from JSON; nothing where it is taken as it stands. Errors: a sentence that says
/// what cannot be taken for it.
pub(super) fn from_json(scalar: &str, value: &Value) -> Result<Option<Value>, String> {
    if let Value::Binary(text) = value
        && let coerced @ (Value::Number(_) | Value::String(_)) =
            exact(Some(&Name::new(scalar)), text)
    {
        return Ok(Some(coerced));
    }
    let shown = DisplayValue(value);
    match (scalar, value) {
        // A whole number may be written in any way in JSON: `1.0` is an Int, as 1e0 is.
        ("Int", Value::Number(number)) => match whole(number).map(i32::try_from) {
            Some(Ok(whole)) => Ok(Some(whole.into())),
            Some(Err(_)) => Err(format!(
                "Int cannot represent non 32-bit signed integer value: {number}"
            )),
            None => Err(format!("Int cannot represent non-integer value: {number}")),
        },
        ("ID", Value::Number(number)) => match whole(number) {
            Some(whole) => Ok(Some(whole.to_string().into())),
            None => Err(format!("ID cannot represent value: {number}")),
        },
        ("Float", Value::Number(_))
        | ("String" | "ID", Value::String(_))
        | ("Boolean", Value::Boolean(_)) => Ok(None),
        ("Int", _) => Err(format!("Int cannot represent non-integer value: {shown}")),
        ("Float", _) => Err(format!("Float cannot represent non numeric value: {shown}")),
        ("String", _) => Err(format!(
            "String cannot represent a non string value: {shown}"
        )),
        ("Boolean", _) => Err(format!(
            "Boolean cannot represent a non boolean value: {shown}"
        )),
        ("ID", _) => Err(format!("ID cannot represent value: {shown}")),
        ("DateTime", value) => {
            let example = "2031-05-02T10:00:00+02:00";
            parsed::<DateTime<Utc>>(value, "a moment as RFC 3339 writes it", example)
        }
        ("Position", value) => parsed::<Position>(value, "a text of decimal digits", "\"1207\""),
        ("Date", value) => parsed::<NaiveDate>(value, "a day of the calendar", "2031-05-02"),
        // JSON is anything; of others their resolvers know more.
        _ => Ok(None),
    }
}

/// Checks that a value in a document is one of this scalar. Errors: a sentence that says why it is not.
pub(super) fn check_literal(
    scalar: &str,
    value: &async_graphql_value::Value,
) -> Result<(), String> {
    let is_own = matches!(
        scalar,
        "Int" | "Float" | "String" | "Boolean" | "ID" | "DateTime" | "Date" | "Position"
    );
    match (scalar, value.clone().into_const()) {
        _ if !is_own => Ok(()),
        (_, None) => Err(format!("{scalar} cannot represent a value with variables")),
        // In a document a number with a fraction is no whole one.
        ("Int", Some(Value::Number(number))) if !number.is_i64() => {
            Err(format!("Int cannot represent non-integer value: {number}"))
        }
        ("ID", Some(Value::Number(number))) if number.is_f64() => {
            Err(format!("ID cannot represent value: {number}"))
        }
        (_, Some(value)) => from_json(scalar, &value).map(drop),
    }
}

fn parsed<T: InputType>(
    value: &Value,
    wanted: &str,
    example: &str,
) -> Result<Option<Value>, String> {
    let shown = DisplayValue(value);
    match T::parse(Some(value.clone())) {
        Ok(_) => Ok(None),
        Err(_) => Err(format!(
            "{} cannot represent value: {shown}; wanted is {wanted}: {example}",
            T::type_name()
        )),
    }
}

/// A number that stands as its text, where a value of this scalar is wanted.
pub(super) fn exact(scalar: Option<&Name>, text: &[u8]) -> Value {
    let is_whole = text.iter().all(u8::is_ascii_digit);
    match scalar.map(Name::as_str) {
        Some("Float") => {
            nearest(text).map_or_else(|| Value::Binary(text.to_vec().into()), Value::Number)
        }
        Some("ID") if is_whole => exact_text(text).into(),
        _ => Value::Binary(text.to_vec().into()),
    }
}

/// The number if it is whole, however it was written.
fn whole(number: &Number) -> Option<i128> {
    if let Some(whole) = number.as_i128() {
        return Some(whole);
    }
    let number = number.as_f64()?;
    // Below that a float is exactly the number that was written.
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i128)
}

/// A value as an error tells it.
pub(super) struct DisplayValue<'a>(pub(super) &'a Value);

impl Display for DisplayValue<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Binary(text) => out.write_str(exact_text(text)),
            Value::List(_) => out.write_str("a list"),
            Value::Object(_) => out.write_str("an object"),
            value => write!(out, "{value}"),
        }
    }
}
