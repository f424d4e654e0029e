//! The fields of a lead as a client gives them, and their rules.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::service::clock::now;
use crate::service::leads::{Lead, LeadSource, LeadStatus};
use crate::service::text::{self, PhoneRegion};
use crate::service::validation::{self, FieldErrors};
use crate::service::{Json, LeadId, Result, UserId};

/// The message for a lead that would have no name.
const NAMELESS: &str =
    "must be given, or lastName or company: a lead needs something to be called by";

/// A new lead. Absent fields get their defaults.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    pub source: Option<LeadSource>,
    pub status: Option<LeadStatus>,
    pub assigned_to: Option<UserId>,
    pub conversion_probability: Option<f64>,
    pub last_contact_date: Option<DateTime<Utc>>,
    pub next_follow_up: Option<DateTime<Utc>>,
    pub tags: Vec<String>,
    pub custom_fields: Option<Json>,
    /// The faults that were found while reading the input: malformed ids.
    #[serde(skip_serializing_if = "FieldErrors::is_empty")]
    pub malformed: FieldErrors,
    /// The time of creation in another system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
}

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<Option<String>>,
    pub source: Option<Option<LeadSource>>,
    pub status: Option<Option<LeadStatus>>,
    pub conversion_probability: Option<Option<f64>>,
    pub last_contact_date: Option<Option<DateTime<Utc>>>,
    pub next_follow_up: Option<Option<DateTime<Utc>>>,
    pub tags: Option<Option<Vec<String>>>,
    pub custom_fields: Option<Option<Json>>,
}

/// A lead with a value in each field that can be cleared, for checks of a patch without a lead.
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

/// The new lead. Errors: `InvalidData` with all its faults.
pub(super) fn valid(new: &NewLead) -> Result<Lead> {
    let now = now();
    let mut faults = new.malformed.clone();
    let Names {
        first_name,
        last_name,
        company,
    } = names(new, &mut faults);
    let (email, phone) = contact(new, &mut faults);
    let job_title = given(&new.job_title);
    let job_title =
        job_title.and_then(|text| faults.take("jobTitle", validation::required_text(text, 100)));
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
    let blank = Lead::blank(LeadId::generate(), now);
    Ok(Lead {
        first_name,
        last_name,
        email,
        phone,
        company,
        job_title,
        source: new.source.unwrap_or(blank.source),
        status: new.status.unwrap_or(blank.status),
        conversion_probability: conversion_probability.unwrap_or_default(),
        last_contact_date,
        next_follow_up,
        tags: tags.unwrap_or_default(),
        custom_fields: custom_fields.unwrap_or_default(),
        // A client's clock may be ahead.
        created_at: created_at.map_or(now, |at| at.min(now)),
        ..blank
    })
}

fn probability(new: &NewLead, faults: &mut FieldErrors) -> Option<f64> {
    let probability = validation::probability(new.conversion_probability.unwrap_or(0.0));
    faults.take("conversionProbability", probability)
}

/// The names that a lead is called by.
struct Names {
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
}

/// Reads the names, of which one is required. A blank company counts as missing, a blank name is a fault.
fn names(new: &NewLead, faults: &mut FieldErrors) -> Names {
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

/// Reads the e-mail address and phone number, of which one is required.
fn contact(new: &NewLead, faults: &mut FieldErrors) -> (Option<String>, Option<String>) {
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
pub(super) fn phone_region(
    letters: &Option<String>,
    faults: &mut FieldErrors,
) -> Option<PhoneRegion> {
    let region = letters.as_deref().map(str::parse);
    region.and_then(|region| faults.take("phoneRegion", region))
}

/// The text, unless it is blank.
pub(super) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.trim().is_empty())
}

impl LeadPatch {
    /// The fields that it names.
    pub(super) fn fields(&self) -> Vec<&'static str> {
        [
            ("firstName", self.first_name.is_some()),
            ("lastName", self.last_name.is_some()),
            ("email", self.email.is_some()),
            ("phone", self.phone.is_some()),
            ("company", self.company.is_some()),
            ("jobTitle", self.job_title.is_some()),
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

    /// Changes a lead. Errors: `InvalidData` with all its faults.
    pub(super) fn apply(&self, lead: &mut Lead, now: DateTime<Utc>) -> Result<()> {
        let mut faults = FieldErrors::default();
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

    fn apply_texts(&self, lead: &mut Lead, faults: &mut FieldErrors) {
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
        let title = |text: String| validation::optional_text(&text, 100);
        set_or_clear(
            &mut lead.job_title,
            &self.job_title,
            "jobTitle",
            faults,
            title,
        );
        let email = |text: String| unless_blank(&text, text::email);
        set_or_clear(&mut lead.email, &self.email, "email", faults, email);
        let region = phone_region(&self.phone_region, faults);
        let phone = |text: String| unless_blank(&text, |number| text::phone(number, region));
        set_or_clear(&mut lead.phone, &self.phone, "phone", faults, phone);
    }
}

/// Refuses a lead without any name, or without any contact data.
fn require_name_and_contact(lead: &Lead, faults: &mut FieldErrors) {
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
    faults: &mut FieldErrors,
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
    faults: &mut FieldErrors,
    rule: impl Fn(T) -> Result<Option<U>, String>,
) {
    match patch {
        Some(None) => *field = None,
        patch => set(field, patch, name, faults, rule),
    }
}
