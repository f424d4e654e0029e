//! The server's memory with many clients, and whether it stays what it is.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::cpu::memory;
use crate::facts::Who;
use crate::measure::{Ask, Contender, Load};
use crate::report::{Line, Verdict, figure};
use crate::rows::LIST;
use crate::server::Server;
use crate::wrk::Wanted;
use crate::{Bench, Result, wrk};

const CLIENTS: usize = 256;
/// MB of resident memory.
const LIMIT: f64 = 64.0;
/// The largest ratio of the server's memory at the end to that after the first tenth: noise, no leak.
const GROWTH: f64 = 1.05;
const NAME: &str = "memory: 256 clients";

pub async fn rows(bench: &mut Bench<'_>) -> Result<()> {
    if !bench.is_wanted(NAME) {
        return Ok(());
    }
    // A fresh process: what earlier rows left behind is not this one's.
    bench.restart().await?;
    let seconds = bench.options.memory_minutes * 60;
    let line = match measure(bench, seconds.max(bench.options.seconds)).await {
        Ok(line) => line,
        Err(fault) => Line::failed(NAME, &*fault),
    };
    bench.report.push(line);
    Ok(())
}

async fn measure(bench: &Bench<'_>, seconds: u64) -> Result<Line> {
    eprintln!("{NAME}, {seconds} s …");
    let search = ["ann", "gmail", "son"].map(|term| json!({ "search": term }));
    let mut variables = vec![json!({}); 20];
    variables.extend(search);
    let statuses = ["NEW", "LOST", "WON"].map(|status| json!({ "filter": { "status": [status] } }));
    variables.extend(statuses);
    let ask = Ask {
        query: LIST,
        variables,
        by: Who::Admin,
    };
    let Contender::Http {
        url, bodies, token, ..
    } = bench.http("memory", &ask)?
    else {
        return Err("there is no server".into());
    };
    let tenth = Duration::from_secs(seconds) / 10;
    let (load, after_a_tenth, in_the_second_half) = tokio::join!(
        wrk::run(&url, &bodies, &token, Wanted::Data, CLIENTS, seconds),
        held(&bench.server, tenth),
        held(&bench.server, 10 * tenth),
    );
    let (load, after_a_tenth, in_the_second_half): (Load, f64, f64) =
        (load?, after_a_tenth?, in_the_second_half?);
    let peak = memory(bench.server.pid)?.peak;
    Ok(Line {
        clients: Some(CLIENTS),
        measured: Some(crate::measure::Measured {
            load,
            ..Default::default()
        }),
        remark: format!(
            "{seconds} s: {} MB after a tenth, {} MB in the second half",
            figure(Some(after_a_tenth)),
            figure(Some(in_the_second_half))
        ),
        verdicts: vec![
            Verdict::at_most("peak MB", peak, LIMIT),
            Verdict::at_most("growth ×", in_the_second_half / after_a_tenth, GROWTH),
        ],
        ..Line::new(NAME)
    })
}

/// The server's average memory in the second half of the time from now on: from one moment to
/// the next it swings by a tenth.
async fn held(server: &Server, time: Duration) -> Result<f64> {
    let (began, mut sum, mut looks) = (Instant::now(), 0.0, 0.0);
    tokio::time::sleep(time / 2).await;
    while looks == 0.0 || began.elapsed() < time {
        sum += memory(server.pid)?.now;
        looks += 1.0;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(sum / looks)
}
