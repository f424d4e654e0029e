use async_graphql::ID;
use uuid::Uuid;

use crate::service::idempotency::IdempotencyKey;
use crate::service::validation::FieldErrors;
use crate::service::{Command, Result, ServiceError};

/// A command that was read from an input, and the faults of the input.
pub(super) struct Attempt<C> {
    command: Result<C>,
    faults: FieldErrors,
}

impl<C> Attempt<C> {
    /// Reads a command. A malformed id is noted, see [`id`], and the rest is still read.
    pub(super) fn read(read: impl FnOnce(&mut FieldErrors) -> C) -> Self {
        let mut faults = FieldErrors::default();
        let command = Ok(read(&mut faults));
        Self { command, faults }
    }
}

impl<C> From<Result<C>> for Attempt<C> {
    fn from(command: Result<C>) -> Self {
        let faults = FieldErrors::default();
        Self { command, faults }
    }
}

impl<C: Command> Attempt<C> {
    /// The command and its idempotency key. Errors: `InvalidData` if an id or the key is malformed, with
    /// every fault of the input that can be found without the database.
    pub(super) fn checked(self, key: Option<&str>) -> Result<(C, Option<IdempotencyKey>)> {
        let mut faults = self.faults;
        let command = faults.absorb(self.command)?;
        let key = faults.absorb(key.map(IdempotencyKey::parse).transpose())?;
        match (command, key) {
            (Some(command), Some(key)) if faults.is_empty() => Ok((command, key)),
            (command, _) => {
                if let Some(command) = command {
                    command.check(&mut faults);
                }
                Err(faults.into())
            }
        }
    }
}

/// Reads an id. A malformed one is noted; the placeholder returned for it is never used.
pub(super) fn id(field: &str, id: &ID, faults: &mut FieldErrors) -> Uuid {
    part(uuid(field, id), faults)
}

/// Reads a part of a command. Its faults are noted; the default returned then is never used.
pub(super) fn part<T: Default>(part: Result<T>, faults: &mut FieldErrors) -> T {
    faults.absorb(part).ok().flatten().unwrap_or_default()
}

/// Reads an id. Errors: `InvalidData` that names the field.
pub(super) fn uuid(field: &str, id: &ID) -> Result<Uuid> {
    Uuid::parse_str(id).map_err(|_| ServiceError::invalid(field, "is not an id: ids are UUIDs"))
}
