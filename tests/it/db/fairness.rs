//! The order in which connections are handed out when there are too few: each user in turn, and no request more than a few.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crm::db::{
    AuthRevision, CancelOnDrop, Db, DbError, Party, PoolOptions, PooledConnection, RequestDb,
};

use crate::support::TestDatabase;

const ANN: Party = Party::User(Uuid::from_u128(1));
const BEA: Party = Party::User(Uuid::from_u128(2));
const CAL: Party = Party::User(Uuid::from_u128(3));
const WAIT: Duration = Duration::from_millis(400);
/// Long enough for whatever is not waited for, on a busy machine.
const SOON: Duration = Duration::from_secs(5);
const A_WHILE: Duration = Duration::from_millis(150);

async fn pool(database: &TestDatabase, size: usize) -> Db {
    let options = PoolOptions {
        size,
        wait: WAIT,
        ..PoolOptions::default()
    };
    Db::connect(database.url(), &options).await.unwrap()
}

fn request(db: &Db, party: Party) -> (RequestDb, CancelOnDrop) {
    let deadline = Instant::now() + Duration::from_secs(30);
    db.request(party, deadline, AuthRevision::default())
}

async fn taken(db: &RequestDb) -> PooledConnection {
    timeout(SOON, db.connection()).await.unwrap().unwrap()
}

/// Waits for a connection in a request of its own, once everybody before waits.
async fn waiter(db: &Db, party: Party) -> JoinHandle<(PooledConnection, CancelOnDrop)> {
    let before = db.status().waiting;
    let pool = db.clone();
    let (db, waiting) = request(db, party);
    let waiter = tokio::spawn(async move { (db.connection().await.unwrap(), waiting) });
    while pool.status().waiting == before {
        sleep(Duration::from_millis(1)).await;
    }
    waiter
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_holds_four_connections_and_its_fifth_waits_for_one_of_them() {
    let database = TestDatabase::with_pool(1).await;
    let db = pool(&database, 8).await;
    let (one, _waiting) = request(&db, ANN);
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(taken(&one).await);
    }
    let mut fifth = Box::pin(one.connection());
    // Longer than anybody waits for others.
    assert!(timeout(2 * WAIT, &mut fifth).await.is_err());
    let (another, _waiting) = request(&db, ANN);
    drop(taken(&another).await);
    held.pop();
    drop(timeout(SOON, fifth).await.unwrap().unwrap());
    assert_eq!(db.status().in_use, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_wait_are_served_in_turn_by_user_and_each_users_in_their_order() {
    let database = TestDatabase::with_pool(1).await;
    let db = pool(&database, 1).await;
    let (holder, _waiting) = request(&db, Party::Nobody);
    let held = taken(&holder).await;
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut waiters = Vec::new();
    for (name, party) in [
        ("Ann 1", ANN),
        ("Ann 2", ANN),
        ("Ann 3", ANN),
        ("Bea 1", BEA),
        ("Bea 2", BEA),
        ("Cal 1", CAL),
        ("program", Party::Program),
    ] {
        let (waiter, served) = (waiter(&db, party).await, Arc::clone(&served));
        waiters.push(tokio::spawn(async move {
            let _held = waiter.await.unwrap();
            served.lock().unwrap().push(name);
        }));
    }
    drop(held);
    for waiter in waiters {
        timeout(SOON, waiter).await.unwrap().unwrap();
    }
    let order = [
        "program", "Ann 1", "Bea 1", "Cal 1", "Ann 2", "Bea 2", "Ann 3",
    ];
    assert_eq!(*served.lock().unwrap(), order);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_all_connections_while_nobody_else_waits_and_half_of_them_then() {
    let database = TestDatabase::with_pool(1).await;
    let db = pool(&database, 4).await;
    let (ann, _waiting) = request(&db, ANN);
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(taken(&ann).await);
    }
    let of_ann = waiter(&db, ANN).await;
    let of_bea = [waiter(&db, BEA).await, waiter(&db, BEA).await];
    let mut of_bea_held = Vec::new();
    for waiter in of_bea {
        held.pop();
        of_bea_held.push(timeout(SOON, waiter).await.unwrap().unwrap());
    }
    assert!(!of_ann.is_finished());
    drop(of_bea_held.pop());
    timeout(SOON, of_ann).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_others_is_told_to_come_again_and_who_waits_for_their_own_is_not() {
    let database = TestDatabase::with_pool(1).await;
    let db = pool(&database, 2).await;
    let _of_program = taken(&db.program()).await;
    let (ann, _waiting) = request(&db, ANN);
    let of_ann = taken(&ann).await;
    let of_both = async {
        let began = Instant::now();
        let (bea, _waiting) = request(&db, BEA);
        let (bea, told) = (bea.connection().await.err().unwrap(), began.elapsed());
        assert!(matches!(bea, DbError::Unavailable(_)), "{bea:?}");
        assert!(told >= WAIT && told < SOON, "{told:?}");
        sleep(2 * WAIT).await;
    };
    let second = waiter(&db, ANN).await;
    of_both.await;
    assert!(!second.is_finished());
    drop(of_ann);
    timeout(SOON, second).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_for_itself_ends_at_its_deadline_and_gives_back_what_it_holds() {
    let database = TestDatabase::with_pool(1).await;
    let db = pool(&database, 1).await;
    let began = Instant::now();
    let deadline = began + 3 * WAIT;
    let (ann, waiting) = db.request(ANN, deadline, AuthRevision::default());
    let held = taken(&ann).await;
    let late = ann.connection().await.err().unwrap();
    assert!(matches!(late, DbError::Late), "{late:?}");
    assert!(began.elapsed() >= 3 * WAIT);
    drop((held, waiting));
    drop(taken(&db.program()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiters_that_go_away_at_any_moment_leave_no_gap() {
    let database = TestDatabase::with_pool(1).await;
    let db = pool(&database, 3).await;
    let tasks = (0..600_u64).map(|number| {
        let party = [ANN, BEA, CAL, Party::Program, Party::Nobody][number as usize % 5];
        let (db, waiting) = request(&db, party);
        tokio::spawn(async move {
            let work = async {
                let _held = db.connection().await;
                sleep(Duration::from_micros(number * 7919 % 3000)).await;
            };
            let given_up = Duration::from_micros(number * 104_729 % 50_000);
            let _ = timeout(given_up, work).await;
            drop(waiting);
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        timeout(SOON, task).await.unwrap().unwrap();
    }
    let began = Instant::now();
    while db.status().in_use > 0 {
        assert!(began.elapsed() < SOON);
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(db.status().waiting, 0);
    let (ann, _waiting) = request(&db, ANN);
    let all = [taken(&ann).await, taken(&ann).await, taken(&ann).await];
    assert_eq!(db.status().in_use, 3);
    let waits = timeout(A_WHILE, ann.connection()).await;
    assert!(waits.is_err());
    drop(all);
}
