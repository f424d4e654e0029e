use serde_json::Value;

use crate::service::exports::ExportColumn;
use crate::service::exports::cell::{Cell, time};
use crate::service::leads::Lead;
use crate::service::{Result, ServiceError};

/// Writes a lead as a line with a JSON object.
pub(super) fn write(
    out: &mut Vec<u8>,
    columns: &[ExportColumn],
    lead: &Lead,
    assignee: Option<&str>,
    notes: Option<Value>,
) -> Result<()> {
    let mut separator = b'{';
    let mut member = |name: &str, value: &dyn Fn(&mut Vec<u8>) -> Result<()>| {
        out.push(separator);
        separator = b',';
        json(out, name)?;
        out.push(b':');
        value(out)
    };
    for column in columns {
        let cell = column.cell(lead, assignee);
        member(column.name(), &|out| value(out, &cell))?;
    }
    if let Some(notes) = notes {
        member("notes", &|out| json(out, &notes))?;
    }
    if separator == b'{' {
        out.push(b'{');
    }
    out.extend_from_slice(b"}\n");
    Ok(())
}

fn value(out: &mut Vec<u8>, cell: &Cell<'_>) -> Result<()> {
    match cell {
        Cell::Nothing => json(out, &()),
        Cell::Text(text) => json(out, text),
        Cell::Texts(texts) => json(out, texts),
        Cell::Integer(number) => json(out, number),
        Cell::Float(number) => json(out, number),
        Cell::Bool(is) => json(out, is),
        Cell::Time(at) => json(out, &time(*at)),
        Cell::Json(text) => {
            out.extend_from_slice(text.as_str().as_bytes());
            Ok(())
        }
    }
}

fn json(out: &mut Vec<u8>, value: &(impl serde::Serialize + ?Sized)) -> Result<()> {
    let written = serde_json::to_writer(out, value);
    written.map_err(|error| ServiceError::Internal(format!("a line of an export: {error}")))
}
