use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::db::Connection;
use crate::service::command::Command;
use crate::service::leads::bulk::{BulkMode, BulkResult, Outcome, RowError, check_rows};
use crate::service::leads::edit::rescore;
use crate::service::leads::input::valid;
use crate::service::leads::{Lead, NewLead, sql};
use crate::service::permission::{self, Action};
use crate::service::timeline::{self, changes};
use crate::service::users::{User, UserRole, lock_assignees};
use crate::service::validation::FieldErrors;
use crate::service::{Actor, Result, ServiceError, UserId, free_email_domains};

/// The most leads that one `createLeads` takes.
pub const MOST_AT_ONCE: usize = 1000;

/// Creates one lead.
#[derive(Debug, Serialize)]
pub struct CreateLead(pub NewLead);

impl Command for CreateLead {
    const NAME: &'static str = "createLead";
    const ACTION: Action = Action::CreateLead;
    type Answer = Lead;

    fn check(&self, faults: &mut FieldErrors) {
        faults.absorb(valid(&self.0)).ok();
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Lead> {
        let lead = drafts(conn, actor, &[self.0]).await?.remove(0)?;
        write(conn, actor, &[&lead]).await?;
        Ok(lead)
    }
}

/// Creates up to [`MOST_AT_ONCE`] leads, row by row or all or none.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct CreateLeads {
    pub leads: Vec<NewLead>,
    pub mode: BulkMode,
    pub dry_run: bool,
    /// The most leads within the cost limit of the answer's rows.
    #[serde(skip)]
    pub most_rows: usize,
}

impl Command for CreateLeads {
    const NAME: &'static str = "createLeads";
    const ACTION: Action = Action::CreateLead;
    type Answer = BulkResult;

    fn check(&self, faults: &mut FieldErrors) {
        let size = self.leads.len();
        if size > MOST_AT_ONCE {
            let message = format!("has {size} leads, the limit is {MOST_AT_ONCE}");
            faults.add("leads", message);
        }
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<BulkResult> {
        let mut faults = FieldErrors::default();
        self.check(&mut faults);
        faults.finish()?;
        check_rows(self.leads.len(), self.most_rows)?;
        let drafts = drafts(conn, actor, &self.leads).await?;
        let outcome = Outcome::of(self.mode, self.dry_run, &drafts);
        if outcome.is_to_be_written() {
            let good: Vec<&Lead> = drafts.iter().flatten().collect();
            write(conn, actor, &good).await?;
        }
        // A lead that was not written has no id to be found by.
        let is_written = outcome.is_to_be_written();
        let rows = drafts.into_iter().enumerate();
        let rows = rows
            .map(|(row, draft)| match draft {
                Ok(lead) => (is_written.then_some(lead.id), Ok(())),
                Err(error) => {
                    let error = error.within(&format!("leads.{row}"));
                    (None, Err(RowError::of(error)))
                }
            })
            .collect();
        Ok(outcome.report(rows))
    }
}

/// The new leads or their errors, in the order given. Writes nothing.
async fn drafts(
    conn: &mut Connection,
    actor: &Actor,
    new: &[NewLead],
) -> Result<Vec<Result<Lead>>> {
    free_email_domains::keep(conn).await?;
    let assignees: HashSet<UserId> = new.iter().filter_map(|new| new.assigned_to).collect();
    let assignees = lock_assignees(conn, &assignees.into_iter().collect::<Vec<_>>()).await?;
    let mut drafts: Vec<Result<Lead>> = new
        .iter()
        .map(|new| draft(actor, new, &assignees))
        .collect();
    let domains: HashSet<String> = drafts
        .iter()
        .flatten()
        .filter_map(|lead| free_email_domains::domain_of(&lead.email))
        .collect();
    let free = free_email_domains::among(conn, domains).await?;
    for lead in drafts.iter_mut().flatten() {
        let domain = free_email_domains::domain_of(&lead.email);
        lead.has_business_email = domain.is_some_and(|domain| !free.contains(&domain));
        rescore(lead);
    }
    Ok(drafts)
}

async fn write(conn: &mut Connection, actor: &Actor, leads: &[&Lead]) -> Result<()> {
    let Some(first) = leads.first() else {
        return Ok(());
    };
    sql::insert(conn, leads).await?;
    let entries = leads
        .iter()
        .map(|lead| (lead.id, changes(None, lead)))
        .collect();
    timeline::record(conn, actor, first.updated_at, entries).await
}

fn draft(actor: &Actor, new: &NewLead, users: &HashMap<UserId, User>) -> Result<Lead> {
    let mut faults = FieldErrors::default();
    let lead = faults.absorb(valid(new))?;
    if new.created_at.is_some() {
        permission::require_somewhere(actor, Action::BackdateLead)?;
    }
    let assigned_to = match faults.absorb(assignee(actor, new.assigned_to, users)) {
        Err(refusal) if faults.is_empty() => return Err(refusal),
        assigned_to => assigned_to.ok().flatten(),
    };
    match (lead, assigned_to) {
        (Some(lead), Some(assigned_to)) => Ok(Lead {
            assigned_to,
            ..lead
        }),
        _ => Err(faults.into()),
    }
}

/// The assignee of a new lead: by default the agent who creates it; other users' leads are unassigned.
fn assignee(
    actor: &Actor,
    asked: Option<UserId>,
    users: &HashMap<UserId, User>,
) -> Result<Option<UserId>> {
    let own = (actor.role == UserRole::Agent).then_some(actor.id);
    let owner = asked.or(own);
    // Checked before the user is looked up: an actor without permission does not learn who exists.
    permission::require(actor, Action::CreateLead, owner)?;
    if let Some(id) = asked {
        let user = users.get(&id).ok_or(ServiceError::UserNotFound(id))?;
        user.require_active("assignedTo")?;
    }
    Ok(owner)
}
