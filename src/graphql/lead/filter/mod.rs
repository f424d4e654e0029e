//! The inputs of a filter on leads.

mod parts;
mod reader;

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};

use crate::graphql::json::JsonValue;
use crate::graphql::lead::filter::parts::{
    DateFilter, DateRange, FloatRange, IntRange, TagFilter, TextFilter,
};
use crate::graphql::lead::filter::reader::{Readable, Reader};
use crate::graphql::lead::{LeadSource, LeadStatus};
use crate::service::leads::{self, Search};
use crate::service::validation::Faults;
use crate::service::{Json, LeadId, Result, UserId};

/// Whether archived leads are meant.
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

/// Which leads. All conditions given must hold; an absent one says nothing. An empty list of wanted
/// values finds nothing. INVALID_DATA for null in any place, and for a part that says nothing: an
/// empty `and`, `or`, `customFields`, `tags.all` or `tags.none`, and `{}`, which only the whole
/// filter may be.
#[derive(InputObject, Clone, Default)]
pub struct LeadFilter {
    /// With one of these ids; at most 1,000. Those that the viewer may not see are not found.
    ids: MaybeUndefined<Vec<ID>>,
    /// With one of these statuses.
    status: MaybeUndefined<Vec<LeadStatus>>,
    /// From one of these sources.
    source: MaybeUndefined<Vec<LeadSource>>,
    /// Assigned to one of these users; with `unassigned: true`, or to nobody.
    assigned_to: MaybeUndefined<Vec<ID>>,
    /// `true`: assigned to nobody; `false`: assigned to somebody.
    unassigned: MaybeUndefined<bool>,
    /// Created in this time.
    created_at: MaybeUndefined<DateRange>,
    /// Last changed in this time.
    updated_at: MaybeUndefined<DateRange>,
    /// Last contacted in this time.
    last_contact_date: MaybeUndefined<DateFilter>,
    /// To be followed up in this time.
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
    /// With this e-mail address; case does not matter.
    email: MaybeUndefined<TextFilter>,
    /// With this phone number, however it is written internationally: `+48 601 234 567`,
    /// `0048601234567`. `startsWith` takes its first digits, from the country's code on.
    phone: MaybeUndefined<TextFilter>,
    /// Whether archived leads are meant. Inside `and`, `or` and `not` it only narrows: to find
    /// archived leads there, say INCLUDE outside.
    archived: MaybeUndefined<Archived>,
    /// Whose custom fields contain this JSON object, at any depth: `{"size": "L"}`.
    custom_fields: MaybeUndefined<JsonValue>,
    /// And all of these hold.
    and: MaybeUndefined<Vec<LeadFilter>>,
    /// And one of these holds.
    or: MaybeUndefined<Vec<LeadFilter>>,
    /// And this does not hold.
    not: MaybeUndefined<Box<LeadFilter>>,
}

/// The arguments `filter` and `search` together. Errors: `InvalidData` with all their faults.
pub fn lead_filter(
    filter: Option<LeadFilter>,
    search: Option<String>,
) -> Result<leads::LeadFilter> {
    lead_filter_at("", filter, search, Faults::default())
}

/// The filter and search that stand under `prefix` in the request:
/// `input.leads.matching.`. Errors: `InvalidData` with all their faults, and those that are known.
pub fn lead_filter_at(
    prefix: &str,
    filter: Option<LeadFilter>,
    search: Option<String>,
    mut faults: Faults,
) -> Result<leads::LeadFilter> {
    let mut reader = Reader::new(format!("{prefix}filter"), &mut faults);
    let filter = leads::LeadFilter {
        search: Search(search.unwrap_or_default()),
        ..filter.unwrap_or_default().read(&mut reader)
    };
    filter.check_as(prefix, &mut faults);
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
