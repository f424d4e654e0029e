//! Checks after each drill: the program lives and has its memory back, statistics are what
//! is counted, and everybody sees what they may and nothing else.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use crm::db::{Db, PoolOptions, PooledConnection};

use crate::drills::crash_drill::server::Server;
use crate::properties::other_copy::number;

/// The time until its memory must be back, and the bytes that may stay in use: what the
/// allocator keeps, and what is remembered of documents and users.
const SOON: Duration = Duration::from_secs(10);
const KEPT: u64 = 64 << 20;

/// The password that `crm seed` gives everybody.
pub(super) const SEEDED: &str = "development-only";

/// A program as it was before.
pub(super) struct Aftermath {
    memory: u64,
}

#[derive(QueryableByName)]
struct Person {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    role: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Aftermath {
    pub(super) fn of(server: &Server) -> Self {
        let memory = server.memory();
        Self { memory }
    }

    /// The database is at this URL.
    pub(super) async fn check(&self, server: &mut Server, url: &str) {
        let began = Instant::now();
        while server.memory() > self.memory + KEPT {
            let now = server.memory() >> 20;
            assert!(
                began.elapsed() < SOON,
                "{now} MB, {} before",
                self.memory >> 20
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(server.lives());
        let db = Db::connect(url, &PoolOptions::default())
            .await
            .unwrap()
            .program();
        let mut conn = db.connection().await.unwrap();
        for person in people(&mut conn).await {
            let seen = seen(server, &person).await;
            let there = there(&mut conn, &person).await;
            assert_eq!(seen, there, "{} {}", person.role, person.email);
        }
    }
}

/// One of each role, those of the seed who see most.
async fn people(conn: &mut PooledConnection) -> Vec<Person> {
    let people = "SELECT DISTINCT ON (role) id::text, email::text, role::text FROM users
        WHERE is_active AND (is_demo OR role = 'ADMIN') ORDER BY role, (SELECT count(*) FROM leads WHERE assigned_to = users.id) DESC";
    diesel::sql_query(people).load(conn).await.unwrap()
}

/// The number of leads in the list, in the statistics, and of each status.
async fn seen(server: &Server, person: &Person) -> Vec<i64> {
    let client = match person.role.as_str() {
        "ADMIN" => server.sign_in().await,
        _ => server.sign_in_as(&person.email, SEEDED).await,
    };
    let query = "{ leads(filter: { archived: INCLUDE }) { totalCount }
        leadStatistics(filter: { archived: INCLUDE }) { totalLeads leadsByStatus { status count } } }";
    let answer = client.ask(query.to_owned(), json!({})).await.unwrap();
    let statistics = &answer["data"]["leadStatistics"];
    let statuses = statistics["leadsByStatus"].as_array().expect("statuses");
    let count = |value: &Value| value.as_i64().expect("a number");
    let mut statuses: Vec<_> = statuses
        .iter()
        .map(|of| (of["status"].as_str(), count(&of["count"])))
        .filter(|(_, count)| *count > 0)
        .collect();
    statuses.sort_unstable();
    let totals = [
        count(&answer["data"]["leads"]["totalCount"]),
        count(&statistics["totalLeads"]),
    ];
    totals
        .into_iter()
        .chain(statuses.into_iter().map(|(_, count)| count))
        .collect()
}

/// The same, counted past the program, by who may see what.
async fn there(conn: &mut PooledConnection, person: &Person) -> Vec<i64> {
    let id = &person.id;
    let sees = match person.role.as_str() {
        "ADMIN" => "true".to_owned(),
        "MANAGER" => format!(
            "(assigned_to IS NULL OR assigned_to = '{id}'
              OR assigned_to IN (SELECT id FROM users WHERE manager_id = '{id}'))"
        ),
        _ => format!("assigned_to = '{id}'"),
    };
    let all = number(conn, &format!("(SELECT count(*) FROM leads WHERE {sees})")).await;
    let statuses = format!(
        "SELECT count(*) AS number FROM leads WHERE {sees} GROUP BY status ORDER BY status::text"
    );
    let statuses: Vec<Count> = diesel::sql_query(statuses).load(conn).await.unwrap();
    let statuses = statuses.into_iter().map(|count| count.number);
    [all, all].into_iter().chain(statuses).collect()
}
