//! The program's own PostgreSQL: starting it, sharing it and stopping it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crm::db::embedded::EmbeddedServer;

use crate::support::{Scratch, ask, durable, run, start};

#[tokio::test]
async fn a_first_start_makes_the_data_and_a_second_one_is_quick_and_finds_them() {
    let folder = Scratch::new();
    let began = Instant::now();
    let server = start(folder.path()).await;
    eprintln!("first start: {:?}", began.elapsed());
    run(&server, "create table kept as select 7 as seven").await;
    server.stop().await.expect("a stopped server");
    assert_eq!(folder.server(), None, "a server is left");

    let began = Instant::now();
    let server = start(folder.path()).await;
    let took = began.elapsed();
    eprintln!("second start: {took:?}");
    assert!(
        took < Duration::from_secs(2),
        "the second start took {took:?}"
    );
    assert_eq!(ask(&server, "(select seven::text from kept)").await, "7");
    server.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn two_folders_have_two_servers_side_by_side() {
    let (left, right) = (Scratch::new(), Scratch::new());
    let (one, other) = tokio::join!(start(left.path()), start(right.path()));
    run(&one, "create table only_here ()").await;
    assert_eq!(
        ask(&other, "coalesce(to_regclass('only_here')::text, 'none')").await,
        "none"
    );
    assert_ne!(left.server(), right.server());
    one.stop().await.expect("a stopped server");
    assert_eq!(ask(&other, "'still here'").await, "still here");
    other.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn several_that_start_at_once_share_one_server_and_the_last_one_out_stops_it() {
    let folder = Scratch::new();
    let starts = (0..4).map(|_| start(folder.path()));
    let mut servers = futures_util::future::join_all(starts).await;
    let pid = folder.server().expect("a server");
    while let Some(server) = servers.pop() {
        assert_eq!(
            folder.server(),
            Some(pid),
            "it was stopped under another's feet"
        );
        assert_eq!(ask(&server, "current_database()").await, "crm");
        server.stop().await.expect("left");
    }
    assert_eq!(folder.server(), None, "the last one did not stop it");
}

#[tokio::test]
async fn a_dropped_server_is_told_to_stop() {
    let folder = Scratch::new();
    drop(start(folder.path()).await);
    let began = Instant::now();
    while folder.server().is_some() {
        assert!(began.elapsed() < Duration::from_secs(10), "it still runs");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_socket_is_in_a_private_folder_and_there_is_no_port() {
    let folder = Scratch::new();
    let server = EmbeddedServer::start(&durable(folder.path()))
        .await
        .expect("a server");
    for private in ["socket", "data"] {
        let mode = fs::metadata(folder.path().join(private))
            .expect("a folder")
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o700, "{private}");
    }
    assert_eq!(
        ask(&server, "current_setting('listen_addresses')").await,
        ""
    );
    assert_eq!(ask(&server, "current_setting('fsync')").await, "on");
    assert_eq!(
        ask(&server, "current_setting('synchronous_commit')").await,
        "on"
    );
    assert_eq!(
        ask(&server, "current_setting('server_encoding')").await,
        "UTF8"
    );
    assert_eq!(ask(&server, "lower('ÄÖÜ')").await, "äöü");
    server.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_gets_a_short_private_folder() {
    let folder = Scratch::new();
    let long = folder.path().join("a-long-name/".repeat(8));
    let server = start(&long).await;
    assert_eq!(ask(&server, "'up'").await, "up");
    let socket = server
        .url()
        .split(['=', '&'])
        .nth(1)
        .expect("a socket")
        .to_owned();
    let mode = fs::metadata(&socket)
        .expect("a folder")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    server.stop().await.expect("a stopped server");
    fs::remove_dir_all(socket).expect("an empty folder");
}
