//! Answers that would become too large: the rest is left out, and a change stays a change.

use serde_json::{Value, json};

use crm::graphql::Limits;

use super::{Team, jan, text};
use crate::support::{Api, ApiOptions, SignedIn};

const LIMIT: usize = 64 * 1024;
/// The bytes that an answer may have beyond the limit: errors, cost, and the fields that a change keeps.
const BESIDES: usize = 8 * 1024;

async fn small_answers() -> Team {
    let limits = Limits {
        answer_bytes: LIMIT,
        ..Limits::default()
    };
    Team::with(ApiOptions {
        limits,
        ..ApiOptions::default()
    })
    .await
}

async fn cheap(cost: u64) -> Team {
    let limits = Limits {
        cost,
        ..Limits::default()
    };
    Team::with(ApiOptions {
        limits,
        ..ApiOptions::default()
    })
    .await
}

/// A field under so many names.
fn often(field: &str, times: usize) -> String {
    let names = (0..times).map(|n| format!("a{n}: {field}"));
    names.collect::<Vec<_>>().join(" ")
}

/// The answer, and the paths of what was left out of it.
async fn ask(api: &Api, who: &SignedIn, query: &str, variables: Value) -> (Value, Vec<String>) {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let text = api.post(Some(who), body).await;
    assert!(text.len() <= LIMIT + BESIDES, "{} bytes", text.len());
    let answer: Value = serde_json::from_str(&text).unwrap();
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let paths = errors.iter().map(|error| {
        assert_eq!(error["extensions"]["code"], "ANSWER_TOO_LARGE", "{error}");
        assert!(error["extensions"]["requestId"].is_string());
        let path = error["path"].as_array().unwrap().iter();
        path.map(|step| step.to_string().replace('"', ""))
            .collect::<Vec<_>>()
            .join(".")
    });
    let paths = paths.collect();
    (answer["data"].clone(), paths)
}

async fn note(team: &Team, lead: &str, letters: usize) {
    let input = json!({ "id": lead, "content": "n".repeat(letters) });
    team.api.change(&team.ada, "addNote", input).await;
}

#[tokio::test]
async fn what_is_read_beyond_the_limit_is_left_out_and_the_rest_is_there() {
    let team = small_answers().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    for _ in 0..7 {
        note(&team, &lead, 10_000).await;
    }
    let query = "query ($id: ID!) { me { id } lead(id: $id) { id notes { nodes { content } } } }";
    let (data, left_out) = ask(&team.api, &team.ann, query, json!({ "id": lead })).await;
    assert_eq!(left_out, ["lead.notes"]);
    assert_eq!(data["lead"], json!({ "id": lead, "notes": null }));
    assert_eq!(data["me"]["id"], json!(team.ann.id));
    let few = query.replace("notes {", "notes(first: 5) {");
    let (data, left_out) = ask(&team.api, &team.ann, &few, json!({ "id": lead })).await;
    assert!(left_out.is_empty());
    assert_eq!(data["lead"]["notes"]["nodes"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn what_is_written_beyond_the_limit_is_left_out_up_to_where_null_may_stand() {
    let team = small_answers().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    note(&team, &lead, 10_000).await;
    let fields = json!({ "id": lead, "customFields": { "text": "c".repeat(10_000) } });
    team.api.change(&team.ada, "updateLead", fields).await;
    let id = json!({ "id": lead });
    for (query, expected) in [
        (
            format!(
                "query ($id: ID!) {{ lead(id: $id) {{ id notes {{ nodes {{ {} }} }} }} }}",
                often("content", 8)
            ),
            json!({ "lead": { "id": lead, "notes": null } }),
        ),
        (
            format!(
                "query ($id: ID!) {{ lead(id: $id) {{ id timeline {{ edges {{ node {{ id
                    ... on Note {{ {} }} }} }} }} }} }}",
                often("content", 8)
            ),
            json!({ "lead": { "id": lead, "timeline": null } }),
        ),
        (
            format!(
                "query ($id: ID!) {{ me {{ id }} lead(id: $id) {{ {} }} }}",
                often("customFields", 8)
            ),
            json!({ "me": { "id": team.ann.id }, "lead": null }),
        ),
        (
            format!(
                "{{ me {{ id }} leads {{ nodes {{ {} }} }} }}",
                often("customFields", 8)
            ),
            json!({ "me": { "id": team.ann.id }, "leads": null }),
        ),
        (
            format!(
                "query ($id: ID!) {{ node(id: $id) {{ id ... on Lead {{ notes {{ nodes {{ {} }} }} }} }} }}",
                often("content", 8)
            ),
            json!({ "node": { "id": lead, "notes": null } }),
        ),
    ] {
        let (data, left_out) = ask(&team.api, &team.ann, &query, id.clone()).await;
        assert_eq!(data, expected, "{query}");
        assert!(!left_out.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn a_change_that_is_made_keeps_its_counts_and_ids() {
    let team = small_answers().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    let input = json!({ "id": lead, "content": "n".repeat(10_000) });
    let query = format!(
        "mutation ($input: AddNoteInput!) {{ addNote(input: $input) {{ note {{ id content lead {{ id
            notes {{ nodes {{ {} }} }} }} }} }}
         again: addNote(input: $input) {{ note {{ id lead {{ id }} }} }} }}",
        often("content", 8)
    );
    let (data, left_out) = ask(&team.api, &team.ann, &query, json!({ "input": input })).await;
    assert_eq!(
        left_out[..2],
        ["addNote.note.lead.notes.nodes", "again.note.lead"]
    );
    assert!(data["addNote"]["note"]["id"].is_string());
    assert_eq!(
        data["addNote"]["note"]["lead"],
        json!({ "id": lead, "notes": null })
    );
    assert!(data["again"]["note"]["id"].is_string());
    assert_eq!(data["again"]["note"]["lead"], Value::Null);
    let made = team
        .api
        .count("SELECT count(*) FROM lead_notes WHERE note_type = 'NOTE'")
        .await;
    assert_eq!(made, 2);
}

#[tokio::test]
async fn a_bulk_change_tells_of_all_its_rows_and_leaves_out_what_is_too_much_of_them() {
    let team = small_answers().await;
    let mut ids = Vec::new();
    for _ in 0..12 {
        let fields = json!({ "customFields": { "text": "c".repeat(10_000) } });
        ids.push(team.api.lead_id(&team.ada, jan(fields)).await);
    }
    let query = "mutation ($input: BulkTagInput!) { bulkTag(input: $input) { total succeeded failed
        results { index id error { code } lead { id customFields } } } }";
    let input = json!({ "leads": { "ids": ids }, "add": ["fleet"] });
    let (data, left_out) = ask(&team.api, &team.ada, query, json!({ "input": input })).await;
    let payload = &data["bulkTag"];
    assert_eq!(
        (&payload["total"], &payload["succeeded"]),
        (&json!(12), &json!(12))
    );
    let rows = payload["results"].as_array().unwrap();
    let told: Vec<String> = rows.iter().map(|row| text(&row["id"])).collect();
    assert_eq!(told, ids);
    let null = rows.iter().filter(|row| row["lead"] == Value::Null).count();
    assert!((1..=12).contains(&null), "{null}");
    assert!(
        left_out
            .iter()
            .all(|path| path.starts_with("bulkTag.results.")),
        "{left_out:?}"
    );
    let tagged = team
        .api
        .count("SELECT count(*) FROM leads WHERE 'fleet' = ANY (tags)")
        .await;
    assert_eq!(tagged, 12);
}

#[tokio::test]
async fn the_rows_of_a_bulk_change_count_in_the_cost_before_anything_is_written() {
    let team = cheap(100).await;
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(team.api.lead_id(&team.ada, jan(json!({}))).await);
    }
    let counts = "mutation ($input: BulkTagInput!) { bulkTag(input: $input) { total succeeded } }";
    let own = counts.replace(
        "total",
        "total results { index id error { code message fields { field } } }",
    );
    let full = counts.replace(
        "total",
        "total results { id lead { id firstName lastName } }",
    );
    let tag = |leads: Value, tag: &str| json!({ "input": { "leads": leads, "add": [tag] } });
    let tagged = async |tag: &str| {
        let statement = format!("SELECT count(*) FROM leads WHERE '{tag}' = ANY (tags)");
        team.api.count(&statement).await
    };
    let by_ids = json!({ "ids": ids });
    let by_name = json!({ "matching": { "search": "Kowalski" } });
    for leads in [&by_ids, &by_name, &json!({ "all": true })] {
        let variables = tag(leads.clone(), "dear");
        let refusal = team
            .api
            .refusal(Some(&team.ada), &full, variables, "COST_LIMIT_EXCEEDED");
        let refusal = refusal.await;
        assert!(
            text(&refusal["message"]).contains("selects 30 leads"),
            "{refusal}"
        );
    }
    assert_eq!(tagged("dear").await, 0);
    for (query, name) in [(counts, "counts"), (&own, "own")] {
        for leads in [&by_ids, &by_name] {
            team.api
                .data(&team.ada, query, tag(leads.clone(), name))
                .await;
        }
        assert_eq!(tagged(name).await, 30);
    }
    // What the first one takes is not there for the second.
    let two = "mutation ($input: BulkTagInput!) {
        one: bulkTag(input: $input) { total results { id lead { id } } }
        two: bulkTag(input: $input) { total results { id lead { id } } } }";
    let answer = team
        .api
        .ask(Some(&team.ada), two, tag(by_ids.clone(), "two"))
        .await;
    assert_eq!(answer["data"]["one"]["total"], 30);
    assert_eq!(answer["data"]["two"], Value::Null);
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "COST_LIMIT_EXCEEDED"
    );
    assert!(answer["extensions"]["cost"]["requested"].as_u64().unwrap() > 60);
    let new: Vec<Value> = (0..30).map(|_| jan(json!({}))).collect();
    let create = "mutation ($input: CreateLeadsInput!) { createLeads(input: $input) { total
        results { id lead { id firstName lastName } } } }";
    let input = json!({ "input": { "leads": new } });
    let refusal = team
        .api
        .refusal(Some(&team.ada), create, input, "COST_LIMIT_EXCEEDED");
    refusal.await;
    assert_eq!(team.api.count("SELECT count(*) FROM leads").await, 30);
}

#[tokio::test]
async fn a_repeated_key_that_selects_more_is_answered_without_the_rows() {
    let team = cheap(100).await;
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(team.api.lead_id(&team.ada, jan(json!({}))).await);
    }
    let input = json!({ "leads": { "ids": ids }, "add": ["once"], "idempotencyKey": "k" });
    let counts = "mutation ($input: BulkTagInput!) { bulkTag(input: $input) { total } }";
    team.api
        .data(&team.ada, counts, json!({ "input": input }))
        .await;
    let full = counts.replace("total", "total results { lead { id firstName lastName } }");
    let answer = team
        .api
        .ask(Some(&team.ada), &full, json!({ "input": input }))
        .await;
    assert_eq!(
        answer["data"]["bulkTag"],
        json!({ "total": 30, "results": null })
    );
    assert_eq!(answer["errors"][0]["path"], json!(["bulkTag", "results"]));
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "COST_LIMIT_EXCEEDED"
    );
}

#[tokio::test]
async fn the_largest_bulk_change_tells_of_its_rows_with_the_limits_as_they_are() {
    let team = Team::new().await;
    let create =
        "mutation ($input: CreateLeadsInput!) { createLeads(input: $input) { succeeded } }";
    let new: Vec<Value> = (0..1_000).map(|_| jan(json!({}))).collect();
    let input = json!({ "input": { "leads": new } });
    for _ in 0..10 {
        let data = team.api.data(&team.ada, create, input.clone()).await;
        assert_eq!(data["createLeads"]["succeeded"], 1_000);
    }
    let query =
        "mutation ($input: BulkTagInput!) { bulkTag(input: $input) { total succeeded failed dryRun
        results { index id error { code message fields { field message } } } } }";
    let input = json!({ "leads": { "all": true }, "add": ["fleet"] });
    let data = team
        .api
        .data(&team.ada, query, json!({ "input": input }))
        .await;
    assert_eq!(data["bulkTag"]["succeeded"], 10_000);
    assert_eq!(data["bulkTag"]["results"].as_array().unwrap().len(), 10_000);
}
