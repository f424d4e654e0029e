//! The tags of leads: however many leads there are, only the newest of the viewer's are read, from an
//! index in their order.

use crm::service::leads::{self, TAGS_OF_NEWEST};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::{Line, ManyLeads};

#[tokio::test(flavor = "multi_thread")]
async fn the_tags_of_the_newest_leads_are_counted_without_a_look_at_others() {
    let data = ManyLeads::make(TAGS_OF_NEWEST as u64 + 2_000).await;
    let db = data.database.db();
    let mut conn = db.connection().await.unwrap();
    let of_newest = format!(
        "SELECT concat_ws(' ', mode() WITHIN GROUP (ORDER BY tag COLLATE \"C\"), count(*)) AS \"QUERY PLAN\" \
         FROM (SELECT * FROM leads ORDER BY created_at DESC, id DESC LIMIT {}) AS newest, \
              unnest(tags, tag_keys) AS one (tag, key) \
         WHERE archived_at IS NULL GROUP BY key ORDER BY count(*) DESC, key COLLATE \"C\" LIMIT 5",
        TAGS_OF_NEWEST + 1
    );
    let expected: Vec<Line> = diesel::sql_query(of_newest).load(&mut conn).await.unwrap();
    drop(conn);
    let expected: Vec<String> = expected.into_iter().map(|row| row.line).collect();
    assert_eq!(expected.len(), 5);
    for (actor, is_exact) in data.actors.iter().zip([false, true, true]) {
        let statements = data
            .watched(async || {
                let found = leads::frequent_tags(db, actor, "", 5).await.unwrap();
                assert!(!found.is_empty());
                assert!(
                    found.iter().all(|tag| tag.is_exact == is_exact),
                    "{found:?}"
                );
                let found = found.iter().map(|tag| format!("{} {}", tag.tag, tag.count));
                // The operator sees all leads.
                assert_eq!(found.eq(expected.iter().cloned()), !is_exact);
            })
            .await;
        let [statement] = statements.as_slice() else {
            panic!("{statements:#?}");
        };
        let plan = plan(&data, statement).await;
        assert!(!plan.contains("Seq Scan on leads"), "{plan}");
        // Besides the tags that were found, nothing is sorted: the leads come from the index.
        let reads = plan.split("CTE newest").nth(1).unwrap();
        let reads = reads.split("->  Nested Loop").next().unwrap();
        assert!(!reads.contains("Sort  "), "{plan}");
    }
}

/// The plan of a statement as it was run, with its values.
async fn plan(data: &ManyLeads, statement: &str) -> String {
    let (text, binds) = statement.split_once(" -- binds: ").unwrap();
    let binds: Vec<&str> = binds.trim_matches(['[', ']']).split(", ").collect();
    let values: Vec<String> = binds
        .iter()
        .map(|bind| format!("'{}'", plain(bind)))
        .collect();
    let mut conn = data.database.db().connection().await.unwrap();
    conn.batch_execute(&format!("PREPARE explained AS {text}"))
        .await
        .unwrap();
    let explain = format!(
        "EXPLAIN (COSTS OFF) EXECUTE explained({})",
        values.join(", ")
    );
    let lines: Vec<Line> = diesel::sql_query(explain).load(&mut conn).await.unwrap();
    conn.batch_execute("DEALLOCATE explained").await.unwrap();
    lines.into_iter().map(|line| line.line + "\n").collect()
}

/// A bind as diesel shows it: `12`, `"text"`, `UserId(…)`.
fn plain(bind: &str) -> &str {
    let inner = bind
        .strip_prefix("UserId(")
        .and_then(|id| id.strip_suffix(')'));
    inner.unwrap_or(bind).trim_matches('"')
}
