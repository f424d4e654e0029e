use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::row::{Field, NamedRow, Row};
use diesel::sql_types::{Array, Bool, Double, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid};
use serde::{Deserialize, Serialize};

use crate::db::pg_enum;
use crate::db::schema::{leads, sql_types};
use crate::service::{Json, LeadId, UserId, text};

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
        /// Need and budget are known.
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
    pub job_title: Option<String>,
}

/// The kind of match by which a lead was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchKind {
    /// The lead has all terms of the search.
    #[default]
    Exact,
    /// The lead has them after typo correction of names.
    FuzzyTerms,
}

/// Declares the columns that a list can read of a lead: how each is called, what it is in Rust, and
/// what in SQL.
macro_rules! listed_lead {
    ($($column:ident: $type:ty as $sql:ty,)*) => {
        /// A lead in a list: with the selected columns only. Access to a column that was not read is a
        /// defect, and panics.
        #[derive(Debug, Clone, Default)]
        pub struct ListedLead {
            $($column: Option<$type>,)*
            pub(crate) last_name_key: Option<String>,
            pub(crate) company_key: Option<String>,
            /// The kind of match that it was found by.
            pub(crate) found: MatchKind,
        }

        /// The columns that a list can read.
        pub(super) const COLUMNS: &[&str] = &[$(stringify!($column),)* "last_name_key", "company_key"];

        #[expect(missing_docs, reason = "the columns, documented for clients in graphql")]
        impl ListedLead {
            $(pub fn $column(&self) -> &$type {
                self.$column.as_ref().expect("a list reads the columns of the fields that it shows")
            })*
        }

        /// All columns are read.
        impl From<Lead> for ListedLead {
            fn from(lead: Lead) -> Self {
                Self { $($column: Some(lead.$column),)* ..Self::default() }
            }
        }

        impl QueryableByName<Pg> for ListedLead {
            fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
                let mut lead = Self::default();
                for index in 0..row.field_count() {
                    let field = &Row::get(row, index).ok_or("a column is missing")?;
                    match field.field_name().unwrap_or_default() {
                        $(stringify!($column) => lead.$column = Some(value::<$sql, _>(field)?),)*
                        "last_name_key" => lead.last_name_key = value::<Nullable<Text>, _>(field)?,
                        "company_key" => lead.company_key = value::<Nullable<Text>, _>(field)?,
                        // Of a statement that reads a page, see `search::statements`.
                        "is_whole" => {}
                        other => return Err(format!("leads have no column {other}").into()),
                    }
                }
                Ok(lead)
            }
        }
    };
}

listed_lead! {
    id: LeadId as Uuid,
    first_name: Option<String> as Nullable<Text>,
    last_name: Option<String> as Nullable<Text>,
    email: Option<String> as Nullable<Text>,
    phone: Option<String> as Nullable<Text>,
    company: Option<String> as Nullable<Text>,
    job_title: Option<String> as Nullable<Text>,
    source: LeadSource as sql_types::LeadSource,
    status: LeadStatus as sql_types::LeadStatus,
    assigned_to: Option<UserId> as Nullable<Uuid>,
    lead_score: i32 as Integer,
    score_is_manual: bool as Bool,
    has_business_email: bool as Bool,
    conversion_probability: f64 as Double,
    last_contact_date: Option<DateTime<Utc>> as Nullable<Timestamptz>,
    next_follow_up: Option<DateTime<Utc>> as Nullable<Timestamptz>,
    call_attempts: i32 as Integer,
    tags: Vec<String> as Array<Text>,
    custom_fields: Json as Jsonb,
    created_at: DateTime<Utc> as Timestamptz,
    updated_at: DateTime<Utc> as Timestamptz,
    version: i32 as Integer,
    archived_at: Option<DateTime<Utc>> as Nullable<Timestamptz>,
    status_before_archive: Option<LeadStatus> as Nullable<sql_types::LeadStatus>,
}

/// The texts that a lead is searched, sorted and compared by, in columns of their own: computed from the
/// lead whenever it is written.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Debug, Clone, PartialEq)]
#[diesel(table_name = leads, treat_none_as_null = true, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "they say it")]
pub struct Keys {
    /// A line each for the lead's name, e-mail address, company, phone and, if it has one, job title, and
    /// for each former name, address or number.
    pub search_text: String,
    pub last_name_key: Option<String>,
    pub company_key: Option<String>,
    pub email_key: Option<String>,
    pub tag_keys: Vec<String>,
    pub job_title_key: Option<String>,
}

impl Lead {
    /// Leads above this score are hot.
    pub const HOT_ABOVE: i32 = 70;

    /// A new lead with defaults only.
    pub(crate) fn blank(id: LeadId, created_at: DateTime<Utc>) -> Self {
        Self {
            id,
            first_name: None,
            last_name: None,
            email: None,
            phone: None,
            company: None,
            source: LeadSource::Other,
            status: LeadStatus::New,
            assigned_to: None,
            lead_score: 0,
            score_is_manual: false,
            has_business_email: false,
            conversion_probability: 0.0,
            last_contact_date: None,
            next_follow_up: None,
            call_attempts: 0,
            tags: Vec::new(),
            custom_fields: Json::of_text("{}"),
            created_at,
            updated_at: created_at,
            version: 1,
            archived_at: None,
            status_before_archive: None,
            also_known_as: Vec::new(),
            job_title: None,
        }
    }

    /// First and last name, or the one that is given; without either, the company.
    pub fn full_name(&self) -> Cow<'_, str> {
        full_name(&self.first_name, &self.last_name, &self.company)
    }

    /// True if it has neither a name nor a company, which the database refuses.
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
            &self.job_title,
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

impl ListedLead {
    /// See [`Lead::full_name`].
    pub fn full_name(&self) -> Cow<'_, str> {
        full_name(self.first_name(), self.last_name(), self.company())
    }

    /// The approximate number of bytes that it takes in memory.
    pub fn size(&self) -> usize {
        let texts = [
            &self.first_name,
            &self.last_name,
            &self.email,
            &self.phone,
            &self.company,
            &self.job_title,
        ];
        let texts = texts.into_iter().flatten().flatten();
        let texts = texts.chain(self.tags.iter().flatten()).map(String::len);
        let custom_fields = self.custom_fields.as_ref();
        size_of::<Self>()
            + texts.sum::<usize>()
            + custom_fields.map_or(0, |fields| fields.as_str().len())
    }
}

impl Keys {
    /// The keys of a lead.
    pub fn of(lead: &Lead) -> Self {
        let key = |text: &Option<String>| text.as_deref().map(text::key);
        let email = lead.email.as_deref();
        let company = lead.company.as_deref().map(text::compared);
        let phone = lead.phone.as_deref().unwrap_or_default();
        let mut lines = vec![
            text::compared(&lead.full_name()),
            text::compared(&email.map(text::unicode_words).unwrap_or_default()),
            company.unwrap_or_default(),
            phone.trim_start_matches('+').to_owned(),
        ];
        // No line without one: the text of leads that were stored before there were job titles stays as it is.
        lines.extend(lead.job_title.as_deref().map(text::compared));
        let former = lead.also_known_as.iter();
        lines.extend(former.map(|text| text::compared(&text::unicode_words(text))));
        Self {
            search_text: lines.join("\n"),
            last_name_key: key(&lead.last_name),
            company_key: key(&lead.company),
            email_key: email.map(text::email_key),
            tag_keys: tag_keys(lead),
            job_title_key: key(&lead.job_title),
        }
    }
}

/// The forms in which a lead's tags are compared, in their order.
pub(super) fn tag_keys(lead: &Lead) -> Vec<String> {
    lead.tags.iter().map(|tag| text::key(tag)).collect()
}

fn value<'a, S, T: FromSql<S, Pg>>(field: &impl Field<'a, Pg>) -> deserialize::Result<T> {
    T::from_nullable_sql(field.value())
}

fn full_name<'a>(
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
