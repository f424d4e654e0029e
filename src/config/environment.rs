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

/// Settings of earlier versions, which are constants now.
const REMOVED: [&str; 8] = [
    "CRM_LIMIT_DOCUMENT_BYTES",
    "CRM_LIMIT_NESTING",
    "CRM_LIMIT_NAME_BYTES",
    "CRM_LIMIT_ROOT_FIELDS",
    "CRM_LIMIT_DIRECTIVES",
    "CRM_LIMIT_INTROSPECTION",
    "CRM_LIMIT_VALUES",
    "CRM_LIMIT_ERROR_LENGTH",
];

/// One line for the log that names the variables which are set and are no settings any more; nothing if
/// there are none.
pub fn removed_settings() -> Option<String> {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let names: Vec<&str> = REMOVED.into_iter().filter(|name| is_set(name)).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!(
            "no longer settings, and without effect: {names} (the limits are fixed; see docs/operate/limits.md)"
        )
    })
}
