//! Fills the benchmark's own, empty database faster than `crm seed` may fill somebody's: nothing
//! is lost if it is interrupted, since the next run begins anew.
//!
//! The rows are those of `crm seed`. What is left out while they are copied is what each row would
//! pay for alone and is cheaper for all at once, or is known to be right: indexes, triggers (which
//! look up foreign keys, too), and the disk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use futures_util::future::try_join_all;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crm::db::{Db, PoolOptions};
use crm::demo::{self, Progress};

use crate::Result;
use crate::database::Sql;

/// For the server of the benchmark alone, until its leads are made: no wait for the disk, and for a
/// million leads no checkpoint in between.
const HASTE: [(&str, &str); 5] = [
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("max_wal_size", "8GB"),
    ("checkpoint_timeout", "1h"),
    ("autovacuum", "off"),
];

/// The number of indexes built at a time, and the memory that each may use to sort.
const INDEXERS: usize = 2;
const SORT_MEMORY: &str = "768MB";

/// The secondary indexes of what is filled. Primary keys and unique constraints stay: the leads
/// come in the order of their ids, so these cost little.
const INDEXES: &str = "\
    SELECT pg_get_indexdef(i.indexrelid), i.indexrelid::regclass FROM pg_index i \
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam \
    WHERE i.indrelid IN ('leads'::regclass, 'lead_notes'::regclass) \
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid) \
    ORDER BY m.amname = 'gin' DESC, i.indnatts DESC";

/// Rebuilds the data that triggers on leads maintain: by a function without arguments,
/// named as the triggers' own functions are but for its last word, which is "rebuild".
const REBUILDS: &str = "\
    SELECT p.oid::regproc FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace \
      AND p.pronargs = 0 AND p.proname LIKE '%\\_rebuild' \
      AND p.prorettype <> 'trigger'::regtype ORDER BY 1";

/// The triggers on leads that nothing makes up for: these fire.
const NEEDED: &str = "\
    SELECT quote_ident(t.tgname) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid \
    WHERE t.tgrelid = 'leads'::regclass AND NOT t.tgisinternal AND NOT EXISTS \
      (SELECT FROM pg_proc r WHERE r.pronamespace = p.pronamespace AND r.pronargs = 0 \
         AND r.proname LIKE '%\\_rebuild' AND starts_with(p.proname, replace(r.proname, 'rebuild', '')))";

/// All tables but the two large ones.
const OTHERS: &str = "\
    SELECT string_agg(quote_ident(relname), ', ') FROM pg_class \
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
      AND relname NOT IN ('leads', 'lead_notes')";

/// Makes the leads in a migrated database without any.
pub async fn fill(url: &str, leads: u64) -> Result<()> {
    let sql = Sql::connect(url).await?;
    for (name, value) in HASTE {
        sql.run(&format!("ALTER SYSTEM SET {name} = '{value}'"))
            .await?;
    }
    sql.run("SELECT pg_reload_conf()").await?;
    let outcome = fill_hastily(&sql, url, leads).await;
    for (name, _) in HASTE {
        sql.run(&format!("ALTER SYSTEM RESET {name}")).await?;
    }
    sql.run("SELECT pg_reload_conf()").await?;
    outcome?;
    // With the disk waited for again: what is measured next shall not pay for this.
    sql.run("CHECKPOINT").await
}

async fn fill_hastily(sql: &Sql, url: &str, leads: u64) -> Result<()> {
    let indexes = sql.rows(INDEXES).await?;
    let definitions: VecDeque<String> = indexes
        .iter()
        .filter_map(|row| row.first()?.clone())
        .collect();
    for name in indexes.iter().filter_map(|row| row.get(1)?.as_deref()) {
        sql.run(&format!("DROP INDEX {name}")).await?;
    }
    let (rebuilds, needed) = (sql.column(REBUILDS).await?, sql.column(NEEDED).await?);
    for trigger in &needed {
        sql.run(&format!(
            "ALTER TABLE leads ENABLE ALWAYS TRIGGER {trigger}"
        ))
        .await?;
    }
    let began = Instant::now();
    copy(url, leads).await?;
    // Before there are indexes: to look through those takes longer than through the tables.
    each_of(
        url,
        ["VACUUM leads", "VACUUM lead_notes"].map(str::to_owned),
    )
    .await?;
    let copied = began.elapsed();
    index(url, definitions).await?;
    let indexed = began.elapsed();
    for trigger in &needed {
        sql.run(&format!("ALTER TABLE leads ENABLE TRIGGER {trigger}"))
            .await?;
    }
    let rebuilds = rebuilds
        .iter()
        .map(|function| format!("SELECT {function}()"));
    let analyze = ["ANALYZE leads", "ANALYZE lead_notes"].map(str::to_owned);
    each_of(url, rebuilds.chain(analyze)).await?;
    let others = sql.text(OTHERS).await?;
    sql.run(&format!("VACUUM (ANALYZE) {others}")).await?;
    let seconds = |from: Duration, to: Duration| (to - from).as_secs_f64();
    eprintln!(
        "{leads} leads: {:.1} s to copy, {:.1} s to index, {:.1} s to settle",
        copied.as_secs_f64(),
        seconds(copied, indexed),
        seconds(indexed, began.elapsed())
    );
    Ok(())
}

/// As a replica a connection fires no triggers, neither those of the tables nor those that look up
/// foreign keys.
async fn copy(url: &str, leads: u64) -> Result<()> {
    let url = format!("{url}&options=-c%20session_replication_role%3Dreplica");
    let db = Db::connect(&url, &PoolOptions::default()).await?.program();
    Ok(demo::generate(&db, leads, demo::RANDOM_SEED, Utc::now(), Progress::Bar).await?)
}

/// Runs statements at the same time.
async fn each_of(url: &str, statements: impl IntoIterator<Item = String>) -> Result<()> {
    let run = async |statement: String| Sql::connect(url).await?.run(&statement).await;
    try_join_all(statements.into_iter().map(run)).await?;
    Ok(())
}

async fn index(url: &str, definitions: VecDeque<String>) -> Result<()> {
    let style = "{bar:40} {pos} of {len} indexes, {elapsed} so far {msg}";
    let bar =
        ProgressBar::new(definitions.len() as u64).with_style(ProgressStyle::with_template(style)?);
    bar.enable_steady_tick(Duration::from_secs(1));
    let definitions = Arc::new(Mutex::new(definitions));
    let mut indexers: JoinSet<Result<()>> = JoinSet::new();
    for _ in 0..INDEXERS {
        let (url, definitions, bar) = (url.to_owned(), definitions.clone(), bar.clone());
        indexers.spawn(async move {
            let sql = Sql::connect(&url).await?;
            sql.run(&format!("SET maintenance_work_mem = '{SORT_MEMORY}'"))
                .await?;
            // Each core has one to make already.
            sql.run("SET max_parallel_maintenance_workers = 0").await?;
            loop {
                let Some(definition) = definitions.lock().await.pop_front() else {
                    return Ok(());
                };
                sql.run(&definition).await?;
                bar.inc(1);
            }
        });
    }
    while let Some(ended) = indexers.join_next().await {
        ended??;
    }
    bar.finish_and_clear();
    Ok(())
}
