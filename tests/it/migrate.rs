//! The migrations: at once, and there and back.

use crm::db::{migrate, pending, revert_all};

use crate::support::TestDatabase;

#[tokio::test]
async fn several_may_migrate_at_once_and_one_does_the_work() {
    let database = TestDatabase::with_pool(1).await;
    assert_eq!(
        pending(database.url()).await.expect("an answer"),
        Vec::<String>::new()
    );
    let all = (0..4).map(|_| migrate(database.url()));
    for migrated in futures_util::future::join_all(all).await {
        assert_eq!(migrated.expect("a migrated database"), Vec::<String>::new());
    }
}

#[tokio::test]
async fn all_migrations_can_be_undone_and_done_again() {
    let database = TestDatabase::with_pool(1).await;
    let mut undone = revert_all(database.url()).await.expect("a way back");
    undone.reverse();
    assert_eq!(pending(database.url()).await.expect("an answer"), undone);
    assert_eq!(migrate(database.url()).await.expect("a way forth"), undone);
    assert_eq!(
        pending(database.url()).await.expect("an answer"),
        Vec::<String>::new()
    );
}
