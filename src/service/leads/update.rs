use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::db::Connection;
use crate::service::clock::now;
use crate::service::command::Command;
use crate::service::leads::create::{NAMELESS, any_lead, phone_region};
use crate::service::leads::edit::{Target, edit, require_active};
use crate::service::leads::{Lead, LeadSource, LeadStatus};
use crate::service::permission::Action;
use crate::service::validation::{self, Faults};
use crate::service::{Actor, Json, LeadId, Result, free_email_domains, text};

/// The fields of a lead that a client names. `None` leaves a field as it is; `Some(None)` empties
/// it, where that is possible.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct LeadPatch {
    pub first_name: Option<Option<String>>,
    pub last_name: Option<Option<String>>,
    pub email: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_region: Option<String>,
    pub company: Option<Option<String>>,
    pub source: Option<Option<LeadSource>>,
    pub status: Option<Option<LeadStatus>>,
    pub conversion_probability: Option<Option<f64>>,
    pub last_contact_date: Option<Option<DateTime<Utc>>>,
    pub next_follow_up: Option<Option<DateTime<Utc>>>,
    pub tags: Option<Option<Vec<String>>>,
    pub custom_fields: Option<Option<Json>>,
}

/// Changes the named fields of a lead, and only these.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct UpdateLead {
    pub id: LeadId,
    pub expected_version: Option<i32>,
    pub patch: LeadPatch,
}

impl Command for UpdateLead {
    const NAME: &'static str = "updateLead";
    const ACTION: Action = Action::UpdateLead;
    type Answer = Lead;

    fn check(&self, faults: &mut Faults) {
        let checked = any_lead().and_then(|mut lead| self.patch.apply(&mut lead, now()));
        faults.absorb(checked).ok();
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Lead> {
        let fields = self.patch.fields();
        if self.patch.email.is_some() {
            free_email_domains::keep(conn).await?;
        }
        let target = Target {
            id: self.id,
            expected_version: self.expected_version,
            fields: &fields,
        };
        edit(conn, actor, target, Action::UpdateLead, |lead| {
            require_active(lead)?;
            self.patch.apply(lead, now())
        })
        .await
    }
}

impl LeadPatch {
    fn fields(&self) -> Vec<&'static str> {
        [
            ("firstName", self.first_name.is_some()),
            ("lastName", self.last_name.is_some()),
            ("email", self.email.is_some()),
            ("phone", self.phone.is_some()),
            ("company", self.company.is_some()),
            ("source", self.source.is_some()),
            ("status", self.status.is_some()),
            (
                "conversionProbability",
                self.conversion_probability.is_some(),
            ),
            ("lastContactDate", self.last_contact_date.is_some()),
            ("nextFollowUp", self.next_follow_up.is_some()),
            ("tags", self.tags.is_some()),
            ("customFields", self.custom_fields.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, is_named)| is_named.then_some(name))
        .collect()
    }

    fn apply(&self, lead: &mut Lead, now: DateTime<Utc>) -> Result<()> {
        let mut faults = Faults::default();
        self.apply_texts(lead, &mut faults);
        set(&mut lead.source, &self.source, "source", &mut faults, Ok);
        set(&mut lead.status, &self.status, "status", &mut faults, Ok);
        let (probability, name) = (&self.conversion_probability, "conversionProbability");
        let rule = validation::probability;
        set(
            &mut lead.conversion_probability,
            probability,
            name,
            &mut faults,
            rule,
        );
        set_or_clear(
            &mut lead.last_contact_date,
            &self.last_contact_date,
            "lastContactDate",
            &mut faults,
            |date| validation::past_date(date, now).map(Some),
        );
        let rule = |date| validation::stored_date(date).map(Some);
        let date = &self.next_follow_up;
        set_or_clear(
            &mut lead.next_follow_up,
            date,
            "nextFollowUp",
            &mut faults,
            rule,
        );
        let rule = |tags: Vec<String>| validation::tags(&tags);
        set(&mut lead.tags, &self.tags, "tags", &mut faults, rule);
        let rule = |fields: Json| validation::custom_fields(&fields);
        set(
            &mut lead.custom_fields,
            &self.custom_fields,
            "customFields",
            &mut faults,
            rule,
        );
        require_name_and_contact(lead, &mut faults);
        faults.finish()
    }

    fn apply_texts(&self, lead: &mut Lead, faults: &mut Faults) {
        let name = |text: String| validation::required_text(&text, 100).map(Some);
        set_or_clear(
            &mut lead.first_name,
            &self.first_name,
            "firstName",
            faults,
            name,
        );
        set_or_clear(
            &mut lead.last_name,
            &self.last_name,
            "lastName",
            faults,
            name,
        );
        let company = |text: String| validation::optional_text(&text, 200);
        set_or_clear(&mut lead.company, &self.company, "company", faults, company);
        let email = |text: String| unless_blank(&text, text::email);
        set_or_clear(&mut lead.email, &self.email, "email", faults, email);
        let region = phone_region(&self.phone_region, faults);
        let phone = |text: String| unless_blank(&text, |number| text::phone(number, region));
        set_or_clear(&mut lead.phone, &self.phone, "phone", faults, phone);
    }
}

/// Refuses to empty altogether what a lead is called by, or what it is reached by.
fn require_name_and_contact(lead: &Lead, faults: &mut Faults) {
    if lead.is_nameless() {
        faults.add("firstName", NAMELESS);
    }
    if lead.email.is_none() && lead.phone.is_none() {
        faults.add(
            "email",
            "or a phone number must stay: a lead must be reachable",
        );
    }
}

fn unless_blank(
    text: &str,
    rule: impl Fn(&str) -> Result<String, String>,
) -> Result<Option<String>, String> {
    if text.trim().is_empty() {
        Ok(None)
    } else {
        rule(text).map(Some)
    }
}

fn set<T: Clone, U>(
    field: &mut U,
    patch: &Option<Option<T>>,
    name: &str,
    faults: &mut Faults,
    rule: impl Fn(T) -> Result<U, String>,
) {
    match patch {
        None => {}
        Some(None) => faults.add(name, "must not be null"),
        Some(Some(value)) => {
            if let Some(value) = faults.take(name, rule(value.clone())) {
                *field = value;
            }
        }
    }
}

fn set_or_clear<T: Clone, U>(
    field: &mut Option<U>,
    patch: &Option<Option<T>>,
    name: &str,
    faults: &mut Faults,
    rule: impl Fn(T) -> Result<Option<U>, String>,
) {
    match patch {
        Some(None) => *field = None,
        patch => set(field, patch, name, faults, rule),
    }
}
