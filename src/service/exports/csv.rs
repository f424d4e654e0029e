use std::borrow::Cow;

use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use serde_json::Value;

use crate::service::exports::ExportColumn;
use crate::service::exports::cell::{Cell, time};
use crate::service::leads::Lead;
use crate::service::{Result, ServiceError};

/// Writes leads as records of CSV (RFC 4180).
pub(super) struct CsvWriter(Writer<Vec<u8>>);

impl CsvWriter {
    /// Begins with the line of names.
    pub(super) fn begin(columns: &[ExportColumn], notes: bool) -> Result<Self> {
        let mut writer = writer(Vec::new());
        let names = columns.iter().map(|column| column.name());
        let notes = notes.then_some("notes");
        writer.write_record(names.chain(notes)).map_err(broken)?;
        Ok(Self(writer))
    }

    /// Writes a lead.
    pub(super) fn write(
        &mut self,
        columns: &[ExportColumn],
        lead: &Lead,
        assignee: Option<&str>,
        notes: Option<Value>,
    ) -> Result<()> {
        for column in columns {
            let field = field(column.cell(lead, assignee))?;
            self.0.write_field(field.as_bytes()).map_err(broken)?;
        }
        if let Some(notes) = notes {
            self.0.write_field(notes.to_string()).map_err(broken)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(broken)
    }

    /// Takes what was written.
    pub(super) fn take(&mut self) -> Result<Vec<u8>> {
        let next = writer(Vec::new());
        let written = std::mem::replace(&mut self.0, next).into_inner();
        written.map_err(|error| broken(error.into_error()))
    }
}

fn writer(out: Vec<u8>) -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(out)
}

fn field(cell: Cell<'_>) -> Result<Cow<'_, str>> {
    Ok(match cell {
        Cell::Nothing => "".into(),
        Cell::Text(text) => defused(text),
        Cell::Texts([]) => "".into(),
        Cell::Texts(texts) => defused(list(texts)?.into()),
        Cell::Integer(number) => number.to_string().into(),
        Cell::Float(number) => number.to_string().into(),
        Cell::Bool(is) => is.to_string().into(),
        Cell::Time(at) => time(at).into(),
        Cell::Json(text) => text.as_str().into(),
    })
}

/// Several texts in one field: a record of its own, separated by semicolons.
fn list(texts: &[String]) -> Result<String> {
    let mut writer = WriterBuilder::new()
        .delimiter(b';')
        .quote_style(QuoteStyle::Necessary)
        .from_writer(Vec::new());
    writer.write_record(texts).map_err(broken)?;
    let written = writer
        .into_inner()
        .map_err(|error| broken(error.into_error()))?;
    let written = String::from_utf8(written).map_err(broken)?;
    Ok(written.trim_end_matches('\n').to_owned())
}

/// The text with an apostrophe before a sign that a spreadsheet would take for the beginning of a formula,
/// and before the apostrophes that are there already. A phone number and a negative number stay.
fn defused(text: Cow<'_, str>) -> Cow<'_, str> {
    let inner = text.trim_start_matches('\'');
    let is_formula = inner.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !is_formula || is_number(&text) {
        return text;
    }
    format!("'{text}").into()
}

/// True for a number with its sign: E.164, as phone numbers are stored, or a negative one.
fn is_number(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.as_bytes() {
        [b'+', ..] => is_digits(&text[1..]) && text.len() <= 16,
        [b'-', ..] => {
            let (whole, rest) = text[1..].split_once('.').unwrap_or((&text[1..], "0"));
            is_digits(whole) && is_digits(rest)
        }
        _ => false,
    }
}

fn broken(error: impl std::fmt::Display) -> ServiceError {
    ServiceError::Internal(format!("a record of an export: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_defused_and_numbers_are_not() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("'=1", "''=1"),
            ("+48601234567", "+48601234567"),
            ("+48601234567;ext=12", "'+48601234567;ext=12"),
            ("-12.5", "-12.5"),
            ("-", "'-"),
            ("'quoted'", "'quoted'"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(defused(text.into()), written);
        }
    }

    #[test]
    fn tags_are_a_record_of_their_own() {
        let tags = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            list(&texts).map_err(|error| error.message()).unwrap()
        };
        assert_eq!(tags(&["a", "b c"]), "a;b c");
        assert_eq!(tags(&["a;b", "\"c\""]), "\"a;b\";\"\"\"c\"\"\"");
    }
}
