//! Migrations that give leads a column, on a database that has leads of the earlier schema.

use crm::db::migrate;
use crm::db::schema::leads;
use crm::demo::{Progress, RANDOM_SEED, generate};
use crm::service::leads::{Keys, Lead, fill_keys};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::json;

use crate::support::{Api, ApiOptions, TestDatabase};

/// The migrations of the job title, by their versions, and the way back from them, newest first.
const NEWER: [(&str, &str); 2] = [
    (
        "20261129000012",
        include_str!("../../../migrations/2026-11-29-000012_job_title_index/down.sql"),
    ),
    (
        "20261129000011",
        include_str!("../../../migrations/2026-11-29-000011_job_title/down.sql"),
    ),
];

/// The values of the earlier schema of all leads, and of the copy that they are searched by.
async fn earlier(database: &TestDatabase) -> String {
    #[derive(QueryableByName)]
    struct Rows {
        #[diesel(sql_type = Text)]
        rows: String,
    }
    let all = "SELECT string_agg(to_jsonb(l) - 'job_title' - 'job_title_key' || to_jsonb(s) #>> '{}', E'\\n' \
               ORDER BY id) AS rows FROM leads l JOIN lead_search s ON lead_id = id";
    let mut conn = database.db().connection().await.unwrap();
    let all: Rows = diesel::sql_query(all).get_result(&mut conn).await.unwrap();
    all.rows
}

async fn run(database: &TestDatabase, statement: &str) {
    let mut conn = database.db().connection().await.unwrap();
    conn.batch_execute(statement).await.expect(statement);
}

#[tokio::test]
async fn leads_of_before_there_were_job_titles_stay_as_they_are_and_can_be_given_one() {
    let database = TestDatabase::new().await;
    let seeded = generate(
        database.db(),
        200,
        RANDOM_SEED,
        chrono::Utc::now(),
        Progress::Silent,
    )
    .await;
    seeded.expect("leads");
    // Leads with former names, too: those stand behind the job title.
    let former = "UPDATE leads SET also_known_as = '{Wiśniewska,+48601234567}' WHERE lead_score > 50; \
                  UPDATE text_forms SET version = 0";
    run(&database, former).await;
    fill_keys(database.db()).await.unwrap();
    for (version, down) in NEWER {
        run(&database, down).await;
        let gone = format!("DELETE FROM __diesel_schema_migrations WHERE version = '{version}'");
        run(&database, &gone).await;
    }
    let before = earlier(&database).await;

    let ran = migrate(database.url()).await.expect("a migrated database");
    assert_eq!(
        ran,
        [
            "2026-11-29-000011_job_title",
            "2026-11-29-000012_job_title_index"
        ]
    );
    assert_eq!(earlier(&database).await, before);
    assert_eq!(fill_keys(database.db()).await.unwrap(), 0);
    let stored = leads::table.select((Lead::as_select(), Keys::as_select()));
    let mut conn = database.db().connection().await.unwrap();
    let stored: Vec<(Lead, Keys)> = stored.load(&mut conn).await.unwrap();
    drop(conn);
    assert_eq!(stored.len(), 200);
    for (lead, keys) in &stored {
        assert_eq!(lead.job_title, None);
        assert_eq!(*keys, Keys::of(lead), "{lead:?}");
    }
    let with_former = stored
        .iter()
        .find(|(lead, _)| !lead.also_known_as.is_empty());
    let id = with_former
        .expect("a lead with a former name")
        .0
        .id
        .to_string();
    is_given_one(database, &id).await;
}

/// A lead of before is found by the title that it is given, and by its former name still.
async fn is_given_one(database: TestDatabase, id: &str) {
    let api = Api::over(database, ApiOptions::default()).await;
    let ada = api.admin().await;
    let title = json!({ "id": id, "jobTitle": "Obermüllermeister" });
    let after = api.edit(&ada, "updateLead", title).await;
    assert_eq!(after["jobTitle"], "Obermüllermeister");
    for arguments in [
        json!({ "search": "obermuller" }),
        json!({ "search": "wisniewska obermuller" }),
        json!({ "filter": { "jobTitle": { "equals": "OBERMULLERMEISTER" } } }),
    ] {
        let found = api.leads(&ada, arguments.clone()).await;
        assert_eq!(found["totalCount"], 1, "{arguments}");
        assert_eq!(found["nodes"][0]["id"], id, "{arguments}");
    }
}
