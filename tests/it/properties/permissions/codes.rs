//! Many fields in one request, each with its value or its error code.

use serde_json::Value;

use super::viewer::Viewer;

/// The answer of one field: its value, or its error code.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Value(Value),
    Code(String),
}

impl Said {
    pub(super) fn code(code: &str) -> Said {
        Said::Code(code.to_owned())
    }
}

/// Asks for the fields, `operation` is `query` or `mutation`, and gives what each was answered
/// with. No error may stand deeper than at a field itself.
pub(super) async fn each(viewer: Viewer<'_>, operation: &str, fields: &[String]) -> Vec<Said> {
    let mut all = Vec::new();
    for chunk in fields.chunks(30) {
        let aliased = chunk
            .iter()
            .enumerate()
            .map(|(n, field)| format!("f{n}: {field}\n"));
        let document = format!("{operation} {{ {} }}", aliased.collect::<String>());
        let response = viewer.ask(&document, Value::Null).await;
        all.extend((0..chunk.len()).map(|n| said(&response, &format!("f{n}"))));
    }
    all
}

fn said(response: &Value, alias: &str) -> Said {
    let errors = response["errors"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    assert!(
        errors.iter().all(|error| error["path"].is_array()),
        "{response:#}"
    );
    let mut own = errors.iter().filter(|error| error["path"][0] == alias);
    match own.next() {
        None => Said::Value(response["data"][alias].clone()),
        Some(error) => {
            assert!(
                own.next().is_none() && error["path"].as_array().unwrap().len() == 1,
                "{error}"
            );
            assert!(
                response["data"][alias].is_null(),
                "a refusal with data: {response:#}"
            );
            Said::Code(error["extensions"]["code"].as_str().unwrap().to_owned())
        }
    }
}

/// The values at a path into each element of a list.
pub(super) fn column(list: &Value, path: &str) -> Vec<Value> {
    let rows = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    rows.iter()
        .map(|row| row.pointer(path).cloned().unwrap_or_default())
        .collect()
}

/// The same in an order of its own, for what has none.
pub(super) fn sorted(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by_key(Value::to_string);
    values
}
