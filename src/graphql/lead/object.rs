use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::{Context, Enum, ID, Lookahead, Object};
use chrono::{DateTime, Utc};

use crate::graphql::context::actor;
use crate::graphql::execute::raw_json::Leaf;
use crate::graphql::execute::sync_object::{ChildOf, FieldWriter, RawObject, SyncObject, is_named};
use crate::graphql::json::JsonValue;
use crate::graphql::lead::permissions::LeadPermissions;
use crate::graphql::lead::score::ScoreLine;
use crate::graphql::objects::{Lead, User};
use crate::graphql::timeline::{
    NoteConnection, NoteType, TimelineEntryConnection, TimelineEntryType, entries_of, notes_of,
};
use crate::graphql::user::named;
use crate::service::leads::{self, Columns, scoring};

/// The source that a lead came from.
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

/// The status of a lead in the pipeline.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "leads::LeadStatus")]
pub enum LeadStatus {
    /// Nobody has been in contact yet.
    New,
    /// First contact was made.
    Contacted,
    /// Need and budget are known.
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

/// Declares the fields of a lead that need no arguments and no database, each once: its type, the
/// columns that a list reads for it, and its value. The macro makes its resolver and its JSON writer of
/// that. The other fields follow as usual resolvers.
macro_rules! lead_object {
    (
        |$lead:ident| {
            $($(#[$doc:meta])* $field:ident: $type:ty [$($column:ident)*] = $value:expr;)*
        }
        $($other:tt)*
    ) => {
        /// A person who may become a customer.
        #[Object]
        impl Lead {
            $($(#[$doc])*
            pub async fn $field(&self) -> $type {
                let $lead = &self.row;
                ($value).into()
            })*

            $($other)*
        }

        const FIELDS: &[(&str, &[&str], FieldWriter<Lead>)] = &[$((
            stringify!($field),
            &[$(stringify!($column)),*],
            |lead, json| {
                let $lead = &lead.row;
                ($value).write(json);
            },
        )),*];
    };
}

lead_object! {
    |lead| {
        /// The lead's id.
        id: ID [id] = lead.id().0;
        /// The first name. A lead has one, or a last name, or a company.
        first_name: Option<&str> [first_name] = lead.first_name().as_deref();
        /// The last name.
        last_name: Option<&str> [last_name] = lead.last_name().as_deref();
        /// The display name: first and last name, or the one that is given, else the company.
        full_name: Cow<'_, str> [first_name last_name company] = lead.full_name();
        /// The e-mail address. A lead has one, or a phone number, or both.
        email: Option<&str> [email] = lead.email().as_deref();
        /// The phone number in E.164, `+48123456789`; with an extension as in RFC 3966: `+48123456789;ext=12`.
        phone: Option<&str> [phone] = lead.phone().as_deref();
        /// The company.
        company: Option<&str> [company] = lead.company().as_deref();
        /// The person's job title at the company.
        job_title: Option<&str> [job_title] = lead.job_title().as_deref();
        /// The source that the lead came from.
        source: LeadSource [source] = *lead.source();
        /// The lead's status in the pipeline.
        status: LeadStatus [status] = *lead.status();
        /// The score, 0–100, higher for a more promising lead; `scoreBreakdown` says why.
        lead_score: i32 [lead_score] = *lead.lead_score();
        /// True if the score was set by hand; it then stays until `rescoreLead`.
        score_is_manual: bool [score_is_manual] = *lead.score_is_manual();
        /// True if the score is above 70.
        is_hot_lead: bool [lead_score] = *lead.lead_score() > leads::Lead::HOT_ABOVE;
        /// True if the e-mail's domain is not one of the free mail providers'.
        has_business_email: bool [has_business_email] = *lead.has_business_email();
        /// The probability that the lead becomes a customer, 0.0–1.0, as the team judges.
        conversion_probability: f64 [conversion_probability] = *lead.conversion_probability();
        /// The time of the last contact with the lead.
        last_contact_date: Option<DateTime<Utc>> [last_contact_date] = *lead.last_contact_date();
        /// Whole days since `lastContactDate`; null without one.
        days_since_last_contact: Option<i64> [last_contact_date] = lead.last_contact_date().map(days_since);
        /// The time of the next follow-up.
        next_follow_up: Option<DateTime<Utc>> [next_follow_up] = *lead.next_follow_up();
        /// The number of attempted calls.
        call_attempts: i32 [call_attempts] = *lead.call_attempts();
        /// Tags, in lower case, each once.
        tags: &[String] [tags] = lead.tags().as_slice();
        /// The company's own fields of a lead: a JSON object.
        custom_fields: JsonValue [custom_fields] = lead.custom_fields();
        /// The time at which the lead was created.
        created_at: DateTime<Utc> [created_at] = *lead.created_at();
        /// Whole days since `createdAt`.
        days_since_created: i64 [created_at] = days_since(*lead.created_at());
        /// When the lead last changed.
        updated_at: DateTime<Utc> [updated_at] = *lead.updated_at();
        /// Grows by one with each change; send it as `expectedVersion` to change only what you saw.
        version: i32 [version] = *lead.version();
        /// True if the lead was archived and not restored since.
        is_archived: bool [archived_at] = lead.archived_at().is_some();
        /// When the lead was archived; null if it is not.
        archived_at: Option<DateTime<Utc>> [archived_at] = *lead.archived_at();
    }

    /// The user who works on the lead (the assignee); null if it is unassigned.
    async fn assigned_to(&self, ctx: &Context<'_>) -> Option<RawObject<User>> {
        let id = (*self.row.assigned_to())?;
        if let Some(user) = &self.assignee {
            return Some(RawObject(user.clone()));
        }
        named(ctx, id).await.map(RawObject)
    }

    /// The explanation of the score: the lines add up to `leadScore`.
    async fn score_breakdown(&self) -> Vec<ScoreLine> {
        let lines = scoring::breakdown(&self.row).into_iter();
        lines.map(ScoreLine).collect()
    }

    /// The viewer's permissions on the lead as it is now.
    async fn viewer_can(&self, ctx: &Context<'_>) -> LeadPermissions {
        let viewer = actor(ctx);
        viewer.map_or_else(
            |_| LeadPermissions::default(),
            |viewer| LeadPermissions::of(viewer, &self.row),
        )
    }

    /// The status that `restoreLead` gives back; null if the lead is not archived.
    async fn status_before_archive(&self) -> Option<LeadStatus> {
        self.row.status_before_archive().map(Into::into)
    }

    /// The lead's timeline, newest first: notes and changes. Errors: INVALID_DATA.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only entries of these types.")] types: Option<Vec<TimelineEntryType>>,
        #[graphql(desc = "Returns the first n rows, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
    ) -> Option<TimelineEntryConnection> {
        let types = types.map(|types| types.into_iter().map(Into::into).collect());
        entries_of(ctx, *self.row.id(), types, first, after).await
    }

    /// The lead's notes, newest first. Errors: INVALID_DATA.
    async fn notes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only notes of these types.")] types: Option<Vec<NoteType>>,
        #[graphql(desc = "Returns the first n rows, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
    ) -> Option<NoteConnection> {
        let types = types.map(|types| types.into_iter().map(Into::into).collect());
        notes_of(ctx, *self.row.id(), types, first, after).await
    }
}

impl SyncObject for Lead {
    type Child = User;

    fn is_ready(&self, field: &Field) -> bool {
        match field.name.node.as_str() {
            "notes" | "timeline" => false,
            "assignedTo" => match &self.assignee {
                Some(user) => user.are_ready(&field.selection_set.node),
                None => self.row.assigned_to().is_none(),
            },
            _ => true,
        }
    }

    fn writer(field: &str) -> Option<FieldWriter<Self>> {
        let mut fields = FIELDS.iter();
        let found = fields.find(|(name, ..)| is_named(field, name));
        found.map(|(.., writer)| *writer)
    }

    fn child(field: &str) -> Option<ChildOf<Self>> {
        (field == "assignedTo").then_some(|lead| match &lead.assignee {
            Some(user) => Some(Some(user)),
            None => lead.row.assigned_to().is_none().then_some(None),
        })
    }
}

/// The columns that a list must read for the fields that the query selects of its leads.
pub(super) fn columns(nodes: &[Lookahead<'_>]) -> Columns {
    let leads = nodes.iter().flat_map(Lookahead::selection_fields);
    let fields = leads.flat_map(|lead| lead.selection_set().collect::<Vec<_>>());
    fields.fold(Columns::ID, |columns, field| {
        with_field(columns, field.name())
    })
}

fn with_field(columns: Columns, field: &str) -> Columns {
    let of_field: &[&str] = match field {
        "__typename" | "notes" | "timeline" => &[],
        "assignedTo" => &["assigned_to"],
        "viewerCan" => &["assigned_to", "archived_at"],
        "statusBeforeArchive" => &["status_before_archive"],
        field => match FIELDS.iter().find(|(name, ..)| is_named(field, name)) {
            Some((_, of_field, _)) => of_field,
            None => return Columns::ALL,
        },
    };
    let of_field = of_field.iter();
    of_field.fold(columns, |columns, column| columns.and(column))
}

fn days_since(date: DateTime<Utc>) -> i64 {
    (Utc::now() - date).num_days().max(0)
}
