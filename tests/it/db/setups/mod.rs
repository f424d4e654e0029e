//! Set-ups as operators have them: other encodings, schemas, certificates, passwords and poolers.

mod certificates;
mod encoding;
mod engine;
mod environment;
mod pooler;
mod privileges;
mod schema;
mod standby;
mod variables;
mod zones;

use std::process::Output;

use tokio::process::Command;

/// Runs a command of the program with these variables and nothing else of the environment.
async fn crm(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_crm"));
    program.args(arguments).env_clear();
    program.envs(variables.iter().copied()).current_dir("/");
    program.output().await.unwrap()
}

/// The output on standard error, if the command failed.
async fn failure(arguments: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    let output = crm(arguments, variables).await;
    let said = String::from_utf8(output.stderr).unwrap();
    (!output.status.success()).then_some(said)
}
