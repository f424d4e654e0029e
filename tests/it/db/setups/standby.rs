//! A primary with a standby, both in one URL: the service goes on with whichever of them is written to.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crm::db::{Db, PoolOptions};

use crate::support::program::{Program, eventually, get};
use crate::support::{OwnServer, SetUp, ask_on};

/// The time in which the service has found the new primary, once it is one.
const LIMIT: Duration = Duration::from_secs(5);

async fn create(program: &Program, token: &str) -> Value {
    let create = "mutation { createLead(input: { firstName: \"Jan\", lastName: \"Kowalski\",
        email: \"jan@kowalski.example\" }) { lead { id } } }";
    program.ask(token, &json!({ "query": create })).await
}

async fn leads(server: &OwnServer) -> String {
    let db = Db::connect(&server.url(), &PoolOptions::default()).await;
    let db = db.unwrap().program();
    let mut connection = db.connection().await.unwrap();
    ask_on(&mut connection, "(select count(*)::text from leads)").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_standby_is_found_and_nothing_replicated_is_lost() {
    let set_up = SetUp {
        rules: "host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust",
        settings: &["wal_level=replica", "max_wal_senders=4"],
        ..SetUp::default()
    };
    let primary = OwnServer::start(&set_up, |_| ()).await;
    let Some(standby) = primary.standby().await else {
        return;
    };
    // The standby first: it is not taken while it only reads.
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", standby.port, primary.port);
    let url = format!("postgres://crm@{hosts}/crm?sslmode=disable&target_session_attrs=read-write");
    let program = Program::start(&[("DATABASE_URL", &url)]).await;
    let token = program.sign_in().await;
    for _ in 0..5 {
        let created = create(&program, &token).await;
        assert!(created["errors"].is_null(), "{created}");
    }
    let replayed = async || leads(&standby).await == "5";
    eventually("the standby has all leads", replayed).await;

    drop(primary);
    let refused = create(&program, &token).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAVAILABLE");
    let red = async || get(program.address, "/readyz").await.contains(" 503 ");
    eventually("not ready", red).await;
    standby.run("SELECT pg_promote()").await;
    let began = Instant::now();
    while !create(&program, &token).await["data"]["createLead"]["lead"]["id"].is_string() {
        assert!(began.elapsed() < LIMIT, "it does not write");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    eprintln!("a write {:?} after the promotion", began.elapsed());
    assert_eq!(leads(&standby).await, "6");
    assert!(get(program.address, "/readyz").await.contains(" 200 "));
    program.stop().await;
}
