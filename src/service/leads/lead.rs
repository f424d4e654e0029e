use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::pg_enum;
use crate::db::schema::{leads, sql_types};
use crate::service::{Json, LeadId, UserId};

pg_enum! {
    /// The source of a lead.
    LeadSource: sql_types::LeadSource {
        /// The company's website.
        Website = "WEBSITE",
        /// Facebook.
        Facebook = "FACEBOOK",
        /// Instagram.
        Instagram = "INSTAGRAM",
        /// WhatsApp.
        Whatsapp = "WHATSAPP",
        /// Somebody recommended the company.
        Referral = "REFERRAL",
        /// Anything else.
        Other = "OTHER",
    }
}

pg_enum! {
    /// The status of a lead in the pipeline.
    LeadStatus: sql_types::LeadStatus {
        /// Nobody has been in contact yet.
        New = "NEW",
        /// First contact was made.
        Contacted = "CONTACTED",
        /// Need and means are known.
        Qualified = "QUALIFIED",
        /// An offer was made.
        Proposal = "PROPOSAL",
        /// Terms are being discussed.
        Negotiation = "NEGOTIATION",
        /// Became a customer.
        Won = "WON",
        /// Will not become a customer.
        Lost = "LOST",
        /// Asked to be called again.
        Callback = "CALLBACK",
    }
}

/// A person who may become a customer. The serialized names are the API's.
#[derive(
    Queryable,
    Selectable,
    Insertable,
    AsChangeset,
    Identifiable,
    Serialize,
    Deserialize,
    Debug,
    Clone,
    PartialEq,
)]
#[diesel(table_name = leads, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(rename_all = "camelCase")]
#[expect(
    missing_docs,
    reason = "the columns, documented for clients in graphql"
)]
pub struct Lead {
    pub id: LeadId,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub company: Option<String>,
    pub source: LeadSource,
    pub status: LeadStatus,
    pub assigned_to: Option<UserId>,
    pub lead_score: i32,
    pub score_is_manual: bool,
    pub has_business_email: bool,
    pub conversion_probability: f64,
    pub last_contact_date: Option<DateTime<Utc>>,
    pub next_follow_up: Option<DateTime<Utc>>,
    pub call_attempts: i32,
    pub tags: Vec<String>,
    pub custom_fields: Json,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    pub archived_at: Option<DateTime<Utc>>,
    pub status_before_archive: Option<LeadStatus>,
    /// Former names, addresses and numbers, by which the lead is found, too. The API has no such field.
    #[serde(skip)]
    pub also_known_as: Vec<String>,
}

impl Lead {
    /// Leads above this score are hot.
    pub const HOT_ABOVE: i32 = 70;

    /// First and last name, or the one that is there; without either, the company.
    pub fn full_name(&self) -> Cow<'_, str> {
        full_name(&self.first_name, &self.last_name, &self.company)
    }

    /// True if it has none of the three that it could be called by; the database refuses that.
    pub(crate) fn is_nameless(&self) -> bool {
        self.first_name.is_none() && self.last_name.is_none() && self.company.is_none()
    }

    /// True if the score is above [`Lead::HOT_ABOVE`].
    pub fn is_hot(&self) -> bool {
        self.lead_score > Self::HOT_ABOVE
    }

    /// The approximate number of bytes that it takes in memory.
    pub fn size(&self) -> usize {
        let texts = [
            &self.first_name,
            &self.last_name,
            &self.email,
            &self.phone,
            &self.company,
        ];
        let texts = texts
            .into_iter()
            .flatten()
            .chain(&self.tags)
            .map(String::len);
        size_of::<Self>() + texts.sum::<usize>() + self.custom_fields.as_str().len()
    }

    /// True if the lead was archived and not restored since.
    pub fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }
}

pub(super) fn full_name<'a>(
    first_name: &'a Option<String>,
    last_name: &'a Option<String>,
    company: &'a Option<String>,
) -> Cow<'a, str> {
    match (first_name, last_name) {
        (Some(first), Some(last)) => Cow::Owned(format!("{first} {last}")),
        (Some(name), None) | (None, Some(name)) => Cow::Borrowed(name),
        (None, None) => Cow::Borrowed(company.as_deref().unwrap_or_default()),
    }
}
