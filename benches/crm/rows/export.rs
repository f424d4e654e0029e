//! An export of all leads with 15 columns as CSV, in turns with a bare COPY of the same columns: what the rows cost
//! on their way through the service, and the memory that they take there.

use std::pin::pin;
use std::time::Instant;

use futures_util::StreamExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::cpu::memory;
use crate::facts::Who;
use crate::report::{Line, Verdict, figure};
use crate::rows::LISTED;
use crate::{Bench, Result};

const NAME: &str = "export: all leads, 15 columns as CSV";
/// The number of turns of each; the fastest counts, because noise only slows down.
const TURNS: usize = 3;
/// The least part of COPY's rows a second.
const OF_COPY: f64 = 0.5;
/// The most memory that it takes, in MB.
const MEMORY: f64 = 64.0;

const EXPORT: &str = "mutation { createExport(input: { format: CSV, columns: [ID FIRST_NAME LAST_NAME EMAIL PHONE \
    COMPANY JOB_TITLE SOURCE STATUS LEAD_SCORE CONVERSION_PROBABILITY TAGS CUSTOM_FIELDS CREATED_AT UPDATED_AT] }) \
    { url } }";
const COLUMNS: &str = "id, first_name, last_name, email, phone, company, job_title, source, status, lead_score, \
    conversion_probability, array_to_string(tags, ';'), custom_fields, \
    to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), \
    to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

pub async fn row(bench: &mut Bench<'_>) {
    if !bench.is_wanted(NAME) {
        return;
    }
    eprintln!("{NAME} …");
    let measured = measure(bench).await;
    bench.report(NAME, measured);
}

async fn measure(bench: &mut Bench<'_>) -> Result<Line> {
    let count = format!("SELECT count(*) FROM leads WHERE {LISTED}");
    let leads = bench.database.sql().number(&count).await?;
    let pid = bench.server.pid;
    let before = memory(pid)?.peak;
    let (mut export, mut copy) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..TURNS {
        export = export.min(download(bench, leads).await?);
        copy = copy.min(copy_out(bench).await?);
    }
    let more = memory(pid)?.peak - before;
    let rate = |seconds: f64| figure(Some(leads as f64 / seconds));
    Ok(Line {
        clients: Some(1),
        rows: Some(leads),
        remark: format!(
            "{} leads a second, COPY {}; {more:.0} MB more of memory at most",
            rate(export),
            rate(copy)
        ),
        verdicts: vec![
            Verdict::at_least("of COPY:", copy / export, OF_COPY),
            Verdict::at_most("MB more:", more, MEMORY),
        ],
        ..Line::new(NAME)
    })
}

/// The time of a download, in seconds. Errors: it is not whole, or has another number of records.
async fn download(bench: &Bench<'_>, leads: u64) -> Result<f64> {
    let token = bench.facts.token(Who::Admin);
    let made = bench.server.ask(token, EXPORT, &json!(null)).await?;
    let url = made["createExport"]["url"].as_str().ok_or("no address")?;
    let (_, token) = url.rsplit_once('/').ok_or("no address")?;
    let began = Instant::now();
    let mut stream = TcpStream::connect(bench.server.address).await?;
    let request =
        format!("GET /exports/{token} HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let (mut records, mut last, mut buffer) = (0, Vec::new(), vec![0; 1 << 18]);
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        let bytes = &buffer[..read];
        // Each ends with CRLF, but a field may have line breaks of its own: few of the made-up ones do.
        records += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        last.extend_from_slice(&bytes[read.saturating_sub(5)..]);
        last.drain(..last.len().saturating_sub(5));
    }
    if last != b"0\r\n\r\n" || records < leads {
        return Err(format!("{records} lines of {leads}, ending with {last:?}").into());
    }
    Ok(began.elapsed().as_secs_f64())
}

/// The time of the bare COPY, in seconds.
async fn copy_out(bench: &mut Bench<'_>) -> Result<f64> {
    let copy = format!(
        "COPY (SELECT {COLUMNS} FROM leads WHERE {LISTED} ORDER BY created_at DESC, id DESC) TO STDOUT (FORMAT csv)"
    );
    let began = Instant::now();
    let mut rows = pin!(bench.database.client().copy_out(&copy).await?);
    while let Some(bytes) = rows.next().await {
        bytes?;
    }
    Ok(began.elapsed().as_secs_f64())
}
