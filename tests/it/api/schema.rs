//! The committed schema files equal the program's: the SDL, and the tables.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use crm::db::{migrate, revert_all};

use crate::support::Api;

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_schema_file_is_what_the_program_prints() {
    let is_equal = file("schema.graphql") == crm::graphql::sdl();
    assert!(is_equal, "run: cargo run -- schema > schema.graphql");
}

#[tokio::test]
async fn the_schema_itself_is_described_the_same_in_introspection_and_in_its_file() {
    let api = Api::new().await;
    let query = "{ __schema { text: description queryType { description } } }";
    let schema = api.ask(None, query, json!({})).await["data"]["__schema"].take();
    let text = schema["text"].as_str().unwrap();
    assert!(text.contains("Authorization: Bearer <token>"), "{text}");
    let in_file = format!("\n\"\"\"\n{text}\n\"\"\"\nschema {{\n");
    assert!(file("schema.graphql").contains(&in_file));
    let query = schema["queryType"]["description"].as_str().unwrap();
    assert!(query.starts_with("The queries."), "{query}");
}

#[tokio::test]
async fn every_type_field_argument_and_value_is_described() {
    let api = Api::new().await;
    let query = "{ __schema { types { name description enumValues { name description }
        inputFields { name description }
        fields { name description args { name description } } } } }";
    let types = api.ask(None, query, json!({})).await["data"]["__schema"]["types"].take();
    let mut places = 0;
    let mut silent = Vec::new();
    let mut look = |place: &str, described: &Value| {
        places += 1;
        if described["description"]
            .as_str()
            .unwrap_or_default()
            .is_empty()
        {
            silent.push(place.to_owned());
        }
    };
    for of in each(&types).filter(|of| !name(of).starts_with("__")) {
        look(name(of), of);
        for part in ["fields", "inputFields", "enumValues"] {
            for member in each(&of[part]) {
                let place = format!("{}.{}", name(of), name(member));
                look(&place, member);
                for argument in each(&member["args"]) {
                    look(&format!("{place}({})", name(argument)), argument);
                }
            }
        }
    }
    assert!(places > 300, "{places} places");
    assert_eq!(silent, Vec::<String>::new());
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn name(of: &Value) -> &str {
    of["name"].as_str().unwrap()
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

async fn lines(url: &str, query: &str) -> BTreeSet<String> {
    let options = crm::db::PoolOptions {
        size: 1,
        ..Default::default()
    };
    let db = crm::db::Db::connect(url, &options).await.unwrap().program();
    let mut connection = db.connection().await.unwrap();
    let found: Vec<Line> = diesel::sql_query(query)
        .load(&mut connection)
        .await
        .unwrap();
    found.into_iter().map(|line| line.line).collect()
}

const COLUMNS: &str = "SELECT table_name || '.' || column_name || ' ' || \
    CASE WHEN is_nullable = 'YES' THEN 'nullable ' ELSE '' END || \
    CASE data_type WHEN 'ARRAY' THEN ltrim(udt_name, '_') || '[]' ELSE udt_name END AS line \
    FROM information_schema.columns \
    WHERE table_schema = 'public' AND table_name NOT IN \
    ('__diesel_schema_migrations', 'expanding_migrations', 'lead_statistics_changes', 'lead_statistics_deltas', \
    'lead_statistics_rollups', 'lead_statistics_sums', 'lead_statistics_watermark')";

/// The columns of `src/db/schema.rs`, in the words of [`COLUMNS`].
fn generated() -> BTreeSet<String> {
    let mut table = String::new();
    let mut columns = BTreeSet::new();
    for line in file("src/db/schema.rs").lines() {
        if let Some((name, rest)) = line.trim().split_once(" (") {
            if rest.ends_with(") {") {
                table = name.to_owned();
            }
        } else if let Some((column, of)) = line.trim().trim_end_matches(',').split_once(" -> ") {
            let (null, of) = match of.strip_prefix("Nullable<") {
                Some(of) => ("nullable ", of.trim_end_matches('>')),
                None => ("", of),
            };
            let of = match of {
                "Array<Text>" => "text[]",
                "Array<Nullable<Timestamptz>>" => "timestamptz[]",
                "LeadSource" => "lead_source",
                "LeadStatus" => "lead_status",
                "NoteType" => "note_type",
                "UserRole" => "user_role",
                other => &other.to_lowercase(),
            };
            columns.insert(format!("{table}.{column} {null}{of}"));
        }
    }
    columns
}

#[tokio::test]
async fn the_generated_tables_are_those_of_the_database_also_after_there_and_back() {
    let api = Api::new().await;
    assert_eq!(lines(api.url(), COLUMNS).await, generated());
    assert!(generated().len() > 50);
    revert_all(api.url()).await.unwrap();
    // The extensions stay: they may be others', too.
    let left = "WITH theirs AS (SELECT objid FROM pg_depend WHERE deptype = 'e') \
        SELECT relname::text AS line FROM pg_class WHERE relnamespace = 'public'::regnamespace \
        AND relname NOT LIKE '\\_\\_diesel%' \
        UNION SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
        AND proname NOT LIKE 'diesel\\_%' AND oid NOT IN (SELECT objid FROM theirs) \
        UNION SELECT typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace \
        AND typname NOT LIKE '%\\_\\_diesel%' AND oid NOT IN (SELECT objid FROM theirs) \
        AND typelem NOT IN (SELECT objid FROM theirs)";
    assert_eq!(lines(api.url(), left).await, BTreeSet::new());
    migrate(api.url()).await.unwrap();
    assert_eq!(lines(api.url(), COLUMNS).await, generated());
}
