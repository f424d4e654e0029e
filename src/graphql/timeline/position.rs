use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// A position in the log of all leads.
pub struct Position(pub i64);

/// A position in the log of all leads: a string of decimal digits, like `"1207"`. Positions only grow.
#[Scalar]
impl ScalarType for Position {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_number);
        number.map(Self).ok_or_else(|| {
            InputValueError::custom(
                "is not a position: those are texts of decimal digits, as `position` answers them",
            )
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{ScalarType, Value};

    use super::Position;

    #[test]
    fn a_position_is_a_text_of_decimal_digits() {
        let parsed = |text: &str| Position::parse(Value::from(text)).map(|position| position.0);
        for (text, number) in [("0", 0), ("1207", 1207), ("9223372036854775807", i64::MAX)] {
            assert_eq!(parsed(text).ok(), Some(number));
            assert_eq!(Position(number).to_value(), Value::from(text));
        }
        for bad in ["", "-5", "+5", "1.0", "x", " 1", "٣", "9223372036854775808"] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
        assert!(Position::parse(Value::from(5)).is_err());
    }
}
