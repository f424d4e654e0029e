//! The log over all leads.

use serde_json::{Value, json};

use crate::properties::same;

use super::codes::column;
use super::viewer::Viewer;

const PAGE: &str = "query ($after: Position) { timeline(first: 100, after: $after) {
    nodes { id position lead { id } } edges { node { id } }
    pageInfo { hasNextPage endCursor } } }";

pub(super) async fn check(viewer: &Viewer<'_>) -> Result<(), String> {
    let (mut nodes, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = viewer.data(PAGE, json!({ "after": after })).await["timeline"].clone();
        let rows = page["nodes"].as_array().unwrap().clone();
        same(
            "edges",
            column(&page["edges"], "/node/id"),
            column(&page["nodes"], "/id"),
        )?;
        after = rows.last().map_or(after, |row| row["position"].clone());
        nodes.extend(rows);
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let visible = viewer
        .population
        .log
        .iter()
        .filter(|note| viewer.sees_note(note));
    let expected = visible.map(|note| {
        json!({ "id": note.id, "position": note.position.to_string(), "lead": { "id": note.lead_id } })
    });
    same("timeline", nodes, expected.collect())
}
