//! Exports: the download has the leads of the list, and nobody else's.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::properties::same;
use crate::support::PUBLIC_URL;

use super::codes::{column, sorted};
use super::lists::filters;
use super::population::ids;
use super::viewer::Viewer;

const EXPORT: &str =
    "mutation ($input: CreateExportInput!) { createExport(input: $input) { url } }";
const LIST: &str =
    "query ($filter: LeadFilter) { leads(filter: $filter, first: 100) { nodes { id } } }";

pub(super) async fn check(viewer: &Viewer<'_>) -> Result<(), String> {
    let viewer = *viewer;
    let all = json!({ "archived": "INCLUDE" });
    let everything = exported(viewer, &all).await;
    same(
        "an export of everything",
        sorted(everything),
        sorted(ids(viewer.visible())),
    )?;
    for (filter, search) in filters(viewer) {
        if !search.is_empty() {
            continue;
        }
        let listed = viewer.data(LIST, json!({ "filter": filter })).await;
        let listed = column(&listed["leads"]["nodes"], "/id");
        same(
            &format!("an export by {filter}"),
            exported(viewer, &filter).await,
            listed,
        )?;
    }
    Ok(())
}

/// The ids of a download, in its order.
async fn exported(viewer: Viewer<'_>, filter: &Value) -> Vec<Value> {
    let input = json!({ "filter": filter, "format": "NDJSON", "notes": true });
    let made = viewer.data(EXPORT, json!({ "input": input })).await;
    let url = made["createExport"]["url"].as_str().unwrap();
    let path = url.strip_prefix(PUBLIC_URL).unwrap();
    let request = Request::get(path).body(Body::empty()).unwrap();
    let (status, _, lines) = viewer.population.api.send(request).await;
    assert_eq!(status, StatusCode::OK, "{lines}");
    let id = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["id"].clone()
    };
    lines.lines().map(id).collect()
}
