//! Deleted is deleted: after `deleteLead` no row of any table tells of the person.

use std::collections::BTreeMap;

use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use crm::service::statistics;

use crate::api::{Team, text, with};
use crate::support::SignedIn;

/// The person's data, in every field and every version of it. None of it is a part of
/// another, nor of what else stands in the database.
const PERSON: [&str; 30] = [
    "Wilhelmina",
    "Szczebrzeszynska",
    "wilhelmina.s@quirinax.example",
    "601777888",
    "Quirinax Holding",
    "Quirinax Director",
    "tagquirin",
    "fieldquirin",
    "valuequirin",
    "Brunhilda",
    "Chrzaszczowska",
    "brunhilda.c@zephyrin.example",
    "602888999",
    "Zephyrin Works",
    "Zephyrin Foreman",
    "tagzephyr",
    "fieldzephyr",
    "valuezephyr",
    "the first words on her",
    "the second words on her",
    "the words of a call",
    "the words of a mail",
    "tagbulkone",
    "Adelgunda",
    "not-an-address-of-hers",
    "not-a-number-of-hers",
    "not-a-tag-of-hers",
    "not-a-company-of-hers",
    "not-a-title-of-hers",
    "Grzegrzolkowna",
];

/// Filled from known network addresses alone, with users' ids.
const EMPTY: [&str; 1] = ["login_addresses"];

type Dump = BTreeMap<String, String>;

/// Every table, each with all of its rows as texts.
async fn dump(team: &Team) -> Dump {
    #[derive(diesel::QueryableByName)]
    struct Text {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let mut conn = team.api.db().connection().await.unwrap();
    let tables = "SELECT format('%I.%I', nspname, relname) AS text FROM pg_class
        JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema')
        AND nspname NOT LIKE 'pg\\_toast%'";
    let tables: Vec<Text> = diesel::sql_query(tables).load(&mut conn).await.unwrap();
    let mut dump = Dump::new();
    for Text { text: table } in tables {
        let rows =
            format!("SELECT coalesce(string_agg(t::text, E'\\n'), '') AS text FROM {table} t");
        let rows: Text = diesel::sql_query(rows).get_result(&mut conn).await.unwrap();
        dump.insert(table.trim_start_matches("public.").to_owned(), rows.text);
    }
    // What the planner knows of the values is in a table, too.
    let planner = "SELECT coalesce(string_agg(s::text, E'\\n'), '') AS text FROM pg_stats s
        WHERE schemaname = 'public'";
    let planner: Text = diesel::sql_query(planner)
        .get_result(&mut conn)
        .await
        .unwrap();
    dump.insert("pg_stats".to_owned(), planner.text);
    dump
}

/// In which tables something stands.
fn tables_with<'a>(dump: &'a Dump, part: &str) -> Vec<&'a str> {
    let part = part.to_lowercase();
    let has = |rows: &str| rows.to_lowercase().contains(&part);
    let tables = dump.iter().filter(|(_, rows)| has(rows));
    tables.map(|(table, _)| table.as_str()).collect()
}

/// A change that is sent twice with its key, as after a lost answer.
async fn twice(team: &Team, who: &SignedIn, mutation: &str, input: Value) -> Value {
    let key = format!("key-{}", uuid::Uuid::now_v7());
    let input = with(input, json!({ "idempotencyKey": key }));
    let first = team.api.change(who, mutation, input.clone()).await;
    team.api.change(who, mutation, input).await;
    first
}

/// The person comes, is changed in every field, noted on, called, handed about, archived, restored.
async fn a_life(team: &Team) -> String {
    let Team { api, ada, ann, .. } = team;
    let new = json!({ "firstName": "Wilhelmina", "lastName": "Szczebrzeszynska",
        "email": "wilhelmina.s@quirinax.example", "phone": "+48601777888",
        "company": "Quirinax Holding", "jobTitle": "Quirinax Director", "tags": ["tagquirin"],
        "customFields": { "fieldquirin": "valuequirin" }, "assignedTo": ann.id });
    let lead = twice(team, ada, "createLead", new.clone()).await;
    let id = text(&lead["lead"]["id"]);
    let one = |more: Value| with(json!({ "id": id }), more);
    let update = one(
        json!({ "firstName": "Brunhilda", "lastName": "Chrzaszczowska",
        "email": "brunhilda.c@zephyrin.example", "phone": "+48602888999",
        "company": "Zephyrin Works", "jobTitle": "Zephyrin Foreman", "tags": ["tagzephyr"],
        "customFields": { "fieldzephyr": "valuezephyr" }, "status": "CONTACTED",
        "nextFollowUp": "2150-01-02T03:04:05Z" }),
    );
    twice(team, ada, "updateLead", update).await;
    // A row that fails says why, and is kept with the key.
    let bad = with(
        new,
        json!({ "firstName": "Adelgunda", "email": "not-an-address-of-hers",
            "phone": "not-a-number-of-hers", "tags": ["fine", "not-a-tag-of-hers\u{0}"],
            "company": "not-a-company-of-hers".repeat(20),
            "jobTitle": "not-a-title-of-hers".repeat(20) }),
    );
    twice(team, ada, "createLeads", json!({ "leads": [bad] })).await;
    twice(team, ann, "addTag", one(json!({ "tag": "tagquirin" }))).await;
    twice(team, ann, "removeTag", one(json!({ "tag": "tagquirin" }))).await;
    let call = one(json!({ "note": "the words of a call" }));
    twice(team, ann, "recordCallAttempt", call).await;
    twice(team, ann, "updateScore", one(json!({ "score": 7 }))).await;
    twice(team, ann, "rescoreLead", one(json!({}))).await;
    let note = one(json!({ "content": "the first words on her" }));
    let note = twice(team, ann, "addNote", note).await;
    let edit = json!({ "id": note["note"]["id"], "content": "the second words on her" });
    twice(team, ann, "editNote", edit).await;
    let mail = one(json!({ "content": "the words of a mail", "type": "EMAIL" }));
    twice(team, ann, "addNote", mail).await;
    in_bulk(team, &id).await;
    twice(team, ann, "archiveLead", one(json!({}))).await;
    twice(team, ann, "restoreLead", one(json!({}))).await;
    let stale = one(json!({ "expectedVersion": 1, "lastName": "Grzegrzolkowna" }));
    api.refused(ada, "updateLead", stale, "CONFLICT").await;
    let rename = one(json!({ "lastName": "Grzegrzolkowna" }));
    twice(team, ada, "updateLead", rename).await;
    let search = json!({ "search": "grzegrzolkowna" });
    assert_eq!(api.names(ada, search).await, ["Grzegrzolkowna"]);
    id
}

async fn in_bulk(team: &Team, id: &str) {
    let Team { ada, bea, ann, .. } = team;
    let many = |more: Value| with(json!({ "leads": { "ids": [id] } }), more);
    twice(team, ada, "bulkTag", many(json!({ "add": ["tagbulkone"] }))).await;
    twice(
        team,
        ada,
        "bulkUpdateStatus",
        many(json!({ "status": "QUALIFIED" })),
    )
    .await;
    for owner in [bea, ann] {
        twice(
            team,
            ada,
            "assignLeads",
            many(json!({ "to": { "userId": owner.id } })),
        )
        .await;
    }
    twice(team, ada, "bulkArchive", many(json!({}))).await;
    twice(team, ada, "bulkRestore", many(json!({}))).await;
}

/// Fills the tables that have nothing to do with the person.
async fn everything_else(team: &Team) {
    let Team { api, ada, ann, .. } = team;
    let other = api.lead_id(ada, json!({ "lastName": "Staying" })).await;
    let note = json!({ "id": other, "content": "stays" });
    api.change(ada, "addNote", note).await;
    let key = json!({ "name": "importer", "userId": ann.id, "role": "AGENT", "expiresInDays": 1 });
    api.change(ada, "createApiKey", key).await;
    api.change(ada, "resetPassword", json!({ "id": ann.id }))
        .await;
    let wrong = json!({ "input": { "email": ann.email, "password": "wrong" } });
    let login = "mutation ($input: LoginInput!) { login(input: $input) { token } }";
    api.refusal(None, login, wrong, "UNAUTHENTICATED").await;
}

#[tokio::test]
async fn a_deleted_lead_leaves_nothing_of_the_person_in_any_table() {
    let team = Team::new().await;
    let id = a_life(&team).await;
    statistics::fold(team.api.db()).await.unwrap();
    everything_else(&team).await;
    // As a run of the demo's data notes it.
    team.api.sql("INSERT INTO demo_runs VALUES (1, 2)").await;
    team.api.sql("ANALYZE").await;
    let before = dump(&team).await;
    let empty = before.iter().filter(|(_, rows)| rows.is_empty());
    let empty: Vec<&String> = empty.map(|(table, _)| table).collect();
    assert_eq!(empty, EMPTY, "nothing fills them");
    // Only what was refused was never written.
    let is_refused = |part: &&str| *part == "Adelgunda" || part.starts_with("not-a");
    for part in PERSON.into_iter().filter(|part| !is_refused(part)) {
        assert!(
            !tables_with(&before, part).is_empty(),
            "{part} was never written"
        );
    }
    assert!(tables_with(&before, "Chrzaszczowska").contains(&"lead_notes"));

    twice(&team, &team.ada, "deleteLead", json!({ "id": id })).await;
    // What the manual tells operators to do for the planner's samples.
    team.api.sql("ANALYZE").await;
    let after = dump(&team).await;
    for part in PERSON {
        assert_eq!(tables_with(&after, part), [""; 0], "{part}");
    }
    assert!(tables_with(&after, "Staying").contains(&"leads"));
}
