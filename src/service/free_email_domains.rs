//! The mail providers where anybody can have an address, and what they mean for a score.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::SimpleAsyncConnection;
use serde::Serialize;

use crate::db::schema::{free_email_domains, leads};
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::clock::now;
use crate::service::command::{Answer, Command};
use crate::service::leads::{self as lead, Lead};
use crate::service::permission::{self, Action};
use crate::service::timeline::{self, changes};
use crate::service::validation::FieldErrors;
use crate::service::{Actor, LeadId, Result, text};

diesel::define_sql_function! {
    /// One of the parts that a text has between delimiters, from 1.
    fn split_part(text: diesel::sql_types::Nullable<diesel::sql_types::Text>,
        delimiter: diesel::sql_types::Text, field: diesel::sql_types::Integer)
        -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
}

/// Adds domains to the table and takes others away. The automatic scores of the leads with an
/// address there follow at once. Answers with the whole table.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct UpdateFreeEmailDomains {
    pub add: Vec<String>,
    pub remove: Vec<String>,
}

impl Command for UpdateFreeEmailDomains {
    const NAME: &'static str = "updateFreeEmailDomains";
    const ACTION: Action = Action::ManageFreeEmailDomains;
    type Answer = FreeEmailDomains;

    fn check(&self, faults: &mut FieldErrors) {
        self.valid(faults);
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<FreeEmailDomains> {
        permission::require(actor, Action::ManageFreeEmailDomains, None)?;
        let mut faults = FieldErrors::default();
        let (added, removed) = self.valid(&mut faults);
        faults.finish()?;
        conn.batch_execute("LOCK TABLE free_email_domains IN EXCLUSIVE MODE")
            .await?;
        let gone = free_email_domains::table.filter(free_email_domains::domain.eq_any(&removed));
        diesel::delete(gone).execute(conn).await?;
        let rows: Vec<_> = added
            .iter()
            .map(|name| free_email_domains::domain.eq(name))
            .collect();
        diesel::insert_into(free_email_domains::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        rescore_leads(conn, actor, &[added, removed].concat()).await?;
        all(conn).await.map(FreeEmailDomains)
    }
}

impl UpdateFreeEmailDomains {
    /// The domains to add and to remove, as the table has them.
    fn valid(&self, faults: &mut FieldErrors) -> (Vec<String>, Vec<String>) {
        let mut take = |field, names: &[String]| {
            let domains = names.iter().map(|name| domain(name)).collect();
            faults.take(field, domains).unwrap_or_default()
        };
        (take("add", &self.add), take("remove", &self.remove))
    }
}

/// The table as a change of it answers with it.
#[derive(Debug)]
pub struct FreeEmailDomains(pub Vec<String>);

impl Answer for FreeEmailDomains {
    type Done = ();

    fn done(&self) {}

    async fn again(conn: &mut Connection, _: &Actor, (): ()) -> Result<Option<Self>> {
        all(conn).await.map(|domains| Some(Self(domains)))
    }
}

/// The table, in alphabetical order. Errors: `PermissionDenied`.
#[tracing::instrument(name = "free_email_domains::list", level = "debug", skip_all)]
pub async fn list(db: &RequestDb, actor: &Actor) -> Result<Vec<String>> {
    permission::require(actor, Action::ManageFreeEmailDomains, None)?;
    all(&mut *db.connection().await?).await
}

/// The domain of an address, as the table has it.
pub(crate) fn domain_of(email: &Option<String>) -> Option<String> {
    let (_, domain) = email.as_deref()?.rsplit_once('@')?;
    text::domain(domain)
}

/// True if there is an address, and not at a free provider.
pub(crate) async fn is_business(conn: &mut Connection, email: &Option<String>) -> Result<bool> {
    match domain_of(email) {
        None => Ok(false),
        Some(domain) => Ok(!among(conn, HashSet::from([domain.clone()]))
            .await?
            .contains(&domain)),
    }
}

/// Keeps the table as it is until the transaction ends, so that no address is judged by what it
/// was while somebody edits it and brings the leads in line. Before any lead is locked: whoever
/// edits the table has it first, too.
pub(crate) async fn keep(conn: &mut Connection) -> Result<()> {
    Ok(conn
        .batch_execute("LOCK TABLE free_email_domains IN ROW SHARE MODE")
        .await?)
}

/// The ones of these domains that are free providers'.
pub(crate) async fn among(
    conn: &mut Connection,
    domains: HashSet<String>,
) -> Result<HashSet<String>> {
    let domains: Vec<String> = domains.into_iter().collect();
    let found = free_email_domains::table.filter(free_email_domains::domain.eq_any(domains));
    let found: Vec<String> = found.select(free_email_domains::domain).load(conn).await?;
    Ok(found.into_iter().collect())
}

async fn all(conn: &mut Connection) -> Result<Vec<String>> {
    let table = free_email_domains::table.order_by(free_email_domains::domain);
    Ok(table.select(free_email_domains::domain).load(conn).await?)
}

async fn rescore_leads(conn: &mut Connection, actor: &Actor, domains: &[String]) -> Result<()> {
    let concerned = leads::table
        .filter(split_part(leads::email_key, "@", 2).eq_any(domains))
        .select(leads::id);
    let ids: Vec<LeadId> = concerned.load(conn).await?;
    let free = among(conn, domains.iter().cloned().collect()).await?;
    let written_at = now();
    let (mut after, mut entries) = (Vec::<Lead>::new(), Vec::new());
    for before in lead::lock(conn, &ids).await? {
        let mut changed = before.clone();
        let domain = domain_of(&before.email);
        changed.has_business_email = domain.is_some_and(|domain| !free.contains(&domain));
        lead::rescore(&mut changed);
        if changed != before {
            entries.push((before.id, changes(Some(&before), &changed)));
            changed.version += 1;
            changed.updated_at = written_at;
            after.push(changed);
        }
    }
    lead::update_many(conn, &after).await?;
    timeline::record(conn, actor, written_at, entries).await
}

/// A domain is what an address can have behind its `@`.
fn domain(name: &str) -> Result<String, String> {
    let address = text::email(&format!("somebody@{}", name.trim()))
        .map_err(|_| format!("{name:?} is not a domain"))?;
    Ok(address.trim_start_matches("somebody@").to_owned())
}
