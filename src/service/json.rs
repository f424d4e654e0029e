//! JSON as it was given: numbers to their last digit, and no key that means anything.
//!
//! serde_json's own values round numbers that a float can't hold, and take an object with certain
//! keys for something else.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::io::Write;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Jsonb;
use json_event_parser::{JsonEvent, SliceJsonParser};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The most digits of a number; PostgreSQL's `numeric` could keep more.
const MOST_DIGITS: usize = 1_000;
/// The largest exponent of a number, up and down: its zeros are written out in the database.
const LARGEST_EXPONENT: u32 = 300;
/// The most lists and objects one inside the other.
const DEEPEST: usize = 128;
/// The version that PostgreSQL's binary form of jsonb begins with.
const JSONB_VERSION: u8 = 1;

/// A JSON value, as its text.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
pub struct Json(Box<str>);

impl Json {
    /// A text that is JSON already.
    pub fn of_text(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// Anything that serde can write, null where it cannot.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Self {
        let text = serde_json::to_string(value);
        Self(text.unwrap_or_else(|_| "null".to_owned()).into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if it is `null`.
    pub fn is_null(&self) -> bool {
        &*self.0 == "null"
    }

    /// True if it is an object.
    pub fn is_object(&self) -> bool {
        self.0.starts_with('{')
    }

    /// True if it is a list.
    pub fn is_array(&self) -> bool {
        self.0.starts_with('[')
    }

    /// True if there is anything in it besides lists and objects.
    pub(crate) fn has_content(&self) -> bool {
        let mut parser = SliceJsonParser::new(self.0.as_bytes());
        loop {
            match parser.parse_next() {
                Ok(JsonEvent::Eof) | Err(_) => return false,
                Ok(
                    JsonEvent::String(_)
                    | JsonEvent::Number(_)
                    | JsonEvent::Boolean(_)
                    | JsonEvent::Null,
                ) => return true,
                Ok(_) => {}
            }
        }
    }

    /// The same value as jsonb would write it, so that equal values have equal texts: each key
    /// once, shorter keys first, exponents written out, and no white space.
    ///
    /// Errors: what of it would not be kept.
    pub(crate) fn canonical(&self) -> Result<Self, String> {
        let mut parser = SliceJsonParser::new(self.0.as_bytes());
        let mut open: Vec<Open> = Vec::new();
        loop {
            let event = parser.parse_next().map_err(|_| "must be JSON".to_owned())?;
            let text = match event {
                JsonEvent::StartArray | JsonEvent::StartObject if open.len() >= DEEPEST => {
                    return Err(format!("must not nest deeper than {DEEPEST} levels"));
                }
                JsonEvent::StartArray => {
                    open.push(Open::List(Vec::new()));
                    continue;
                }
                JsonEvent::StartObject => {
                    open.push(Open::Object(BTreeMap::new(), String::new()));
                    continue;
                }
                JsonEvent::ObjectKey(name) => {
                    if let Some(Open::Object(_, key)) = open.last_mut() {
                        *key = without_nul(&name)?.to_owned();
                    }
                    continue;
                }
                JsonEvent::EndArray | JsonEvent::EndObject => {
                    open.pop().map(Open::text).unwrap_or_default()
                }
                JsonEvent::String(text) => quoted(without_nul(&text)?),
                JsonEvent::Number(text) => plain(&text).map_err(|fault| at(&open, &fault))?,
                JsonEvent::Boolean(is) => is.to_string(),
                JsonEvent::Null => "null".to_owned(),
                JsonEvent::Eof => return Err("must be JSON".to_owned()),
            };
            match open.last_mut() {
                Some(Open::List(items)) => items.push(text),
                Some(Open::Object(members, key)) => {
                    let key = std::mem::take(key);
                    members.insert((key.len(), key), text);
                }
                None => {
                    return match parser.parse_next() {
                        Ok(JsonEvent::Eof) => Ok(Self(text.into())),
                        _ => Err("must be JSON".to_owned()),
                    };
                }
            }
        }
    }
}

/// A list or an object that is being read; its items are texts already.
enum Open {
    List(Vec<String>),
    /// The members, shorter keys first, and the key of the next one.
    Object(BTreeMap<(usize, String), String>, String),
}

impl Open {
    fn text(self) -> String {
        match self {
            Self::List(items) => format!("[{}]", items.join(",")),
            Self::Object(members, _) => {
                let members = members.into_iter();
                let members = members.map(|((_, key), text)| format!("{}:{text}", quoted(&key)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// A fault of a number, with the place of that number.
fn at(open: &[Open], fault: &str) -> String {
    let step = |open: &Open| match open {
        Open::List(items) => items.len().to_string(),
        Open::Object(_, key) => key.clone(),
    };
    let path: Vec<String> = open.iter().map(step).collect();
    match path.is_empty() {
        true => fault.to_owned(),
        false => format!("{fault}, at {}", path.join(".")),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// PostgreSQL's texts have no NUL.
fn without_nul(text: &str) -> Result<&str, String> {
    match text.contains('\0') {
        true => Err("must not contain NUL characters".to_owned()),
        false => Ok(text),
    }
}

/// A number as `numeric` writes it. Errors: it has more digits, or a larger exponent, than is kept.
fn plain(text: &str) -> Result<String, String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let count = whole.len() + fraction.len();
    if count > MOST_DIGITS {
        return Err(format!(
            "must have numbers of at most {MOST_DIGITS} digits, has one of {count}"
        ));
    }
    let exponent = exponent.parse::<i32>().ok();
    let Some(exponent) = exponent.filter(|e| e.unsigned_abs() <= LARGEST_EXPONENT) else {
        return Err(format!(
            "must have numbers with exponents of at most {LARGEST_EXPONENT}, up or down"
        ));
    };
    let mut digits = format!("{whole}{fraction}");
    let mut point = whole.len() as i32 + exponent;
    if point <= 0 {
        digits.insert_str(0, &"0".repeat(1 + point.unsigned_abs() as usize));
        point = 1;
    }
    let point = point as usize;
    while digits.len() < point {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at(point);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let dot = if fraction.is_empty() { "" } else { "." };
    let is_zero = digits.bytes().all(|digit| digit == b'0');
    let sign = if is_zero { "" } else { sign };
    Ok(format!("{sign}{whole}{dot}{fraction}"))
}

impl Display for Json {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self(value.to_string().into())
    }
}

impl Default for Json {
    fn default() -> Self {
        Self("null".into())
    }
}

/// Into JSON text it goes as it is; it must not be made a `serde_json::Value`.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: Result<&RawValue, _> = serde_json::from_str(&self.0);
        raw.map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

/// From JSON text only.
impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(compact(raw.get())))
    }
}

impl ToSql<Jsonb, Pg> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[JSONB_VERSION])?;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Jsonb, Pg> for Json {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes().split_first() {
            Some((&JSONB_VERSION, text)) => Ok(Self(compact(std::str::from_utf8(text)?))),
            _ => Err("jsonb of an unknown version".into()),
        }
    }
}

/// JSON without the white space that jsonb writes between its parts.
fn compact(text: &str) -> Box<str> {
    let mut compact = String::with_capacity(text.len());
    let mut parts = text.split('"');
    // Outside of strings, then inside, in turn.
    let mut is_string = false;
    let mut next = parts.next();
    while let Some(part) = next {
        match is_string {
            true => compact.push_str(part),
            false => compact.extend(part.chars().filter(|c| !c.is_ascii_whitespace())),
        }
        let is_escaped =
            is_string && part.bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 1;
        is_string = is_string == is_escaped;
        next = parts.next();
        if next.is_some() {
            compact.push('"');
        }
    }
    compact.into()
}

#[cfg(test)]
mod tests {
    use super::{Json, compact};

    fn canonical(text: &str) -> Result<String, String> {
        Json::of_text(text).canonical().map(|json| json.to_string())
    }

    #[test]
    fn equal_values_have_equal_texts() {
        for (given, kept) in [
            (
                r#" { "bb" : 1 , "a" : [ true , null ] } "#,
                r#"{"a":[true,null],"bb":1}"#,
            ),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#""\u00e9\/\ud83d\ude80\u0001""#, r#""é/🚀\u0001""#),
            ("1e2", "100"),
            ("1.50e1", "15.0"),
            ("-12.5E-3", "-0.0125"),
            ("100e-2", "1.00"),
            ("0.10", "0.10"),
            ("-0", "0"),
            ("0e5", "0"),
            ("89480000012345678901", "89480000012345678901"),
            (
                r#"{"$serde_json::private::RawValue":"[1]","$serde_json::private::Number":"1"}"#,
                r#"{"$serde_json::private::Number":"1","$serde_json::private::RawValue":"[1]"}"#,
            ),
        ] {
            assert_eq!(canonical(given).as_deref(), Ok(kept), "{given}");
        }
    }

    #[test]
    fn numbers_are_kept_up_to_a_thousand_digits() {
        let digits = "9".repeat(1_000);
        assert_eq!(canonical(&digits), Ok(digits.clone()));
        assert!(canonical(&format!("{digits}9")).is_err());
        assert!(canonical(&format!("0.{digits}")).is_err());
        assert_eq!(canonical("1e300").map(|text| text.len()), Ok(301));
        assert_eq!(canonical("1e-300").map(|text| text.len()), Ok(302));
        for beyond in ["1e301", "1e-301", "1e99999999999"] {
            let nested = format!(r#"{{"a":[0,{beyond}]}}"#);
            let fault = canonical(&nested).unwrap_err();
            assert!(fault.ends_with("at a.1"), "{fault}");
        }
    }

    #[test]
    fn what_is_no_json_or_nests_too_deep_is_refused() {
        for wrong in ["", "{", "01", "nul", "\"\\ud800\"", "[1,]", "\"\\u0000\""] {
            assert!(canonical(wrong).is_err(), "{wrong}");
        }
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(canonical(&nested(128)).is_ok());
        assert!(canonical(&nested(129)).is_err());
    }

    #[test]
    fn white_space_in_strings_stays() {
        let jsonb = r#"{"a b": [1, "c  \" d\\", {"e": " "}], "f": "\\\" , "}"#;
        let expected = r#"{"a b":[1,"c  \" d\\",{"e":" "}],"f":"\\\" , "}"#;
        assert_eq!(&*compact(jsonb), expected);
    }
}
