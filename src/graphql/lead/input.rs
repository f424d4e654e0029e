//! Inputs of leads: of a new one, of a change, and the filter.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};
use chrono::{DateTime, Utc};

use crate::graphql::attempt::{self, Attempt};
use crate::graphql::json::JsonValue;
use crate::graphql::lead::filter::{
    DateFilter, DateRange, FloatRange, IntRange, Readable, Reader, TagFilter, TextFilter,
};
use crate::graphql::lead::{LeadSource, LeadStatus};
use crate::service::leads::{self, LeadPatch, NewLead, Search, UpdateLead};
use crate::service::validation::FieldErrors;
use crate::service::{Json, LeadId, Result, UserId};

/// Declares the fields of a new lead, for `createLead` and for the rows of `createLeads`.
macro_rules! new_lead_input {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// The first name, 1–100 characters. It, or `lastName`, or `company`, is needed.
            first_name: Option<String>,
            /// The last name, 1–100 characters.
            last_name: Option<String>,
            /// The e-mail address. It, or the phone number, is needed.
            email: Option<String>,
            /// The phone number, written internationally: `+48 123 456 789`, with an extension, if it
            /// has one: `+48 123 456 789 ext. 12`. A national number needs `phoneRegion`.
            phone: Option<String>,
            /// The country of a national phone number, as its two-letter code (ISO 3166): `PL`. The
            /// default is that of the service's configuration (CRM_PHONE_REGION), if there is one. A
            /// number that begins with `+` or `00` needs none.
            phone_region: Option<String>,
            /// The company, at most 200 characters.
            company: Option<String>,
            /// The person's job title at the company, at most 100 characters.
            job_title: Option<String>,
            /// The source that the lead came from.
            #[graphql(default_with = "LeadSource::Other")]
            source: LeadSource,
            /// The status of the lead in the pipeline.
            #[graphql(default_with = "LeadStatus::New")]
            status: LeadStatus,
            /// The user who works on the lead (the assignee): an active user. Without one, an agent's
            /// lead is assigned to the agent, anybody else's is unassigned. Agents may name only
            /// themselves, managers their team.
            assigned_to: Option<ID>,
            /// The probability that the lead becomes a customer, 0.0–1.0. Default 0.0.
            conversion_probability: Option<f64>,
            /// The time of the last contact; not in the future.
            last_contact_date: Option<DateTime<Utc>>,
            /// The time of the next follow-up.
            next_follow_up: Option<DateTime<Utc>>,
            /// Tags: at most 50, each 1–50 characters; stored trimmed, in lower case, each once.
            #[graphql(default)]
            tags: Vec<String>,
            /// A JSON object, at most 16 KiB.
            custom_fields: Option<JsonValue>,
            /// The time at which the lead was created in another system; not in the future. Default: now.
            /// For administrators and managers.
            created_at: Option<DateTime<Utc>>,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// The new lead, with the fault of an assignee that is not an id.
            pub fn new_lead(self) -> NewLead {
                let mut malformed = FieldErrors::default();
                let assigned_to = self
                    .assigned_to
                    .map(|id| UserId(attempt::id("assignedTo", &id, &mut malformed)));
                NewLead {
                    first_name: self.first_name,
                    last_name: self.last_name,
                    email: self.email,
                    phone: self.phone,
                    phone_region: self.phone_region,
                    company: self.company,
                    job_title: self.job_title,
                    source: Some(self.source.into()),
                    status: Some(self.status.into()),
                    assigned_to: assigned_to.filter(|_| malformed.is_empty()),
                    conversion_probability: self.conversion_probability,
                    last_contact_date: self.last_contact_date,
                    next_follow_up: self.next_follow_up,
                    tags: self.tags,
                    custom_fields: self.custom_fields.map(|fields| fields.0),
                    created_at: self.created_at,
                    malformed,
                }
            }
        }
    };
}

new_lead_input! {
    /// A new lead.
    CreateLeadInput {
        /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
        /// second effect and returns what was done, with the objects as they are now.
        idempotency_key: Option<String>,
    }
}

new_lead_input! {
    /// A new lead, one of several.
    NewLeadInput {}
}

/// The fields of a lead to change. Absent fields stay as they are; null clears a field that can be
/// empty.
#[derive(InputObject)]
pub struct UpdateLeadInput {
    /// The lead.
    id: ID,
    /// The first name, 1–100 characters. It, or `lastName`, or `company`, must stay.
    first_name: MaybeUndefined<String>,
    /// The last name, 1–100 characters.
    last_name: MaybeUndefined<String>,
    /// The e-mail address. It, or the phone number, must stay.
    email: MaybeUndefined<String>,
    /// The phone number, written internationally: `+48 123 456 789`, with an extension, if it has one:
    /// `+48 123 456 789 ext. 12`. A national number needs `phoneRegion`.
    phone: MaybeUndefined<String>,
    /// The country of a national phone number, as its two-letter code (ISO 3166): `PL`. The default is
    /// that of the service's configuration (CRM_PHONE_REGION), if there is one. A number that begins with
    /// `+` or `00` needs none.
    phone_region: Option<String>,
    /// The company, at most 200 characters.
    company: MaybeUndefined<String>,
    /// The person's job title at the company, at most 100 characters.
    job_title: MaybeUndefined<String>,
    /// The source that the lead came from.
    source: MaybeUndefined<LeadSource>,
    /// The status of the lead in the pipeline.
    status: MaybeUndefined<LeadStatus>,
    /// The probability that the lead becomes a customer, 0.0–1.0.
    conversion_probability: MaybeUndefined<f64>,
    /// The time of the last contact; not in the future.
    last_contact_date: MaybeUndefined<DateTime<Utc>>,
    /// The time of the next follow-up.
    next_follow_up: MaybeUndefined<DateTime<Utc>>,
    /// The new set of tags: at most 50, each 1–50 characters.
    tags: MaybeUndefined<Vec<String>>,
    /// The new custom fields, in place of all former ones: a JSON object, at most 16 KiB.
    custom_fields: MaybeUndefined<JsonValue>,
    /// The `version` that the client saw: CONFLICT if the lead has another one now.
    expected_version: Option<i32>,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

impl UpdateLeadInput {
    pub(super) fn command(self) -> Attempt<UpdateLead> {
        Attempt::read(|faults| UpdateLead {
            id: LeadId(attempt::id("id", &self.id, faults)),
            expected_version: self.expected_version,
            patch: LeadPatch {
                first_name: given(self.first_name),
                last_name: given(self.last_name),
                email: given(self.email),
                phone: given(self.phone),
                phone_region: self.phone_region,
                company: given(self.company),
                job_title: given(self.job_title),
                source: given(self.source).map(|source| source.map(Into::into)),
                status: given(self.status).map(|status| status.map(Into::into)),
                conversion_probability: given(self.conversion_probability),
                last_contact_date: given(self.last_contact_date),
                next_follow_up: given(self.next_follow_up),
                tags: given(self.tags),
                custom_fields: given(self.custom_fields.map_value(|fields| fields.0)),
            },
        })
    }
}

fn given<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// The handling of archived leads.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "leads::Archived")]
pub enum Archived {
    /// Only leads that are not archived. The default.
    Exclude,
    /// Only archived leads.
    Only,
    /// Both.
    Include,
}

/// A filter on leads. A lead must meet all conditions given. An empty list of wanted values finds
/// nothing. INVALID_DATA for null anywhere, and for an empty part: an empty `and`, `or`,
/// `customFields`, `tags.all` or `tags.none`, and `{}`, which is allowed only for the whole filter.
#[derive(InputObject, Clone, Default)]
pub struct LeadFilter {
    /// With one of these ids; at most 1,000. Leads that the viewer may not see are not found.
    ids: MaybeUndefined<Vec<ID>>,
    /// With one of these statuses.
    status: MaybeUndefined<Vec<LeadStatus>>,
    /// From one of these sources.
    source: MaybeUndefined<Vec<LeadSource>>,
    /// Assigned to one of these users; with `unassigned: true`, or to nobody.
    assigned_to: MaybeUndefined<Vec<ID>>,
    /// `true`: assigned to nobody; `false`: assigned to somebody.
    unassigned: MaybeUndefined<bool>,
    /// Created in this period.
    created_at: MaybeUndefined<DateRange>,
    /// Last changed in this period.
    updated_at: MaybeUndefined<DateRange>,
    /// Last contacted in this period.
    last_contact_date: MaybeUndefined<DateFilter>,
    /// To be followed up in this period.
    next_follow_up: MaybeUndefined<DateFilter>,
    /// With a score in this range.
    lead_score: MaybeUndefined<IntRange>,
    /// `true`: with a score above 70; `false`: with one of at most 70.
    is_hot_lead: MaybeUndefined<bool>,
    /// With and without these tags.
    tags: MaybeUndefined<TagFilter>,
    /// With a conversion probability in this range.
    conversion_probability: MaybeUndefined<FloatRange>,
    /// Of this company; case and accents do not matter.
    company: MaybeUndefined<TextFilter>,
    /// With this job title; case and accents do not matter.
    job_title: MaybeUndefined<TextFilter>,
    /// With this e-mail address; case does not matter.
    email: MaybeUndefined<TextFilter>,
    /// With this phone number, however it is written internationally: `+48 601 234 567`,
    /// `0048601234567`. `startsWith` takes its first digits, from the country's code on.
    phone: MaybeUndefined<TextFilter>,
    /// Archived leads or not. Inside `and`, `or` and `not` it only narrows: to find archived leads
    /// there, set INCLUDE at the top level.
    archived: MaybeUndefined<Archived>,
    /// With custom fields that contain this JSON object, at any depth: `{"size": "L"}`.
    custom_fields: MaybeUndefined<JsonValue>,
    /// All of these filters match.
    and: MaybeUndefined<Vec<LeadFilter>>,
    /// At least one of these filters matches.
    or: MaybeUndefined<Vec<LeadFilter>>,
    /// This filter does not match.
    not: MaybeUndefined<Box<LeadFilter>>,
}

/// The arguments `filter` and `search` together. Errors: `InvalidData` with all their faults.
pub fn lead_filter(
    filter: Option<LeadFilter>,
    search: Option<String>,
) -> Result<leads::LeadFilter> {
    lead_filter_at("", filter, search, FieldErrors::default())
}

/// The filter and search that are found under `prefix` in the request, like
/// `input.leads.matching.`. Errors: `InvalidData` with all their faults, added to the known ones.
pub fn lead_filter_at(
    prefix: &str,
    filter: Option<LeadFilter>,
    search: Option<String>,
    mut faults: FieldErrors,
) -> Result<leads::LeadFilter> {
    let mut reader = Reader::new(format!("{prefix}filter"), &mut faults);
    let filter = leads::LeadFilter {
        search: Search(search.unwrap_or_default()),
        ..filter.map_or_else(leads::LeadFilter::default, |filter| {
            filter.read(&mut reader)
        })
    };
    leads::check_filter_as(&filter, prefix, &mut faults);
    faults.finish().map(|()| filter)
}

impl Readable for LeadFilter {
    type Read = leads::LeadFilter;

    fn read(self, reader: &mut Reader<'_>) -> leads::LeadFilter {
        let (lead_score_min, lead_score_max) = reader.object("leadScore", self.lead_score);
        let probability = reader.object("conversionProbability", self.conversion_probability);
        let (tags_all, tags_any, tags_none) = reader.object("tags", self.tags);
        let ids = reader.ids("ids", self.ids);
        let users = reader.ids("assignedTo", self.assigned_to);
        let status = reader.take("status", self.status);
        let source = reader.take("source", self.source);
        leads::LeadFilter {
            ids: ids.map(|ids| ids.into_iter().map(LeadId).collect()),
            status: status.map(|all| all.into_iter().map(Into::into).collect()),
            source: source.map(|all| all.into_iter().map(Into::into).collect()),
            assigned_to: users.map(|ids| ids.into_iter().map(UserId).collect()),
            unassigned: reader.take("unassigned", self.unassigned),
            created_at: reader.object("createdAt", self.created_at),
            updated_at: reader.object("updatedAt", self.updated_at),
            last_contact_date: reader.object("lastContactDate", self.last_contact_date),
            next_follow_up: reader.object("nextFollowUp", self.next_follow_up),
            lead_score_min,
            lead_score_max,
            is_hot_lead: reader.take("isHotLead", self.is_hot_lead),
            tags_all,
            tags_any,
            tags_none,
            conversion_probability_min: probability.0,
            conversion_probability_max: probability.1,
            company: reader.object("company", self.company),
            job_title: reader.object("jobTitle", self.job_title),
            email: reader.object("email", self.email),
            phone: reader.object("phone", self.phone),
            archived: reader.take("archived", self.archived).map(Into::into),
            custom_fields: custom_fields(reader, self.custom_fields),
            and: reader.objects("and", self.and).unwrap_or_default(),
            or: reader.objects("or", self.or),
            not: reader.boxed("not", self.not),
            search: Search::default(),
        }
    }
}

fn custom_fields(reader: &mut Reader<'_>, fields: MaybeUndefined<JsonValue>) -> Option<Json> {
    let JsonValue(fields) = reader.take("customFields", fields)?;
    if fields.as_str() == "{}" {
        reader.says_nothing("customFields");
    }
    Some(fields)
}
