//! `crm migrate --from-old`

use std::path::Path;

use crate::cli::failure::{Failure, said};
use crate::db::{CopyIn, Dump, RequestDb};
use crate::service::leads::fill_keys;
use crate::service::users;

/// The tables whose rows are taken over.
const TABLES: [&str; 5] = [
    "users",
    "api_keys",
    "leads",
    "lead_notes",
    "free_email_domains",
];

/// Loads a dump of a database from before the first release into an empty one: its users, API keys, leads,
/// timeline and free mail domains. Sessions are not taken over: everybody signs in again. Returns a
/// sentence for the operator.
pub(super) async fn load(db: &RequestDb, file: &Path) -> Result<&'static str, Failure> {
    let mut dump = Dump::open(file)
        .map_err(|error| Failure::new(format!("{} can't be read: {error}", file.display())))?;
    if let Some(missing) = TABLES.iter().find(|table| !dump.has(table)) {
        return Err(Failure::new(format!(
            "{} has no rows of the table {missing}: make it with `pg_dump --data-only`, as plain text",
            file.display()
        )));
    }
    if users::exist(db).await.map_err(said)? {
        let reason = "the database is not empty: name one that has no users yet";
        return Err(Failure::new(reason));
    }
    let mut copy_in = CopyIn::connect(db).await.map_err(Failure::new)?;
    let loaded = copy_in.load(&mut dump, &TABLES, include_str!("from_old.sql"));
    loaded.await.map_err(Failure::new)?;
    fill_keys(db).await.map_err(said)?;
    let settled = copy_in.settle(&["users", "leads", "lead_notes", "lead_search"]);
    settled.await.map_err(Failure::new)?;
    Ok("The users, API keys, leads and timeline of the dump are in the database.")
}
