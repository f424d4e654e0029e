//! A client that goes away in the middle of a change leaves it fully done or fully absent, and
//! leaves no lock and no broken connection behind.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crm::db::{Db, PoolOptions, PooledConnection};
use crm::http::{self, ConnectionLimits};

use crate::support::{Api, SignedIn};

use super::other_copy::{Copy, code, number, patient, run};

const UPDATE: &str = "mutation ($id: ID!) { updateLead(input: { id: $id, company: \"Changed\" }) { lead { version } } }";
const BULK: &str =
    "mutation { bulkUpdateStatus(input: { leads: { all: true }, status: WON }) { succeeded } }";

/// A copy of the server with these timeouts, and a connection of nobody's, to hold locks with.
async fn server(options: &PoolOptions) -> (Api, SignedIn, Copy, PooledConnection) {
    let api = Api::with_pool(1).await;
    let admin = api.admin().await;
    let copy = Copy::of(&api, &admin, options).await;
    let holder = Db::connect(api.url(), &patient(1)).await.unwrap().program();
    let holder = holder.connection().await.unwrap();
    (api, admin, copy, holder)
}

async fn lock(holder: &mut PooledConnection, id: &str) {
    run(
        holder,
        &format!("begin; select from leads where id = '{id}' for update"),
    )
    .await;
}

/// Waits until nobody but the asking connection has a lock, at most a second.
async fn no_locks(conn: &mut PooledConnection) {
    let others = "(select count(*) from pg_locks l join pg_stat_activity a using (pid)
        where a.datname = current_database() and a.backend_type = 'client backend'
        and l.pid <> pg_backend_pid())";
    let began = Instant::now();
    while number(conn, others).await > 0 {
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "locks were left behind"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until a statement waits for the holder's lock.
async fn somebody_waits(holder: &mut PooledConnection) {
    let waiting = "(select count(*) from pg_locks where not granted)";
    let began = Instant::now();
    while number(holder, waiting).await == 0 {
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "nobody waits for the lock"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The number of changes of the lead, by its version and by its log, which must agree.
async fn changes(conn: &mut PooledConnection, id: &str) -> i64 {
    let version = number(
        conn,
        &format!("(select version::bigint from leads where id = '{id}')"),
    )
    .await;
    let log = format!("(select count(*) from lead_notes where lead_id = '{id}')");
    assert_eq!(number(conn, &log).await, version);
    version - 1
}

async fn works(copy: &Copy) {
    let began = Instant::now();
    copy.data("{ leads { totalCount } }", Value::Null).await;
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_dropped_while_it_waits_for_a_lock_is_done_all_the_same() {
    let (_api, _, copy, mut holder) = server(&patient(4)).await;
    let id = copy.lead("Lost").await;
    lock(&mut holder, &id).await;
    let request = tokio::spawn(copy.clone().ask(UPDATE, json!({ "id": id })));
    somebody_waits(&mut holder).await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    run(&mut holder, "commit").await;
    no_locks(&mut holder).await;
    assert_eq!(changes(&mut holder, &id).await, 1);
    works(&copy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_connection_in_mid_mutation_leaves_no_lock_and_no_half_change() {
    let (_api, admin, copy, mut holder) = server(&patient(4)).await;
    let id = copy.lead("Lost").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let second = Duration::from_secs(1);
    let limits = ConnectionLimits {
        connections: 10,
        header: second,
        drain: second,
        ..ConnectionLimits::default()
    };
    let served = http::serve(listener, copy.router.clone(), stopped, limits);
    let served = tokio::spawn(served);
    lock(&mut holder, &id).await;
    // More clients than connections go away: none may keep one.
    let mut clients = Vec::new();
    for _ in 0..6 {
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(request(&admin, UPDATE, &json!({ "id": id })).as_bytes())
            .await
            .unwrap();
        clients.push(client);
    }
    somebody_waits(&mut holder).await;
    drop(clients);
    tokio::time::sleep(Duration::from_millis(50)).await;
    run(&mut holder, "commit").await;
    no_locks(&mut holder).await;
    // The first one changed the lead, the others found it as they wanted it.
    assert_eq!(changes(&mut holder, &id).await, 1);
    let mut client = TcpStream::connect(address).await.unwrap();
    client
        .write_all(request(&admin, "{ me { id } }", &Value::Null).as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains(&admin.id), "{answer}");
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

fn request(who: &SignedIn, query: &str, variables: &Value) -> String {
    let body = json!({ "query": query, "variables": variables }).to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
         authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        who.token,
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_change_whose_client_goes_away_at_any_moment_changes_all_or_nothing() {
    let (_api, _, copy, mut holder) = server(&patient(4)).await;
    let count = copy.many_leads(400).await.len() as i64;
    for delay in [0, 1, 3, 8, 20, 45, 90] {
        run(
            &mut holder,
            "update leads set status = 'NEW', version = 1; truncate lead_notes",
        )
        .await;
        let asked = copy.clone().ask(BULK, Value::Null);
        tokio::time::timeout(Duration::from_millis(delay), asked)
            .await
            .ok();
        tokio::time::sleep(Duration::from_millis(500)).await;
        no_locks(&mut holder).await;
        let changed = number(
            &mut holder,
            "(select count(*) from leads where status = 'WON' and version = 2)",
        )
        .await;
        assert!(
            changed == 0 || changed == count,
            "{changed} after {delay} ms"
        );
        assert_eq!(
            number(&mut holder, "(select count(*) from lead_notes)").await,
            changed
        );
    }
    works(&copy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_wait_for_a_lock_ends_with_a_code_and_changes_nothing() {
    let options = PoolOptions {
        lock_timeout: Duration::from_millis(200),
        statement_timeout: Duration::from_millis(700),
        idle_in_transaction_timeout: Duration::from_millis(300),
        ..patient(2)
    };
    let (_api, _, copy, mut holder) = server(&options).await;
    let id = copy.lead("Lost").await;
    lock(&mut holder, &id).await;
    let began = Instant::now();
    let answer = copy.clone().ask(UPDATE, json!({ "id": id })).await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(code(&answer), Some("TIMEOUT"), "{answer:#}");
    assert!(!answer.to_string().contains("lock timeout"), "{answer:#}");
    run(&mut holder, "commit").await;
    assert_eq!(changes(&mut holder, &id).await, 0);
    no_locks(&mut holder).await;

    let mut conn = copy.db.connection().await.unwrap();
    for (name, milliseconds) in [
        ("lock_timeout", 200),
        ("statement_timeout", 700),
        ("idle_in_transaction_session_timeout", 300),
    ] {
        let setting = format!("(select setting::bigint from pg_settings where name = '{name}')");
        assert_eq!(number(&mut conn, &setting).await, milliseconds, "{name}");
    }
    // Whoever rests in a transaction loses it, and its locks.
    lock(&mut conn, &id).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    no_locks(&mut holder).await;
    drop(conn);
    works(&copy).await;
}
