//! The restart drill: what a restart of PostgreSQL costs those who use the pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use nix::sys::signal::{Signal, kill};
use tokio::task::JoinHandle;

use crm::db::{Db, PoolOptions, RequestDb};

use crate::support::{Scratch, start};

/// The shared state of the workers, and their counters.
#[derive(Default)]
struct Drill {
    down: AtomicBool,
    over: AtomicBool,
    failed_while_up: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_of_postgresql_every_request_succeeds() {
    let folder = Scratch::new();
    let mut servers = vec![start(folder.path()).await];
    let options = PoolOptions {
        size: 4,
        ..PoolOptions::default()
    };
    let db = Db::connect(&servers[0].url(), &options)
        .await
        .expect("a pool")
        .program();
    let drill = Arc::new(Drill::default());
    let workers: Vec<_> = (0..4).map(|_| work(db.clone(), drill.clone())).collect();
    // Once with connections in use, once more with some that rested.
    for busy in [300, 1500] {
        tokio::time::sleep(Duration::from_millis(busy)).await;
        drill.down.store(true, Ordering::SeqCst);
        kill(folder.server().expect("a server"), Signal::SIGINT).expect("a signal");
        while folder.server().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        servers.push(start(folder.path()).await);
        drill.down.store(false, Ordering::SeqCst);
        let began = Instant::now();
        for _ in 0..50 {
            request(&db).await.expect("a request after the restart");
        }
        eprintln!("50 requests after the restart: {:?}", began.elapsed());
    }
    drill.over.store(true, Ordering::Relaxed);
    for worker in workers {
        assert!(
            worker.await.expect("a worker") > 100,
            "a worker got little done"
        );
    }
    assert_eq!(drill.failed_while_up.load(Ordering::Relaxed), 0);
    for server in servers {
        server.stop().await.expect("left");
    }
}

/// Makes requests all the time and returns how many succeeded.
fn work(db: RequestDb, drill: Arc<Drill>) -> JoinHandle<u32> {
    tokio::spawn(async move {
        let mut done = 0;
        while !drill.over.load(Ordering::Relaxed) {
            let was_down = drill.down.load(Ordering::SeqCst);
            match request(&db).await {
                Ok(()) => done += 1,
                Err(_) if was_down || drill.down.load(Ordering::SeqCst) => {}
                Err(_) => _ = drill.failed_while_up.fetch_add(1, Ordering::Relaxed),
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        done
    })
}

async fn request(db: &RequestDb) -> Result<(), String> {
    let mut connection = db.connection().await.map_err(|error| error.to_string())?;
    connection
        .batch_execute("select 1")
        .await
        .map_err(|error| error.to_string())
}
