//! Metrics, as Prometheus scrapes them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use crate::support::program::{Program, eventually, get, lock, until_it_waits};

/// Every series with its value.
async fn scrape(address: SocketAddr) -> BTreeMap<String, f64> {
    let answer = get(address, "/metrics").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let mut series = BTreeMap::new();
    for line in body
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let before = series.insert(name.to_owned(), value.parse().unwrap());
        assert!(before.is_none(), "{name} is there twice");
    }
    series
}

fn request(kind: &str, operation: &str, code: &str) -> String {
    format!("crm_requests_total{{type=\"{kind}\",operation=\"{operation}\",code=\"{code}\"}}")
}

#[tokio::test]
async fn counters_move_by_as_many_as_there_are_requests_and_tell_them_apart() {
    let program = Program::start(&[]).await;
    let header = program.sign_in().await;
    let before = scrape(program.address).await;
    assert_eq!(before[&request("mutation", "login", "OK")], 1.0);
    let wide = "{ leads { nodes { id } } me { id } }";
    let missing = "{ lead(id: \"01a205ab-4692-70ff-b508-28242d99cd42\") { id } }";
    for (times, header, query) in [
        (7, &header, "{ leads { nodes { id } } }"),
        (3, &header, wide),
        (2, &header, missing),
        (4, &String::new(), "query Jan_Kowalski { me { id } }"),
        (5, &header, "{ __typename }"),
        (6, &header, "{ jan_kowalski_at_example_com }"),
        (1, &header, "{ me"),
    ] {
        for _ in 0..times {
            program.ask(header, &json!({ "query": query })).await;
        }
    }
    let after = scrape(program.address).await;
    let moved = |name: &str| after.get(name).unwrap_or(&0.0) - before.get(name).unwrap_or(&0.0);
    for (kind, operation, code, times) in [
        ("query", "leads", "OK", 7.0),
        ("query", "several", "OK", 3.0),
        ("query", "lead", "LEAD_NOT_FOUND", 2.0),
        ("query", "me", "UNAUTHENTICATED", 4.0),
        ("query", "introspection", "OK", 5.0),
        ("query", "unknown", "GRAPHQL_VALIDATION_FAILED", 6.0),
        ("none", "none", "GRAPHQL_VALIDATION_FAILED", 1.0),
    ] {
        assert_eq!(
            moved(&request(kind, operation, code)),
            times,
            "{operation} in {after:#?}"
        );
    }
    let of_leads = |name: &str| {
        format!("crm_request_duration_seconds_{name}{{type=\"query\",operation=\"leads\"")
    };
    assert_eq!(moved(&(of_leads("count") + "}")), 7.0);
    assert_eq!(moved(&(of_leads("bucket") + ",le=\"+Inf\"}")), 7.0);
    assert!(moved(&(of_leads("sum") + "}")) > 0.0);
    // The token's and the list's, at least.
    assert!(moved("crm_statement_duration_seconds_count") >= 14.0);
    assert_eq!(after["crm_requests_in_flight"], 0.0);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        after[&format!("crm_build_info{{version=\"{version}\"}}")],
        1.0
    );
    assert!(
        after["process_cpu_seconds_total"] > 0.0 && after["process_resident_memory_bytes"] > 1e6
    );
    // No word of a client's becomes a series.
    assert!(
        !after
            .keys()
            .any(|name| name.to_lowercase().contains("kowalski")),
        "{after:#?}"
    );
}

#[tokio::test]
async fn the_pool_and_the_databases_refusals_are_seen() {
    let variables = [
        ("CRM_POOL_SIZE", "1"),
        ("CRM_POOL_WAIT_MS", "300"),
        ("CRM_STATEMENT_TIMEOUT_MS", "1500"),
    ];
    let program = Program::start(&variables).await;
    let header = program.sign_in().await;
    let in_use = "crm_pool_connections{state=\"in_use\"}";
    let idle = "crm_pool_connections{state=\"idle\"}";
    let rest = scrape(program.address).await;
    assert_eq!(rest["crm_pool_max_connections"], 1.0);
    // The statistics are folded every second, on the same connection.
    let rests = async || scrape(program.address).await[idle] == 1.0;
    eventually("a connection at rest", rests).await;
    let held = lock(&program).await;
    let query = json!({ "query": "{ duplicateLeads(email: \"jan@kowalski.example\") { id } }" });
    let asking = program.ask(&header, &query);
    let looking = async {
        until_it_waits(&program).await;
        let busy = scrape(program.address).await;
        assert_eq!((busy[in_use], busy[idle]), (1.0, 0.0));
        assert_eq!(busy["crm_requests_in_flight"], 1.0);
        // Somebody else: the user's own requests would wait for each other.
        let sign_in = "mutation { login(input: { email: \"a@example.com\", password: \"no matter\" }) { token } }";
        let sign_in = json!({ "query": sign_in });
        let refused = program.ask("", &sign_in);
        let waits = async || scrape(program.address).await["crm_pool_waiting"] >= 1.0;
        let (refused, ()) = tokio::join!(refused, eventually("somebody who waits", waits));
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAVAILABLE");
    };
    let (answer, ()) = tokio::join!(asking, looking);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT");
    drop(held);
    let after = scrape(program.address).await;
    let errors = |kind: &str| after[&format!("crm_database_errors_total{{kind=\"{kind}\"}}")];
    assert_eq!(errors("statement_timeout"), 1.0, "{after:#?}");
    assert!(errors("pool_exhausted") >= 1.0, "{after:#?}");
    let refused = after[&request("mutation", "login", "UNAVAILABLE")];
    let late = after[&request("query", "duplicateLeads", "TIMEOUT")];
    assert_eq!((refused, late), (1.0, 1.0));
}

#[tokio::test]
async fn statistics_that_are_not_folded_and_an_old_transaction_are_seen() {
    let program = Program::start(&[]).await;
    let header = program.sign_in().await;
    let fresh = async || {
        let series = scrape(program.address).await;
        let lag = series.get("crm_statistics_lag_seconds");
        lag.is_some_and(|lag| *lag < 8.0) && series["crm_statistics_unfolded_changes"] == 0.0
    };
    eventually("measured", fresh).await;
    // Nobody else folds while somebody holds this.
    let mut folding = program.db().connection().await.unwrap();
    let held = "BEGIN; SELECT pg_advisory_xact_lock(x'63726d20666f6c64'::bigint)";
    folding.batch_execute(held).await.unwrap();
    folding
        .batch_execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        .await
        .unwrap();
    let create = "mutation { createLead(input: { firstName: \"Jan\", lastName: \"Kowalski\",
        email: \"jan@kowalski.example\" }) { lead { id } } }";
    program.ask(&header, &json!({ "query": create })).await;
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let series = scrape(program.address).await;
        if series["crm_statistics_lag_seconds"] > 8.0 {
            assert!(
                series["crm_oldest_transaction_seconds"] > 3.0,
                "{series:#?}"
            );
            assert_eq!(series["crm_statistics_unfolded_changes"], 1.0);
            folding.batch_execute("ROLLBACK").await.unwrap();
            eventually("folded", fresh).await;
            return;
        }
    }
    panic!("no lag is seen");
}

#[tokio::test]
async fn a_server_that_only_reads_is_unavailable_and_its_connections_are_not_kept() {
    let program = Program::start(&[]).await;
    let header = program.sign_in().await;
    let create = "mutation { createLead(input: { firstName: \"Jan\", lastName: \"Kowalski\",
        email: \"jan@kowalski.example\" }) { lead { id } } }";
    let create = json!({ "query": create });
    // As a primary that has become a standby behind an address: the session stays, and refuses.
    let mut connection = program.db().connection().await.unwrap();
    let name = crate::support::ask_on(&mut connection, "current_database()::text").await;
    let only_reads = format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()"
    );
    connection.batch_execute(&only_reads).await.unwrap();
    let refused = async || {
        let answer = program.ask(&header, &create).await;
        let is_counted = scrape(program.address)
            .await
            .contains_key("crm_database_errors_total{kind=\"read_only\"}");
        answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE" && is_counted
    };
    eventually("refused", refused).await;
    let writes = format!("ALTER DATABASE {name} RESET default_transaction_read_only");
    connection
        .batch_execute("SET default_transaction_read_only = off")
        .await
        .unwrap();
    connection.batch_execute(&writes).await.unwrap();
    let created = async || {
        let answer = program.ask(&header, &create).await;
        answer["data"]["createLead"]["lead"]["id"].is_string()
    };
    eventually("new connections are made", created).await;
}

#[tokio::test]
async fn a_full_disk_has_a_kind_of_its_own() {
    let program = Program::start(&[]).await;
    let header = program.sign_in().await;
    // As PostgreSQL says it, by a trigger in place of a disk.
    let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE 'could not extend file \"base/16384/16385\": No space left on device'
        USING ERRCODE = 'disk_full', HINT = 'Check free disk space.'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON leads EXECUTE FUNCTION full_disk()";
    let mut connection = program.db().connection().await.unwrap();
    connection.batch_execute(full).await.unwrap();
    let create =
        "mutation { createLead(input: { lastName: \"Kowalski\", email: \"jan@k.example\" }) {
        lead { id } } }";
    let answer = program.ask(&header, &json!({ "query": create })).await;
    let code = &answer["errors"][0]["extensions"]["code"];
    assert_eq!(code, "DATABASE_ERROR");
    assert!(!answer.to_string().contains("No space"), "{answer}");
    let series = scrape(program.address).await;
    assert_eq!(series["crm_database_errors_total{kind=\"disk_full\"}"], 1.0);
}
