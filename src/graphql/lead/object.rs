use std::borrow::Cow;

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

use crate::graphql::context::actor;
use crate::graphql::execute::sync_object::RawObject;
use crate::graphql::json::JsonValue;
use crate::graphql::lead::permissions::LeadPermissions;
use crate::graphql::lead::score::ScoreLine;
use crate::graphql::timeline::{
    NoteConnection, NoteType, TimelineEntryConnection, TimelineEntryType, entries_of, notes_of,
};
use crate::graphql::user::{User, named};
use crate::service::leads::{self, scoring};

/// Where a lead came from.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "leads::LeadSource")]
pub enum LeadSource {
    /// The company's website.
    Website,
    /// Facebook.
    Facebook,
    /// Instagram.
    Instagram,
    /// WhatsApp.
    Whatsapp,
    /// Somebody recommended the company.
    Referral,
    /// Anything else.
    Other,
}

/// Where a lead stands in the pipeline.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "leads::LeadStatus")]
pub enum LeadStatus {
    /// Nobody has been in contact yet.
    New,
    /// First contact was made.
    Contacted,
    /// Need and means are known.
    Qualified,
    /// An offer was made.
    Proposal,
    /// Terms are being discussed.
    Negotiation,
    /// Became a customer.
    Won,
    /// Will not become a customer.
    Lost,
    /// Asked to be called again.
    Callback,
}

/// A person who may become a customer.
#[derive(Clone)]
pub struct Lead {
    pub(super) row: leads::Lead,
    /// The assignee, where the list has looked it up already.
    pub(super) assignee: Option<User>,
}

impl Lead {
    /// A lead whose assignee may be known.
    pub fn known(row: leads::Lead, assignee: Option<User>) -> Self {
        Self { row, assignee }
    }
}

impl From<leads::Lead> for Lead {
    fn from(row: leads::Lead) -> Self {
        Self::known(row, None)
    }
}

/// A person who may become a customer.
#[Object]
impl Lead {
    /// Names the lead.
    pub async fn id(&self) -> ID {
        self.row.id.0.into()
    }

    /// The first name. A lead has one, or a last name, or a company.
    async fn first_name(&self) -> Option<&str> {
        self.row.first_name.as_deref()
    }

    /// The last name.
    async fn last_name(&self) -> Option<&str> {
        self.row.last_name.as_deref()
    }

    /// What to call the lead: first and last name, or the one that is there, else the company.
    async fn full_name(&self) -> Cow<'_, str> {
        self.row.full_name()
    }

    /// The e-mail address. A lead has one, or a phone number, or both.
    async fn email(&self) -> Option<&str> {
        self.row.email.as_deref()
    }

    /// The phone number in E.164, `+48123456789`; with an extension as in RFC 3966: `+48123456789;ext=12`.
    async fn phone(&self) -> Option<&str> {
        self.row.phone.as_deref()
    }

    /// The company.
    async fn company(&self) -> Option<&str> {
        self.row.company.as_deref()
    }

    /// Where the lead came from.
    async fn source(&self) -> LeadSource {
        self.row.source.into()
    }

    /// Where the lead stands in the pipeline.
    async fn status(&self) -> LeadStatus {
        self.row.status.into()
    }

    /// Who works on the lead; null if nobody does.
    async fn assigned_to(&self, ctx: &Context<'_>) -> Option<RawObject<User>> {
        let id = self.row.assigned_to?;
        if let Some(user) = &self.assignee {
            return Some(RawObject(user.clone()));
        }
        named(ctx, id).await.map(RawObject)
    }

    /// How promising the lead is, 0–100; `scoreBreakdown` says why.
    async fn lead_score(&self) -> i32 {
        self.row.lead_score
    }

    /// Whether the score was set by hand; it then stays until `rescoreLead`.
    async fn score_is_manual(&self) -> bool {
        self.row.score_is_manual
    }

    /// How the score comes about: the lines add up to `leadScore`.
    async fn score_breakdown(&self) -> Vec<ScoreLine> {
        scoring::breakdown(&self.row)
            .into_iter()
            .map(ScoreLine)
            .collect()
    }

    /// Whether the score is above 70.
    async fn is_hot_lead(&self) -> bool {
        self.row.is_hot()
    }

    /// Whether the e-mail's domain is not one of the free mail providers'.
    async fn has_business_email(&self) -> bool {
        self.row.has_business_email
    }

    /// How likely the lead becomes a customer, 0.0–1.0, as the team judges.
    async fn conversion_probability(&self) -> f64 {
        self.row.conversion_probability
    }

    /// When somebody was last in contact with the lead.
    async fn last_contact_date(&self) -> Option<DateTime<Utc>> {
        self.row.last_contact_date
    }

    /// Whole days since `lastContactDate`; null without one.
    async fn days_since_last_contact(&self) -> Option<i64> {
        self.row.last_contact_date.map(days_since)
    }

    /// When to be in contact again.
    async fn next_follow_up(&self) -> Option<DateTime<Utc>> {
        self.row.next_follow_up
    }

    /// How often a call was tried.
    async fn call_attempts(&self) -> i32 {
        self.row.call_attempts
    }

    /// Tags, in lower case, each once.
    async fn tags(&self) -> &[String] {
        &self.row.tags
    }

    /// Whatever else the company keeps of a lead: a JSON object.
    async fn custom_fields(&self) -> JsonValue {
        JsonValue(self.row.custom_fields.clone())
    }

    /// Since when the lead is known.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// Whole days since `createdAt`.
    async fn days_since_created(&self) -> i64 {
        days_since(self.row.created_at)
    }

    /// When the lead last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.row.updated_at
    }

    /// Grows by one with each change; send it as `expectedVersion` to change only what you saw.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// Whether the lead was archived and not restored since.
    async fn is_archived(&self) -> bool {
        self.row.is_archived()
    }

    /// When the lead was archived; null if it is not.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.row.archived_at
    }

    /// What the viewer may do with the lead as it is now.
    async fn viewer_can(&self, ctx: &Context<'_>) -> LeadPermissions {
        let viewer = actor(ctx);
        viewer.map_or_else(
            |_| LeadPermissions::default(),
            |viewer| LeadPermissions::of(viewer, &self.row),
        )
    }

    /// The status that `restoreLead` gives back; null if the lead is not archived.
    async fn status_before_archive(&self) -> Option<LeadStatus> {
        self.row.status_before_archive.map(Into::into)
    }

    /// The lead's timeline, newest first: what people wrote, and every change. Errors: INVALID_DATA.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only entries of these types.")] types: Option<Vec<TimelineEntryType>>,
        #[graphql(desc = "How many, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
    ) -> Option<TimelineEntryConnection> {
        let types = types.map(|types| types.into_iter().map(Into::into).collect());
        entries_of(ctx, self.row.id, types, first, after).await
    }

    /// What people wrote on the lead, newest first. Errors: INVALID_DATA.
    async fn notes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only notes of these types.")] types: Option<Vec<NoteType>>,
        #[graphql(desc = "How many, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
    ) -> Option<NoteConnection> {
        let types = types.map(|types| types.into_iter().map(Into::into).collect());
        notes_of(ctx, self.row.id, types, first, after).await
    }
}

fn days_since(date: DateTime<Utc>) -> i64 {
    (Utc::now() - date).num_days().max(0)
}
