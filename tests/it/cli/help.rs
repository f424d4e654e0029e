//! The texts of `--help` are read before they change: each is a snapshot.

use std::process::Command;

const COMMANDS: &[&str] = &[
    "",
    "serve",
    "migrate",
    "backup",
    "restore",
    "schema",
    "demo",
    "demo remove",
    "seed",
    "admin-link",
    "users",
    "users invite",
    "users deactivate",
    "users reset-password",
    "users set-password",
];

#[test]
fn the_help_of_each_command_is_as_reviewed() {
    for command in COMMANDS {
        let mut program = Command::new(env!("CARGO_BIN_EXE_crm"));
        let arguments = command.split_whitespace().chain(["--help"]);
        // Values of the environment would stand in the text.
        let output = program.args(arguments).env_clear().output().unwrap();
        assert!(output.status.success(), "crm {command} --help");
        let name = match command.is_empty() {
            true => "crm".to_owned(),
            false => command.replace([' ', '-'], "_"),
        };
        insta::assert_snapshot!(name, String::from_utf8(output.stdout).unwrap());
    }
}
