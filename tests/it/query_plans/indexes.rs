//! The indexes of leads are those that docs/develop/database.md lists, each with a query that uses it.

use std::collections::BTreeSet;

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::{Line, ManyLeads};

const PAGE: &str = include_str!("../../../docs/develop/database.md");

/// The table's rows: an index, and a query that is answered by it.
fn listed() -> Vec<(&'static str, &'static str)> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `lead"));
    let cell = |row: &'static str| {
        let mut codes = row.split('`').skip(1).step_by(2);
        (codes.next().unwrap(), codes.next().expect("a query"))
    };
    rows.map(cell).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_index_of_leads_is_listed_with_a_query_that_uses_it() {
    let data = ManyLeads::make(20_000).await;
    let mut conn = data.database.db().connection().await.unwrap();
    let there = "SELECT indexname AS \"QUERY PLAN\" FROM pg_indexes \
                 WHERE schemaname = 'public' AND tablename IN ('leads', 'lead_search')";
    let there: Vec<Line> = diesel::sql_query(there).load(&mut conn).await.unwrap();
    let there: BTreeSet<String> = there.into_iter().map(|row| row.line).collect();
    let listed = listed();
    let names: BTreeSet<String> = listed.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(there, names);
    assert_eq!(names.len(), listed.len(), "an index is listed twice");
    for (index, query) in listed {
        let parameters = (1..).take_while(|number| query.contains(&format!("${number}")));
        let nulls = vec!["NULL"; parameters.count()].join(", ");
        let arguments = if nulls.is_empty() {
            nulls
        } else {
            format!("({nulls})")
        };
        let prepare = format!("PREPARE listed AS {query}");
        conn.batch_execute(&prepare).await.expect("a query");
        let explain = format!("EXPLAIN (COSTS OFF) EXECUTE listed{arguments}");
        let plan: Vec<Line> = diesel::sql_query(explain).load(&mut conn).await.unwrap();
        conn.batch_execute("DEALLOCATE listed").await.unwrap();
        let plan: String = plan.into_iter().map(|line| line.line + "\n").collect();
        let used = plan.split(|c: char| !c.is_alphanumeric() && c != '_');
        assert!(
            used.into_iter().any(|word| word == index),
            "{index}: {query}\n{plan}"
        );
    }
}
