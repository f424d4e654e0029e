//! The files that a request passes, counted by coverage.
//!
//! `.ci/coverage` builds the program with the compiler's counters and runs this. What the counters' file
//! has is read here, because the tools that usually do come with another toolchain.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use diesel::sql_types::{Array, Text};
use diesel_async::RunQueryDsl;
use flate2::read::ZlibDecoder;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::TestDatabase;
use crate::support::program::Program;

const LIST: &str = "{ leads(first: 50) { nodes { id fullName } } }";
/// The number of requests, so large that work of timers and of the end is rarer.
const OFTEN: u64 = 200;
const MOST_FILES: usize = 25;

#[tokio::test]
#[ignore = "wants a program with counters: see .ci/coverage"]
async fn a_warm_list_of_leads_passes_few_files() {
    let few = executed(10).await;
    let many = executed(10 + OFTEN).await;
    let often = many.into_iter().filter(|(function, count)| {
        count - few.get(function).copied().unwrap_or(0).min(*count) >= OFTEN
    });
    let files: BTreeSet<String> = often.filter_map(|(name, _)| file_of(&name)).collect();
    assert!(!files.is_empty(), "the program has no counters");
    assert!(files.len() <= MOST_FILES, "{}: {files:#?}", files.len());
}

/// The number of executions of each function while the program answered `requests` lists.
async fn executed(requests: u64) -> BTreeMap<String, u64> {
    let path = std::env::temp_dir().join(format!("crm-{}-{requests}.profraw", std::process::id()));
    let counters = path.display().to_string();
    let program = Program::start(&[("LLVM_PROFILE_FILE", &counters)]).await;
    let header = program.sign_in().await;
    let body = json!({ "query": LIST }).to_string();
    let length = body.len();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{header}\r\n{body}"
    );
    let mut stream = TcpStream::connect(program.address).await.unwrap();
    for _ in 0..requests {
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        assert!(answer.contains(r#""nodes":["#), "{answer}");
    }
    drop(stream);
    program.stop().await;
    let counters = fs::read(&path).unwrap_or_default();
    fs::remove_file(path).ok();
    if counters.is_empty() {
        BTreeMap::new()
    } else {
        counts(&counters).await
    }
}

/// The next answer of a connection that stays open.
async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let size = stream.read(&mut piece).await.unwrap();
        assert!(size > 0, "the connection ended");
        answer.extend_from_slice(&piece[..size]);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.to_lowercase();
        let length = length
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.unwrap().parse().unwrap() {
            return text;
        }
    }
}

/// The first counter of each function, as LLVM's "raw profile" has them: a header of 16 numbers, a
/// record of 64 bytes for each function, the counters, and the functions' names, compressed.
async fn counts(file: &[u8]) -> BTreeMap<String, u64> {
    let number = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
    let size = |index: usize| usize::try_from(number(8 * index)).unwrap();
    assert_eq!(number(8) & 0xff, 10, "another version of the format");
    let (functions, counters) = (size(3), size(5));
    let records = 16 * 8 + size(2);
    let counted = records + functions * 64 + size(4);
    let named = counted + counters * 8 + size(6) + size(7) + size(8);
    let names = hashed(names(&file[named..named + size(9)])).await;
    let mut counts = BTreeMap::new();
    for index in 0..functions {
        let record = records + index * 64;
        // The distance from the record to its counters, given that from the first to the first.
        let distance = number(record + 16).wrapping_sub(number(10 * 8)) as usize;
        let count = number(counted + distance.wrapping_add(index * 64));
        let name = names.get(&number(record)).cloned();
        *counts.entry(name.unwrap_or_default()).or_default() += count;
    }
    counts
}

/// The names of functions: pieces of two lengths, plain and compressed, and a text.
fn names(mut piece: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while piece.first().is_some_and(|byte| *byte > 0) {
        let (plain, rest) = length(piece);
        let (compressed, rest) = length(rest);
        let mut text = String::new();
        let end = if compressed > 0 { compressed } else { plain };
        if compressed > 0 {
            let mut text_of = ZlibDecoder::new(&rest[..end]);
            text_of.read_to_string(&mut text).unwrap();
        } else {
            text = String::from_utf8(rest[..end].to_vec()).unwrap();
        }
        names.extend(text.split('\u{1}').map(str::to_owned));
        piece = &rest[end..];
    }
    names
}

/// A number of seven bits a byte.
fn length(bytes: &[u8]) -> (usize, &[u8]) {
    let end = bytes.iter().position(|byte| *byte < 128).unwrap();
    let digits = bytes[..=end].iter().rev();
    let length = digits.fold(0, |sum, byte| sum << 7 | usize::from(byte & 127));
    (length, &bytes[end + 1..])
}

#[derive(diesel::QueryableByName)]
struct Hashed {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    hash: String,
}

/// Functions by the first eight bytes of their names' MD5, which PostgreSQL has at hand.
async fn hashed(names: Vec<String>) -> BTreeMap<u64, String> {
    let database = TestDatabase::with_pool(1).await;
    let mut conn = database.db().connection().await.unwrap();
    let hashed = diesel::sql_query("SELECT name, md5(name) AS hash FROM unnest($1) AS name");
    let hashed: Vec<Hashed> = hashed
        .bind::<Array<Text>, _>(names)
        .load(&mut conn)
        .await
        .unwrap();
    let function = |Hashed { name, hash }| {
        let start = u64::from_str_radix(&hash[..16], 16).unwrap();
        (start.swap_bytes(), name)
    };
    hashed.into_iter().map(function).collect()
}

/// The file of a function, by the modules in its mangled name: `…3crm7graphql3api…`.
fn file_of(name: &str) -> Option<String> {
    let mut rest = &name[name.find("_3crm")? + 5..];
    let mut modules = Vec::new();
    while let Some(digits) = rest
        .find(|c: char| !c.is_ascii_digit())
        .filter(|at| *at > 0)
    {
        let length: usize = rest[..digits].parse().unwrap();
        let text = rest[digits..].trim_start_matches('_');
        modules.push(text.get(..length)?);
        rest = &text[length..];
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    (1..=modules.len()).rev().find_map(|depth| {
        let path = modules[..depth].join("/");
        let files = [format!("{path}.rs"), format!("{path}/mod.rs")];
        files.into_iter().find(|file| source.join(file).exists())
    })
}
