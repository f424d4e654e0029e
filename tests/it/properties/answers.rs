//! An error in every field that can fail, one after the other, by losing the connection to
//! PostgreSQL at each statement in turn.
//!
//! What comes back is written to `target/tmp/answers.jsonl`; `.ci/answers` has graphql-js judge it
//! by `schema.graphql` and looks that no field was left out.

use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crm::db::PoolOptions;
use tower::ServiceExt;

use crate::api::{Team, UNKNOWN, document, jan, text, with};
use crate::support::{Faults, PASSWORD, SignedIn};

use super::other_copy::Copy;

/// Each field that needs a statement of its own, without another that would be asked at the same
/// time: so each of these statements is lost with its own field, in whichever order others come.
const FIELDS: [&str; 23] = [
    "{ leadTags { tag } }",
    "{ apiKeys { totalCount } }",
    "{ apiKeys { nodes { user { id } } } }",
    "{ apiKeys { nodes { createdBy { id } } } }",
    "{ duplicateLeads(email: \"jan@gmail.com\") { assignedTo { id } } }",
    "{ freeEmailDomains }",
    "{ leads(search: \"a\") { totalCount } }",
    "{ leads(search: \"a\") { totalCountUpTo { value } } }",
    "{ leadStatistics { leadsByAgent { user { id } } } }",
    "{ leadStatistics { createdOverTime { count } } }",
    "query ($lead: ID!) { lead(id: $lead) { notes { nodes { id } } } }",
    "{ timeline { nodes { by { id } } } }",
    "{ timeline { nodes { lead { id } } } }",
    "{ timeline { nodes { ... on Note { lead { id } } } } }",
    "{ timeline { nodes { ... on Note { earlierVersion { id } } } } }",
    "{ timeline { nodes { ... on Change { changes { after { display } } } } } }",
    "query ($lead: ID!) { lead(id: $lead) { timeline { nodes { id } } } }",
    "query ($user: ID!) { user(id: $user) { manager { id } } }",
    "query ($user: ID!) { user(id: $user) { leads { nodes { id } } } }",
    "{ me { sessions { nodes { id } } } }",
    "{ me { sessions { totalCount } } }",
    "{ users { totalCount } }",
    "{ timeline { nodes { ... on Change { changes { before { display } } } } } }",
];

/// Fields whose statement is lost with them only while it is remembered who asks: where that has to
/// be looked up anew, they are asked a second time.
const REMEMBERED: [&str; 3] = [
    "query ($lead: ID!) { lead(id: $lead) { id } }",
    "query ($lead: ID!) { node(id: $lead) { id } }",
    "query ($lead: ID!) { nodes(ids: [$lead]) { id } }",
];

/// Everything that can be read, in pieces.
const QUERIES: [&str; 13] = [
    "{ leadTags(prefix: \"a\") { tag count { value isExact } } freeEmailDomains }",
    "{ leads(filter: { company: { startsWith: \"a\" } }) { totalCountUpTo { value isExact } } }",
    "{ leadStatistics { createdOverTime(timeZone: \"Nowhere\") { start count } totalLeads } }",
    "query ($lead: ID!) { lead(id: $lead) { id assignedTo { id manager { id } leads { nodes { id } } }
        notes { nodes { id by { id } lead { id } earlierVersion { id } } } } }",
    "{ leads(filter: { status: [NEW] }, search: \"a\") { totalCount totalCountUpTo { value isExact }
        nodes { id notes { nodes { id by { id } } } } edges { node { id assignedTo { id } } } } }",
    "{ leads { totalCount nodes { id assignedTo { manager { id } } } } }",
    "{ duplicateLeads(email: \"jan@gmail.com\") { id assignedTo { id leads { totalCount } } } }",
    "{ timeline { nodes { id by { id } lead { id } ... on Note { earlierVersion { id content } }
        ... on Change { changes { field before { value display } after { value display } } } } } }",
    "query ($lead: ID!) { node(id: $lead) { id ... on Lead { assignedTo { id } } } freeEmailDomains }",
    "query ($user: ID!) { me { id leads { totalCount } } user(id: $user) { manager { id } } }",
    "{ users { totalCount nodes { id manager { id } leads { totalCount nodes { id } } } } }",
    "{ leadStatistics { totalLeads overdueFollowUps leadsByAgent { user { id } totalLeads }
        createdOverTime { start count } leadsByStatus { status count } } }",
    "{ apiKeys { totalCount nodes { id user { id } createdBy { id } } } }",
];

/// Everything that can be changed, with an input for it.
fn changes(lead: &str, archived: &str, note: &str, user: &str) -> Vec<(&'static str, Value)> {
    let one = json!({ "id": lead });
    let many = json!({ "leads": { "ids": [lead, UNKNOWN] } });
    let with = |input: &Value, more| with(input.clone(), more);
    vec![
        ("createLead", jan(json!({}))),
        (
            "createLeads",
            json!({ "leads": [jan(json!({})), jan(json!({ "email": "no" }))] }),
        ),
        ("updateLead", with(&one, json!({ "company": "Acme" }))),
        ("addTag", with(&one, json!({ "tag": "a" }))),
        ("removeTag", with(&one, json!({ "tag": "a" }))),
        ("recordCallAttempt", one.clone()),
        ("updateScore", with(&one, json!({ "score": 1 }))),
        ("rescoreLead", one.clone()),
        ("archiveLead", json!({ "id": archived })),
        ("restoreLead", json!({ "id": archived })),
        ("bulkUpdateStatus", with(&many, json!({ "status": "WON" }))),
        ("bulkTag", with(&many, json!({ "add": ["b"] }))),
        (
            "assignLeads",
            with(&many, json!({ "to": { "userId": user } })),
        ),
        ("bulkArchive", with(&many, json!({ "dryRun": true }))),
        ("bulkRestore", with(&many, json!({ "dryRun": true }))),
        ("addNote", json!({ "id": lead, "content": "Hello" })),
        ("editNote", json!({ "id": note, "content": "Hello again" })),
        (
            "inviteUser",
            json!({ "email": "new@example.com", "fullName": "New", "role": "AGENT" }),
        ),
        ("resetPassword", json!({ "id": user })),
        ("createExport", json!({ "format": "CSV", "notes": true })),
        (
            "useLink",
            json!({ "token": "crm_reset_unknown", "password": "correct horse battery" }),
        ),
        ("updateUser", json!({ "id": user, "fullName": "Ann Other" })),
        ("updateFreeEmailDomains", json!({ "add": ["free.example"] })),
        (
            "login",
            json!({ "email": "ann.agent@example.com", "password": "wrong" }),
        ),
    ]
}

struct Trial<'a> {
    team: &'a Team,
    copy: &'a Copy,
    who: &'a SignedIn,
    faults: &'a Faults,
    /// True if users change before each query, so that none is cached.
    is_forgetful: bool,
    /// True if each run has a live connection that has prepared all statements: so the
    /// same statement is the same one from one time to the next.
    is_warm: bool,
    lines: Vec<Value>,
}

impl Trial<'_> {
    /// Asks again and again, each time with the connection lost one statement later, until the
    /// operation succeeds.
    async fn of(&mut self, query: &str, variables: Value) {
        for statement in 1.. {
            if self.has_ended(statement, query, &variables).await {
                return;
            }
            assert!(statement < 100, "{query}");
        }
    }

    /// True if the operation ends before this statement.
    async fn has_ended(&mut self, statement: i64, query: &str, variables: &Value) -> bool {
        if self.is_warm {
            self.ask(0, query, variables).await;
        }
        let answer = self.ask(statement, query, variables).await;
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        let was_lost = errors.iter().any(|error| {
            let extensions = &error["extensions"];
            assert!(extensions["code"].is_string() && extensions["requestId"].is_string());
            extensions["code"] == "UNAVAILABLE"
        });
        let has_broken = self.faults.has_broken();
        assert!(has_broken || !was_lost, "{query}\n{answer:#}");
        self.lines
            .push(json!({ "query": query, "variables": variables, "answer": answer }));
        !has_broken
    }

    async fn ask(&self, statement: i64, query: &str, variables: &Value) -> Value {
        if self.is_forgetful {
            let renew = "UPDATE auth_revision SET revision = revision + 1";
            self.team.api.sql(renew).await;
        }
        self.faults.break_at(statement);
        let body = json!({ "query": query, "variables": variables });
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.who.token))
            .body(Body::from(body.to_string()));
        let response = self.copy.router.clone().oneshot(request.unwrap()).await;
        let body = response.unwrap().into_body().collect().await.unwrap();
        serde_json::from_slice(&body.to_bytes()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_fails_in_the_shape_that_the_schema_promises() {
    let team = Team::new().await;
    let ada = &team.ada;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    let archived = team.lead_of(Some(&team.ann), "Archived").await;
    let moved = team.lead_of(Some(&team.ann), "Moved").await;
    let over = json!({ "leads": { "ids": [moved] }, "to": { "userId": team.ben.id } });
    team.api.change(ada, "assignLeads", over).await;
    let note = json!({ "id": lead, "content": "Hi" });
    let note = team.api.change(ada, "addNote", note).await["note"]["id"].clone();
    let edit = json!({ "id": note, "content": "Ho" });
    let note = team.api.change(ada, "editNote", edit).await["note"]["id"].clone();
    let key = json!({ "name": "importer", "userId": team.ann.id, "role": "AGENT",
        "expiresInDays": 1 });
    let made = team.api.change(ada, "createApiKey", key.clone()).await;
    let faults = Faults::before(team.api.url()).await;
    // One connection, so that statements come one after the other.
    let alone = PoolOptions {
        size: 1,
        ..PoolOptions::default()
    };
    let copy = Copy::at(faults.url(), ada, &alone).await;
    let mut trial = Trial {
        team: &team,
        copy: &copy,
        who: ada,
        faults: &faults,
        is_forgetful: false,
        is_warm: true,
        lines: Vec::new(),
    };
    // The token is looked up once, and then remembered.
    copy.data("{ me { id } }", json!({})).await;
    let variables = json!({ "lead": lead, "user": team.ann.id });
    for query in REMEMBERED {
        trial.of(query, variables.clone()).await;
    }
    trial.is_forgetful = true;
    for query in FIELDS {
        trial.of(query, variables.clone()).await;
    }
    trial.is_warm = false;
    for query in QUERIES {
        trial.of(query, variables.clone()).await;
    }
    // A connection that broke before anything was asked is replaced without a word, and has then prepared
    // more than the next: the statements of changes are told apart on living ones.
    trial.is_warm = true;
    for (mutation, input) in changes(&lead, &archived, &text(&note), &team.ann.id) {
        let query = document(mutation);
        let query = query.replace(
            "assignedTo { id }",
            "assignedTo { id } notes { nodes { id } }",
        );
        trial.of(&query, json!({ "input": input })).await;
    }
    trial.is_warm = false;
    trial
        .of(&document("createApiKey"), json!({ "input": key }))
        .await;
    let revoke = json!({ "input": { "id": made["apiKey"]["id"] } });
    trial.of(&document("revokeApiKey"), revoke).await;
    team.api.sign_in(&ada.email, PASSWORD).await;
    let newest = "{ me { sessions(first: 1) { nodes { id } } } }";
    let newest = team.api.data(ada, newest, json!({})).await["me"]["sessions"]["nodes"].clone();
    let end = json!({ "input": { "id": newest[0]["id"] } });
    trial.of(&document("endSession"), end).await;
    let deactivate = json!({ "input": { "id": team.ann.id, "leads": { "keep": true } } });
    trial.of(&document("deactivateUser"), deactivate).await;
    let delete = json!({ "input": { "id": lead } });
    trial.of(&document("deleteLead"), delete).await;
    let password = "mutation { changePassword(input: { currentPassword: \"x\",
        newPassword: \"short\" }) { user { id } } }";
    trial.of(password, json!({})).await;
    trial
        .of("mutation { logout { loggedOut } }", json!({}))
        .await;
    let lines: Vec<String> = trial.lines.iter().map(Value::to_string).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::write(folder.join("answers.jsonl"), lines.join("\n")).unwrap();
}
