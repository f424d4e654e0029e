//! A hundred thousand leads with their timelines, loaded in one transaction, beside the same with the
//! b-trees alone: no trigger keeps what they are searched by, the words of names and the statistics.

use crate::report::{Line, figure};
use crate::{Bench, Result};

const LEADS: u64 = 100_000;
/// The number of turns of each; the fastest counts, because noise only slows down.
const TURNS: usize = 3;
pub const NAME: &str = "load: 100,000 leads with their timelines";

/// The leads that are loaded again, as others.
const SOURCE: &str = "\
    CREATE TEMP TABLE source AS SELECT gen_random_uuid() AS new_id, leads.* FROM leads LIMIT 100000; \
    CREATE TEMP TABLE source_notes AS SELECT gen_random_uuid() AS new_id, new_id AS new_lead, n.* \
      FROM source JOIN lead_notes AS n ON n.lead_id = source.id WHERE n.replaces_id IS NULL; \
    ANALYZE source; ANALYZE source_notes";
const COLUMNS: &str = "\
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute \
    WHERE attrelid = 'leads'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'id'";
const NOTES: &str = "\
    INSERT INTO lead_notes (id, lead_id, author_id, note_type, content, changes, created_at) \
    SELECT new_id, new_lead, author_id, note_type, content, changes, created_at FROM source_notes";

pub async fn row(bench: &mut Bench<'_>) {
    if bench.options.leads < LEADS || !bench.is_wanted(NAME) {
        return;
    }
    eprintln!("{NAME} …");
    let measured = measure(bench).await;
    bench.report(NAME, measured);
}

async fn measure(bench: &Bench<'_>) -> Result<Line> {
    let sql = bench.database.sql();
    sql.run(SOURCE).await?;
    let columns = sql.text(COLUMNS).await?;
    let leads = format!("INSERT INTO leads (id, {columns}) SELECT new_id, {columns} FROM source");
    let (mut whole, mut bare) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..TURNS {
        whole = whole.min(load(bench, "SELECT", &leads).await?);
        let without = "ALTER TABLE leads DISABLE TRIGGER USER";
        bare = bare.min(load(bench, without, &leads).await?);
    }
    let rate = |ms: f64| figure(Some(LEADS as f64 / ms));
    Ok(Line {
        clients: Some(1),
        rows: Some(LEADS),
        remark: format!(
            "{} leads in a millisecond of PostgreSQL's CPU time, with the b-trees alone {}",
            rate(whole),
            rate(bare)
        ),
        ..Line::new(NAME)
    })
}

/// PostgreSQL's CPU time, in milliseconds; what was loaded is rolled back.
async fn load(bench: &Bench<'_>, first: &str, leads: &str) -> Result<f64> {
    let sql = bench.database.sql();
    let postgres = bench.database.processes.ok_or("PostgreSQL is elsewhere")?;
    sql.run("CHECKPOINT").await?;
    sql.run(&format!("BEGIN; {first}")).await?;
    let before = postgres.cpu_ms()?;
    sql.run(leads).await?;
    sql.run(NOTES).await?;
    let cost = postgres.cpu_ms()? - before;
    sql.run("ROLLBACK").await?;
    Ok(cost)
}
