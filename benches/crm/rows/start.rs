//! The start of the server, and the making of the leads.

use crate::report::{Line, Verdict, figure};
use crate::server::Server;
use crate::{Bench, Result};

/// Milliseconds until the first answer.
const LIMIT_MS: f64 = 300.0;
/// Seconds for a million leads.
const MAKING: f64 = 60.0;
const STARTS: usize = 5;
const START: &str = "start: until the first answer, on a migrated database";
const MADE: &str = "making the leads";

pub async fn rows(bench: &mut Bench<'_>) {
    if bench.is_wanted(START) {
        eprintln!("{START} …");
        let line = match start(bench).await {
            Ok(line) => line,
            Err(fault) => Line::failed(START, &*fault),
        };
        bench.report.push(line);
    }
    if let Some(seconds) = bench.database.made_in.filter(|_| bench.is_wanted(MADE)) {
        let per_million = seconds / bench.options.leads as f64 * 1e6;
        bench.report.push(Line {
            rows: Some(bench.options.leads),
            remark: format!("{} s, when this database was made", figure(Some(seconds))),
            verdicts: vec![Verdict::at_most("s a million", per_million, MAKING)],
            ..Line::new(MADE)
        });
    }
}

async fn start(bench: &Bench<'_>) -> Result<Line> {
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let server = Server::start(&bench.database.url, &bench.database.folder).await?;
        times.push(server.started_in_ms);
        server.stop().await?;
    }
    times.sort_by(f64::total_cmp);
    Ok(Line {
        remark: format!(
            "{} starts, the slowest {} ms",
            STARTS,
            figure(times.last().copied())
        ),
        verdicts: vec![Verdict::at_most("median ms", times[STARTS / 2], LIMIT_MS)],
        ..Line::new(START)
    })
}
