//! Sessions: everybody sees and ends their own and nobody else's, whatever their role; a key none.

use serde_json::{Value, json};

use crate::properties::same;
use crate::support::{SignedIn, ask_on};

use super::codes::{Said, column, each};
use super::viewer::Viewer;

const OWN: &str = "{ me { sessions(first: 100) { totalCount nodes { id isCurrent }
    edges { node { id } } pageInfo { hasNextPage } } } }";

pub(super) async fn check(viewer: Viewer<'_>) -> Result<(), String> {
    let person = viewer.person();
    let own = viewer.data(OWN, Value::Null).await["me"]["sessions"].clone();
    let ids = sessions(viewer, &format!("user_id = '{}'", person.id)).await;
    same("own", column(&own["nodes"], "/id"), ids.clone())?;
    same("own", column(&own["edges"], "/node/id"), ids.clone())?;
    same("their number", own["totalCount"].clone(), json!(ids.len()))?;
    let current = column(&own["nodes"], "/isCurrent");
    let current = current.iter().filter(|is| **is == json!(true)).count();
    same("the present one", current, 1)?;
    let others = "{ users(first: 100) { nodes { id sessions { nodes { id } } } } }";
    let users = viewer.data(others, Value::Null).await["users"]["nodes"].clone();
    for user in users.as_array().unwrap() {
        let is_own = user["id"] == json!(person.id);
        same("whose", !user["sessions"].is_null(), is_own)?;
    }
    let theirs = sessions(viewer, &format!("user_id <> '{}'", person.id)).await;
    let end = |id: &Value| format!("endSession(input: {{ id: {id} }}) {{ endedSessionId }}");
    let ends: Vec<String> = theirs.iter().map(end).collect();
    let not_found = vec![Said::code("NOT_FOUND"); ends.len()];
    same("ending", each(viewer, "mutation", &ends).await, not_found)?;
    check_own(viewer).await?;
    check_key(viewer, &ids[0]).await
}

/// Another session of the viewer's, which ends.
async fn check_own(viewer: Viewer<'_>) -> Result<(), String> {
    let person = viewer.person();
    let insert = format!(
        "INSERT INTO sessions VALUES (gen_random_uuid(), '{}', sha256(gen_random_uuid()::text::bytea), \
         now() - interval '1 hour', now() - interval '5 minutes', now() + interval '1 hour')",
        person.id
    );
    viewer.population.api.sql(&insert).await;
    let id = sessions(viewer, "created_at < now() - interval '59 minutes'").await;
    let end = format!(
        "endSession(input: {{ id: {} }}) {{ endedSessionId }}",
        id[0]
    );
    let ended = each(viewer, "mutation", &[end.clone(), end]).await;
    let gone = Said::Value(json!({ "endedSessionId": id[0] }));
    same("ending", ended, vec![gone, Said::code("NOT_FOUND")])
}

async fn check_key(viewer: Viewer<'_>, session: &Value) -> Result<(), String> {
    let person = viewer.person();
    let create = format!(
        "mutation {{ createApiKey(input: {{ name: \"k\", userId: \"{}\", role: {}, \
         expiresInDays: 1 }}) {{ secret }} }}",
        person.id,
        person.role.as_str()
    );
    let made = viewer.population.viewer(0).data(&create, Value::Null).await["createApiKey"].clone();
    let key = SignedIn {
        token: made["secret"].as_str().unwrap().to_owned(),
        ..person.signed.clone()
    };
    let end = format!("mutation {{ endSession(input: {{ id: {session} }}) {{ endedSessionId }} }}");
    for denied in [OWN.to_owned(), end] {
        let answer = viewer
            .population
            .api
            .ask(Some(&key), &denied, Value::Null)
            .await;
        let code = &answer["errors"][0]["extensions"]["code"];
        same("a key", code.clone(), json!("PERMISSION_DENIED"))?;
    }
    Ok(())
}

/// The ids of open sessions that this is true of, newest first.
async fn sessions(viewer: Viewer<'_>, are: &str) -> Vec<Value> {
    let mut conn = viewer.population.api.db().connection().await.unwrap();
    let ids = format!(
        "(SELECT coalesce(string_agg(id::text, ' ' ORDER BY id DESC), '') FROM sessions \
         WHERE expires_at > now() AND {are})"
    );
    let ids = ask_on(&mut conn, &ids).await;
    ids.split_whitespace().map(|id| json!(id)).collect()
}
