//! Environment variables; an empty one counts as unset.

use std::process::{Output, Stdio};

use tokio::process::Command;

use crm::cli::command_line;

use crate::support::Scratch;
use crate::support::program::{ANY_PORT, addresses, get};

/// The variables of OpenTelemetry's library, which the program does not read itself.
const OTEL: [&str; 9] = [
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER",
];

/// Every variable that the program or one of its commands takes.
fn variables() -> Vec<String> {
    let command = command_line();
    let users = command.find_subcommand("users").unwrap();
    let commands = users.get_subcommands().chain([&command]);
    let arguments = commands.flat_map(|command| command.get_arguments());
    let ours = arguments.filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned()));
    let mut all: Vec<String> = ours.chain(OTEL.map(str::to_owned)).collect();
    all.sort();
    all.dedup();
    assert!(all.len() > 50, "{all:?}");
    all
}

async fn schema(variables: &[(&str, &str)]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_crm"));
    program
        .arg("schema")
        .env_clear()
        .envs(variables.iter().copied());
    program.output().await.unwrap()
}

#[tokio::test]
async fn an_empty_variable_is_as_an_absent_one_for_each_setting() {
    let absent = schema(&[]).await;
    assert!(absent.status.success());
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    for name in variables() {
        let mut environment = vec![collector, (name.as_str(), "")];
        environment.dedup_by_key(|(name, _)| *name);
        let said = schema(&environment).await;
        let errors = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{name}: {errors}");
        assert_eq!(said.stdout, absent.stdout, "{name}: {errors}");
    }
    // And one that is not empty is read.
    let said = schema(&[("CRM_LISTEN", "nowhere")]).await;
    assert_eq!(said.status.code(), Some(2));
}

#[tokio::test]
async fn with_all_variables_empty_the_program_starts_with_a_postgresql_of_its_own() {
    let folder = Scratch::new();
    let program = env!("CARGO_BIN_EXE_crm");
    let names = variables();
    let mut process = Command::new(program)
        .args(["--profile", "test", "--listen", ANY_PORT, "--data-dir"])
        .arg(folder.path())
        .envs(names.iter().map(|name| (name.as_str(), "")))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let started = addresses(process.stdout.take().unwrap()).await;
    let (address, ..) = started.expect("a start");
    let ready = get(address, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    let pid = nix::unistd::Pid::from_raw(process.id().unwrap().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert!(process.wait().await.unwrap().success());
}
