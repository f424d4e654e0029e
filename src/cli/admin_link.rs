//! `crm admin-link`

use crate::cli::database::Database;
use crate::cli::failure::{Failure, said};
use crate::cli::output::say;
use crate::config::Config;
use crate::service::account_links::first_admin_link;

/// Prints a link that makes the first administrator, if there is none.
pub async fn run(config: &Config) -> Result<(), Failure> {
    let database = Database::open_existing(config).await?;
    let link = first_admin_link(&database.db.program(), config.sign_in()).await;
    let closed = database.close().await;
    let Some(link) = link.map_err(said)? else {
        let reason = "there is an administrator already: `crm users reset-password` makes a link for \
                      one who lost the password";
        return Err(Failure::new(reason));
    };
    let url = config.address.public_url(config.address.listen);
    say(format!(
        "The link that makes the first administrator, once, until {}:",
        link.expires_at.format("%F %R UTC")
    ));
    say(format!("  {}", link.token.link(&url)));
    closed
}
