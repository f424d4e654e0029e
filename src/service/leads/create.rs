use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::db::Connection;
use crate::service::clock::now;
use crate::service::command::Command;
use crate::service::leads::bulk::{BulkMode, BulkResult, Outcome, RowError, check_rows};
use crate::service::leads::edit::rescore;
use crate::service::leads::{Lead, LeadSource, LeadStatus, sql};
use crate::service::permission::{self, Action};
use crate::service::text::{self, PhoneRegion};
use crate::service::timeline::{self, changes};
use crate::service::users::{User, UserRole, lock_assignees};
use crate::service::validation::{self, Faults};
use crate::service::{Actor, Json, LeadId, Result, ServiceError, UserId, free_email_domains};

/// The most leads that one `createLeads` takes.
pub const MOST_AT_ONCE: usize = 1000;

/// Said of a lead that would have no name.
pub(super) const NAMELESS: &str =
    "must be given, or lastName or company: a lead needs something to be called by";

/// A lead to be. Absent fields get their defaults.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct NewLead {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_region: Option<String>,
    pub company: Option<String>,
    pub source: Option<LeadSource>,
    pub status: Option<LeadStatus>,
    pub assigned_to: Option<UserId>,
    pub conversion_probability: Option<f64>,
    pub last_contact_date: Option<DateTime<Utc>>,
    pub next_follow_up: Option<DateTime<Utc>>,
    pub tags: Vec<String>,
    pub custom_fields: Option<Json>,
    /// The faults of fields that cannot even be written here: an id that is none.
    #[serde(skip_serializing_if = "Faults::is_empty")]
    pub malformed: Faults,
    /// For imports only: since when the lead is known. The API does not offer it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
}

/// Creates one lead.
#[derive(Debug, Serialize)]
pub struct CreateLead(pub NewLead);

impl Command for CreateLead {
    const NAME: &'static str = "createLead";
    const ACTION: Action = Action::CreateLead;
    type Answer = Lead;

    fn check(&self, faults: &mut Faults) {
        faults.absorb(valid(&self.0)).ok();
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Lead> {
        let lead = drafts(conn, actor, &[self.0]).await?.remove(0)?;
        write(conn, actor, &[&lead]).await?;
        Ok(lead)
    }
}

/// Creates up to [`MOST_AT_ONCE`] leads, each for itself or all or none.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct CreateLeads {
    pub leads: Vec<NewLead>,
    pub mode: BulkMode,
    pub dry_run: bool,
    /// The most leads of which all can be told of in the answer.
    #[serde(skip)]
    pub most_rows: usize,
}

impl Command for CreateLeads {
    const NAME: &'static str = "createLeads";
    const ACTION: Action = Action::CreateLead;
    type Answer = BulkResult;

    fn check(&self, faults: &mut Faults) {
        let size = self.leads.len();
        if size > MOST_AT_ONCE {
            let message = format!("has {size} leads, the limit is {MOST_AT_ONCE}");
            faults.add("leads", message);
        }
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<BulkResult> {
        let mut faults = Faults::default();
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

/// The leads that would come of it, or why not, in the order given. Writes nothing.
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
    let mut faults = Faults::default();
    let lead = faults.absorb(valid(new))?;
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

/// Agents work on what they bring in; what others create waits for somebody unless they say whom.
fn assignee(
    actor: &Actor,
    asked: Option<UserId>,
    users: &HashMap<UserId, User>,
) -> Result<Option<UserId>> {
    let own = (actor.role == UserRole::Agent).then_some(actor.id);
    let owner = asked.or(own);
    // Before anything is said of the user: who may not ask does not learn who exists.
    permission::require(actor, Action::CreateLead, owner)?;
    if let Some(id) = asked {
        let user = users.get(&id).ok_or(ServiceError::UserNotFound(id))?;
        user.require_active("assignedTo")?;
    }
    Ok(owner)
}

/// A lead that has all that can be taken away from one: what may be changed on it may be changed on
/// any.
pub(super) fn any_lead() -> Result<Lead> {
    let text = |text: &str| Some(text.to_owned());
    valid(&NewLead {
        first_name: text("Any"),
        last_name: text("Lead"),
        company: text("Any"),
        email: text("any@company.example"),
        phone: text("+48601234567"),
        ..NewLead::default()
    })
}

fn valid(new: &NewLead) -> Result<Lead> {
    let now = now();
    let mut faults = new.malformed.clone();
    let Names {
        first_name,
        last_name,
        company,
    } = names(new, &mut faults);
    let (email, phone) = contact(new, &mut faults);
    let tags = faults.take("tags", validation::tags(&new.tags));
    let conversion_probability = probability(new, &mut faults);
    let mut past = |field, date| faults.take(field, validation::past_date(date, now));
    let last_contact_date = new
        .last_contact_date
        .and_then(|date| past("lastContactDate", date));
    let created_at = past("createdAt", new.created_at.unwrap_or(now));
    let next_follow_up = new
        .next_follow_up
        .and_then(|date| faults.take("nextFollowUp", validation::stored_date(date)));
    let custom_fields = new.custom_fields.clone();
    let custom_fields = custom_fields.unwrap_or_else(|| Json::of_text("{}"));
    let custom_fields = faults.take("customFields", validation::custom_fields(&custom_fields));
    faults.finish()?;
    Ok(Lead {
        id: LeadId::generate(),
        first_name,
        last_name,
        email,
        phone,
        company,
        source: new.source.unwrap_or(LeadSource::Other),
        status: new.status.unwrap_or(LeadStatus::New),
        assigned_to: None,
        lead_score: 0,
        score_is_manual: false,
        has_business_email: false,
        conversion_probability: conversion_probability.unwrap_or_default(),
        last_contact_date,
        next_follow_up,
        call_attempts: 0,
        tags: tags.unwrap_or_default(),
        custom_fields: custom_fields.unwrap_or_default(),
        created_at: created_at.unwrap_or(now),
        updated_at: now,
        version: 1,
        archived_at: None,
        status_before_archive: None,
        also_known_as: Vec::new(),
    })
}

fn probability(new: &NewLead, faults: &mut Faults) -> Option<f64> {
    let probability = validation::probability(new.conversion_probability.unwrap_or(0.0));
    faults.take("conversionProbability", probability)
}

/// The names that a lead is called by.
struct Names {
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
}

/// There must be one of them. A blank company is none, a blank name is a mistake.
fn names(new: &NewLead, faults: &mut Faults) -> Names {
    let company = given(&new.company);
    if new.first_name.is_none() && new.last_name.is_none() && company.is_none() {
        faults.add("firstName", NAMELESS);
    }
    let mut take = |field, text: Option<&str>, longest| {
        text.and_then(|text| faults.take(field, validation::required_text(text, longest)))
    };
    Names {
        first_name: take("firstName", new.first_name.as_deref(), 100),
        last_name: take("lastName", new.last_name.as_deref(), 100),
        company: take("company", company, 200),
    }
}

/// The ways to reach a lead; there must be one.
fn contact(new: &NewLead, faults: &mut Faults) -> (Option<String>, Option<String>) {
    let (email, phone) = (given(&new.email), given(&new.phone));
    let region = phone_region(&new.phone_region, faults);
    if email.is_none() && phone.is_none() {
        faults.add(
            "email",
            "must be given, or a phone number: a lead must be reachable",
        );
    }
    (
        email.and_then(|address| faults.take("email", text::email(address))),
        phone.and_then(|number| faults.take("phone", text::phone(number, region))),
    )
}

/// The country of national phone numbers that an input names.
pub(super) fn phone_region(letters: &Option<String>, faults: &mut Faults) -> Option<PhoneRegion> {
    let region = letters.as_deref().map(str::parse);
    region.and_then(|region| faults.take("phoneRegion", region))
}

/// Blank is not given.
pub(super) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.trim().is_empty())
}
