//! Readers of the output that go away, and a disk that is full.

use std::process::{Command, Output};

use crate::support::TestDatabase;

/// Runs a pipeline of the shell in which `crm` is the program.
fn shell(pipeline: &str, url: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_crm");
    let script = format!("crm() {{ '{program}' \"$@\"; }}\nset -o pipefail\n{pipeline}");
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).env("DATABASE_URL", url);
    bash.output().unwrap()
}

#[tokio::test]
async fn a_reader_who_has_read_enough_is_no_error() {
    let database = TestDatabase::new().await;
    for pipeline in [
        "crm schema | head -1",
        "crm --help | head -1",
        "crm users list | true",
        "crm migrate | true",
        "(sleep 1; crm users list) | true",
    ] {
        let output = shell(pipeline, database.url());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{pipeline}: {said}");
        assert_eq!(said, "", "{pipeline}");
    }
}

#[tokio::test]
async fn output_that_can_not_be_written_is_an_error() {
    let database = TestDatabase::new().await;
    let output = shell("crm migrate >/dev/full", database.url());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("standard output"), "{said}");
}
