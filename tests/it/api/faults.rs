//! The inputs of tests/faults, which went wrong once or in services like this one.

use std::process::Stdio;

use tokio::process::Command;

use crate::support::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn every_input_of_the_fault_files_is_answered_as_it_should_be() {
    let admin = [
        ("CRM_ADMIN_EMAIL", "admin@example.com"),
        ("CRM_ADMIN_PASSWORD", "development-only"),
    ];
    let program = Program::start(&admin).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/check.py");
    let tried = Command::new("python3")
        .arg(script)
        .arg(format!("http://{}", program.address))
        .stdin(Stdio::null())
        .output()
        .await
        .expect("Python 3, which runs tests/faults/check.py");
    let said = String::from_utf8_lossy(&tried.stdout);
    let failed = String::from_utf8_lossy(&tried.stderr);
    assert!(tried.status.success(), "{said}{failed}");
    assert!(said.contains(" good, 0 faults"), "{said}");
    program.stop().await;
}
