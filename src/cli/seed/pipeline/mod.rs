//! A sales pipeline in CSV files, as published by Maven Analytics ("CRM Sales Opportunities").

mod lead;
mod people;
mod read;
mod table;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Text};
use diesel_async::RunQueryDsl;

use super::{Progress, RowFault, SeedError, alone};
use crate::db::Db;
use crate::service::leads::bulk::BulkMode;
use crate::service::leads::{CreateLeads, MOST_AT_ONCE, NewLead};
use crate::service::{Actor, ServiceError, UserId, perform, statistics};
use read::{OPPORTUNITIES, Opportunity};

/// The outcome of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Users that were created.
    pub users: usize,
    /// Leads that were created.
    pub leads: usize,
    /// Opportunities that had been imported before, and were left as they are.
    pub already_there: usize,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            users,
            leads,
            already_there,
        } = self;
        write!(f, "imported {leads} leads and {users} users")?;
        if *already_there > 0 {
            write!(f, "; {already_there} opportunities were there already")?;
        }
        Ok(())
    }
}

/// Imports a folder's `sales_pipeline.csv` and `sales_teams.csv`; where there is an `accounts.csv`
/// too, every account must stand in it.
///
/// All rows are read before any is written: a row that makes no sense is named, and nothing is
/// imported. An opportunity is known again by the `opportunityId` in the custom fields of its
/// lead and not imported twice, so an import that broke off can simply be run again.
pub async fn import_pipeline(
    db: &Db,
    folder: &Path,
    progress: Progress,
) -> Result<Imported, SeedError> {
    let folder = folder.to_owned();
    let read = tokio::task::spawn_blocking(move || read::folder(&folder)).await;
    let pipeline = read.map_err(|panic| SeedError::Internal(panic.to_string()))??;
    let _alone = alone(db).await?;
    let known = known(db, &pipeline.opportunities).await?;
    let (users, created) = people::ready(db, &pipeline.teams).await?;
    let new = pipeline
        .opportunities
        .iter()
        .filter(|row| !known.contains(&row.id));
    let new: Vec<&Opportunity> = new.collect();
    let bar = progress.bar(new.len() as u64);
    for rows in new.chunks(MOST_AT_ONCE) {
        create(db, rows, &users).await?;
        bar.inc(rows.len() as u64);
    }
    bar.finish_and_clear();
    statistics::fold(db).await?;
    Ok(Imported {
        users: created,
        leads: new.len(),
        already_there: pipeline.opportunities.len() - new.len(),
    })
}

/// Creates the leads of these rows, or none of them.
async fn create(
    db: &Db,
    rows: &[&Opportunity],
    users: &HashMap<String, UserId>,
) -> Result<(), SeedError> {
    let leads: Vec<NewLead> = rows.iter().map(|row| lead::new(row, users)).collect();
    let command = CreateLeads {
        leads,
        mode: BulkMode::AllOrNothing,
        dry_run: false,
        most_rows: usize::MAX,
    };
    let result = perform(db, &Actor::operator(), command).await?;
    let faults = result.rows.into_iter().filter_map(|row| {
        let error = row
            .error
            .filter(|error| error.code != ServiceError::NotApplied.error_code())?;
        Some(RowFault {
            file: OPPORTUNITIES,
            line: rows[row.index].line,
            message: error.message,
        })
    });
    match faults.collect::<Vec<_>>() {
        faults if faults.is_empty() => Ok(()),
        faults => Err(SeedError::Rows(faults)),
    }
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Which of the opportunities there are leads of.
async fn known(db: &Db, rows: &[Opportunity]) -> Result<HashSet<String>, SeedError> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let query = sql_query(
        "SELECT custom_fields ->> 'opportunityId' AS id FROM leads \
         WHERE custom_fields ->> 'opportunityId' = ANY ($1)",
    );
    let known: Vec<Known> = query
        .bind::<Array<Text>, _>(ids)
        .load(&mut db.connection().await?)
        .await
        .map_err(ServiceError::from)?;
    Ok(known.into_iter().map(|known| known.id).collect())
}
