use std::env;

use clap::Command;
use clap::builder::Resettable;

/// The same command for an environment without the variables that are empty: Compose and Helm pass
/// an optional setting that nobody has set as an empty text.
pub fn without_empty_variables(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        let is_empty = |name| env::var_os(name).is_some_and(|value| value.is_empty());
        match arg.get_env() {
            Some(name) if is_empty(name) => arg.env(Resettable::Reset),
            _ => arg,
        }
    });
    command.mut_subcommands(without_empty_variables)
}
