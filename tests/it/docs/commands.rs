//! The command lines of the pages that begin with the program, run by a shell as they stand, on a
//! database of their own.

use std::process::Command;

use crate::docs::page::Page;
use crate::support::Api;

/// The way in which the pages start the program; what comes behind it goes to the program as it is.
const CARGO: &str = "cargo run --release -- ";

#[tokio::test]
async fn every_command_runs_as_it_stands() {
    let api = Api::new().await;
    let mut pages = Page::all_in("docs");
    pages.push(Page::read("README.md"));
    let blocks = pages.iter().flat_map(Page::blocks);
    let blocks = blocks.filter(|block| block.kind == "sh");
    let lines: Vec<String> = blocks
        .flat_map(|block| block.text.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.starts_with(CARGO))
        .collect();
    assert!(lines.len() >= 3, "{lines:?}");
    for line in lines {
        let program = concat!("'", env!("CARGO_BIN_EXE_crm"), "' ");
        let output = Command::new("sh")
            .args(["-c", &line.replace(CARGO, program)])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("DATABASE_URL", api.url())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
        assert!(!output.stdout.is_empty(), "{line} says nothing");
    }
}
