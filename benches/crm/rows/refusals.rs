//! Malicious requests: each must be refused within the same short time.

use std::fs;
use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::facts::Who;
use crate::measure::{Contender, Load, Measured, Target};
use crate::report::Line;
use crate::wrk::Wanted;
use crate::{Bench, Result};

const LIMIT: Target = Target::P99(50.0);
const CUT_OFF: &str = "refusal: a body of 10 MB";
const TOO_MUCH: usize = 10_000_000;
/// The number of times that each is sent.
const TIMES: usize = 200;

/// A body that must be refused, and the code it must be refused with.
struct Refusal {
    name: &'static str,
    body: Vec<u8>,
    code: &'static str,
}

pub async fn rows(bench: &mut Bench<'_>) {
    for refusal in all() {
        let name = format!("refusal: {}", refusal.name);
        if !bench.is_wanted(&name) {
            continue;
        }
        eprintln!("{name} …");
        let line = match measure(bench, &name, &refusal).await {
            Ok(line) => line,
            Err(fault) => Line::failed(&name, &*fault),
        };
        bench.report.push(line);
    }
    if bench.is_wanted(CUT_OFF) {
        eprintln!("{CUT_OFF} …");
        let line = match cut_off(bench.server.address).await {
            Ok(line) => line,
            Err(fault) => Line::failed(CUT_OFF, &*fault),
        };
        bench.report.push(line);
    }
}

/// A body that is refused before all of it was sent, which wrk would call a broken connection: so it
/// is sent again and again by one client.
async fn cut_off(address: SocketAddr) -> Result<Line> {
    let mut times = Vec::with_capacity(TIMES);
    let began = Instant::now();
    for _ in 0..TIMES {
        let began = Instant::now();
        send_too_much(address).await?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let seconds = began.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times[TIMES * part / 100 - 1];
    let measured = Measured {
        load: Load {
            count: TIMES as f64,
            per_second: TIMES as f64 / seconds,
            p50_ms: at(50),
            p95_ms: at(95),
            p99_ms: at(99),
        },
        ..Measured::default()
    };
    Ok(Line {
        clients: Some(1),
        measured: Some(measured),
        remark: format!("{TOO_MUCH} bytes, BODY_TOO_LARGE"),
        verdicts: LIMIT.verdict(&measured, None).into_iter().collect(),
        ..Line::new(CUT_OFF)
    })
}

/// Sends until there is an answer, and looks that it is a refusal.
async fn send_too_much(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let (mut read, mut write) = stream.split();
    let sending = async {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n\
             content-length: {TOO_MUCH}\r\n\r\n"
        );
        write.write_all(head.as_bytes()).await?;
        let part = vec![b' '; 64 * 1024];
        while write.write_all(&part).await.is_ok() {}
        std::future::pending::<Result<()>>().await
    };
    let reading = async {
        let mut answer = Vec::new();
        while read.read_buf(&mut answer).await? > 0 {
            if String::from_utf8_lossy(&answer).contains("\"BODY_TOO_LARGE\"") {
                return Ok(());
            }
        }
        Err("it was not refused".into())
    };
    tokio::select! {
        refused = reading => refused,
        failed = sending => failed,
    }
}

async fn measure(bench: &Bench<'_>, name: &str, refusal: &Refusal) -> Result<Line> {
    let bodies = bench.database.folder.join("refusal.bodies");
    fs::write(&bodies, &refusal.body)?;
    let token = bench.facts.token(Who::Admin).unwrap_or_default().to_owned();
    let refused = Contender::Http {
        url: bench.server.url(),
        bodies,
        token,
        process: bench.server.processes(),
        wanted: Wanted::Refusal(refusal.code),
    };
    let (clients, seconds) = (bench.options.few, bench.options.seconds);
    let measured = bench.in_turns(&[refused], clients, seconds).await?;
    let verdict = LIMIT.verdict(&measured[0], None);
    Ok(Line {
        clients: Some(clients),
        measured: measured.first().copied(),
        remark: format!("{} bytes, {}", refusal.body.len(), refusal.code),
        verdicts: verdict.into_iter().collect(),
        ..Line::new(name)
    })
}

fn all() -> impl Iterator<Item = Refusal> {
    let parts = [documents(), values(), variables(), bodies()];
    parts.into_iter().flatten()
}

const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
const TOO_LARGE: &str = "DOCUMENT_TOO_LARGE";

/// A document, by itself.
fn document(name: &'static str, code: &'static str, query: String) -> Refusal {
    with_variables(name, code, query, json!({}))
}

fn with_variables(
    name: &'static str,
    code: &'static str,
    query: String,
    variables: Value,
) -> Refusal {
    let body = json!({ "query": query, "variables": variables });
    Refusal {
        name,
        body: body.to_string().into_bytes(),
        code,
    }
}

/// A text of many parts.
fn many(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// Documents that are wrong or too large by their shape.
fn documents() -> Vec<Refusal> {
    let wide = |fields: String| format!("{{ me {{ {fields} }} }}");
    let doubling = |n| format!("fragment f{n} on User {{ ...f{} ...f{} }} ", n + 1, n + 1);
    let chained = |n| format!("fragment f{n} on User {{ id ...f{} }} ", n + 1);
    vec![
        document("4,900 unknown fields", INVALID, wide(many(4_900, |n| format!("x{n} ")))),
        document(
            "500 unknown fields with names of 120 letters",
            INVALID,
            wide(many(500, |n| format!("x{n:0119} "))),
        ),
        document(
            "60,000 bytes, the last bracket missing",
            INVALID,
            format!("{{ me {{ {} ", "id ".repeat(9_900)),
        ),
        document(
            "4,900 fields of the same name, one unknown",
            INVALID,
            wide("id ".repeat(4_900) + "x"),
        ),
        document("60,000 open brackets", TOO_LARGE, "{a".repeat(30_000)),
        document("60,000 open lists", TOO_LARGE, format!("{{ a(x: {}", "[".repeat(60_000))),
        document("a fragment in itself", INVALID, "{ me { ...a } } fragment a on User { ...b } fragment b on User { ...a }".to_owned()),
        document(
            "700 fragments, each in the one before, the last in the first",
            TOO_LARGE,
            format!("{{ me {{ ...f0 }} }} {} fragment f700 on User {{ ...f0 }}", many(700, chained)),
        ),
        document(
            "700 fragments, each twice in the one before",
            TOO_LARGE,
            format!("{{ me {{ ...f0 }} }} {}", many(700, doubling)),
        ),
        document(
            "1,200 fragments that nothing spreads, each wrong",
            INVALID,
            format!("{{ me {{ id }} }} {}", many(1_200, |n| format!("fragment f{n} on User {{ x }} "))),
        ),
        document(
            "1,200 operations, none with the name that is asked for",
            INVALID,
            many(1_200, |n| format!("query q{n} {{ me {{ x{n} }} }} ")),
        ),
        document("3,000 aliases", TOO_LARGE, wide(many(3_000, |n| format!("a{n}: id ")))),
        document("4,900 directives", TOO_LARGE, wide(format!("id {}", "@a ".repeat(4_900)))),
        document("2,000 fields at the root", TOO_LARGE, format!("{{ {} }}", "me { id } ".repeat(2_000))),
        document(
            "pages in pages in pages",
            "COST_LIMIT_EXCEEDED",
            "{ leads(first: 100) { nodes { assignedTo { leads(first: 100) { nodes { notes(first: 100) { nodes { id } } } } } } } }".to_owned(),
        ),
        document(
            "lists of the schema in lists of the schema",
            TOO_LARGE,
            format!("{{ __schema {{ types {{ {} name {} }} }} }}", "fields { type { ".repeat(8), "} }".repeat(8)),
        ),
    ]
}

/// Documents with wrong or too large values.
fn values() -> Vec<Refusal> {
    let leads = |arguments: String| format!("{{ leads({arguments}) {{ totalCount }} }}");
    vec![
        document(
            "3,000 unknown arguments",
            INVALID,
            leads(many(3_000, |n| format!("x{n}: 1 "))),
        ),
        document(
            "9,000 unknown names of an enum",
            INVALID,
            leads(format!("filter: {{ status: [{}] }}", "X ".repeat(9_000))),
        ),
        document(
            "3,000 unknown fields of an input",
            INVALID,
            leads(format!(
                "filter: {{ {} }}",
                many(3_000, |n| format!("x{n}: 1 "))
            )),
        ),
        document(
            "the same field of an input 3,000 times",
            INVALID,
            leads(format!("filter: {{ {} }}", "hot: 1 ".repeat(3_000))),
        ),
        document(
            "a number of 60,000 digits",
            TOO_LARGE,
            leads(format!("first: {}", "9".repeat(60_000))),
        ),
        document(
            "a number with an exponent of 60,000 digits",
            TOO_LARGE,
            leads(format!("first: 1e{}", "9".repeat(60_000))),
        ),
        document(
            "a string of 60,000 bytes",
            "INVALID_DATA",
            leads(format!("search: \"{}\"", "x".repeat(60_000))),
        ),
        document(
            "a block of 30,000 lines",
            "INVALID_DATA",
            leads(format!(
                "search: \"\"\"{}\"\"\"",
                " \n".repeat(30_000) + "x".repeat(1_000).as_str()
            )),
        ),
        document(
            "a string of 10,000 escapes, not closed",
            TOO_LARGE,
            leads(format!("search: \"{}", "\\u0041".repeat(10_000))),
        ),
    ]
}

/// Wrong or too large variables.
fn variables() -> Vec<Refusal> {
    let filter = "query ($f: LeadFilter) { leads(filter: $f) { totalCount } }";
    let of_filter =
        |name, code, f: Value| with_variables(name, code, filter.to_owned(), json!({ "f": f }));
    let tag = "mutation ($ids: [ID!]!) { bulkTag(input: { leads: { ids: $ids }, add: [\"a\"] }) { total } }";
    let ids = vec!["x"; 50_000];
    let create = "mutation ($name: String!) { createLead(input: { firstName: $name, lastName: $name, email: $name }) { lead { id } } }";
    let nested = (0..60).fold(json!({}), |inner, _| json!({ "not": inner }));
    let keys: serde_json::Map<String, Value> =
        (0..20_000).map(|n| (format!("x{n}"), json!(1))).collect();
    let undefined = many(2_000, |n| format!("$v{n} "));
    let unused = many(2_000, |n| format!("$v{n}: Int "));
    vec![
        with_variables(
            "50,000 ids that are none",
            "INVALID_DATA",
            tag.to_owned(),
            json!({ "ids": ids }),
        ),
        with_variables(
            "50,000 numbers for ids",
            INVALID,
            tag.to_owned(),
            json!({ "ids": vec![json!(1.5); 50_000] }),
        ),
        with_variables(
            "a string of 240,000 bytes, three times",
            "INVALID_DATA",
            create.to_owned(),
            json!({ "name": "x".repeat(240_000) }),
        ),
        of_filter(
            "20,000 unknown fields of an input",
            INVALID,
            Value::Object(keys),
        ),
        of_filter(
            "60,000 filters in a list",
            TOO_LARGE,
            json!({ "or": vec![json!({}); 60_000] }),
        ),
        of_filter(
            "a filter nested as deep as values may",
            "INVALID_DATA",
            nested,
        ),
        of_filter(
            "99,000 statuses of the wrong type",
            INVALID,
            json!({ "status": vec![1; 99_000] }),
        ),
        document(
            "2,000 variables that are not defined",
            INVALID,
            format!("{{ leads(filter: {{ tags: {{ any: [{undefined}] }} }}) {{ totalCount }} }}"),
        ),
        document(
            "2,000 variables that are not used",
            INVALID,
            format!("query ({unused}) {{ me {{ id }} }}"),
        ),
    ]
}

/// Bodies that are not a request in JSON, or too large.
fn bodies() -> Vec<Refusal> {
    let raw = |name, code, body: Vec<u8>| Refusal { name, body, code };
    let bad = "BAD_REQUEST";
    let keys = many(20_000, |n| format!("\"x\":{n},"));
    let mut no_text = b"{\"query\":\"".to_vec();
    no_text.extend(vec![0xff; 200_000]);
    no_text.extend(b"\"}");
    vec![
        raw(
            "a body of 300,000 bytes",
            "BODY_TOO_LARGE",
            vec![b' '; 300_000],
        ),
        raw("a body of invalid UTF-8", bad, no_text),
        raw("120,000 open lists in JSON", bad, vec![b'['; 120_000]),
        raw(
            "100,000 open lists in a variable",
            bad,
            [
                b"{\"query\":\"{ me { id } }\",\"variables\":{\"x\":".to_vec(),
                vec![b'['; 100_000],
            ]
            .concat(),
        ),
        raw("a number of 200,000 digits", bad, vec![b'9'; 200_000]),
        raw(
            "the same variable 20,000 times, and no query",
            bad,
            format!("{{\"variables\":{{{keys}\"x\":0}}}}").into_bytes(),
        ),
        raw(
            "two queries",
            bad,
            format!(
                "{{\"query\":\"{{ me {{ id }} }}\",\"query\":\"{}\"}}",
                "x".repeat(200_000)
            )
            .into_bytes(),
        ),
    ]
}
