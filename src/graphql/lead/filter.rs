use async_graphql::{Enum, ID, InputObject};
use chrono::{DateTime, Utc};

use crate::graphql::context::uuid;
use crate::graphql::json::JsonValue;
use crate::graphql::lead::{LeadSource, LeadStatus};
use crate::service::leads::{self, Search};
use crate::service::{Result, UserId};

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

/// Which leads. All conditions given must hold; an absent one says nothing.
#[derive(InputObject, Default)]
pub struct LeadFilter {
    /// With one of these statuses.
    status: Option<Vec<LeadStatus>>,
    /// From one of these sources.
    source: Option<Vec<LeadSource>>,
    /// Assigned to one of these users; with `unassigned: true`, or to nobody.
    assigned_to: Option<Vec<ID>>,
    /// `true`: assigned to nobody; `false`: assigned to somebody.
    unassigned: Option<bool>,
    /// Created in this time.
    created_at: Option<DateRange>,
    /// Last changed in this time.
    updated_at: Option<DateRange>,
    /// Last contacted in this time.
    last_contact_date: Option<DateRange>,
    /// To be followed up in this time.
    next_follow_up: Option<DateRange>,
    /// With a score in this range.
    lead_score: Option<IntRange>,
    /// `true`: with a score above 70; `false`: with one of at most 70.
    is_hot_lead: Option<bool>,
    /// With and without these tags.
    tags: Option<TagFilter>,
    /// With a conversion probability in this range.
    conversion_probability: Option<FloatRange>,
    /// Of this company; case and accents do not matter.
    company: Option<TextFilter>,
    /// With this e-mail address; case does not matter.
    email: Option<TextFilter>,
    /// Whether archived leads are meant. Inside `and`, `or` and `not` it only narrows: to find
    /// archived leads there, say INCLUDE outside.
    archived: Option<Archived>,
    /// Whose custom fields contain this JSON object, at any depth: `{"size": "L"}`.
    custom_fields: Option<JsonValue>,
    /// And all of these hold.
    and: Option<Vec<LeadFilter>>,
    /// And one of these holds.
    or: Option<Vec<LeadFilter>>,
    /// And this does not hold.
    not: Option<Box<LeadFilter>>,
}

/// A stretch of time.
#[derive(InputObject, Default)]
pub struct DateRange {
    /// The first moment that belongs to it.
    from: Option<DateTime<Utc>>,
    /// The first moment that no longer does.
    to: Option<DateTime<Utc>>,
}

/// A range of whole numbers; both ends belong to it.
#[derive(InputObject, Default)]
pub struct IntRange {
    /// The smallest.
    min: Option<i32>,
    /// The largest.
    max: Option<i32>,
}

/// A range of numbers; both ends belong to it.
#[derive(InputObject, Default)]
pub struct FloatRange {
    /// The smallest.
    min: Option<f64>,
    /// The largest.
    max: Option<f64>,
}

/// Conditions on tags; case does not matter.
#[derive(InputObject, Default)]
pub struct TagFilter {
    /// Has every one of these.
    all: Option<Vec<String>>,
    /// Has at least one of these.
    any: Option<Vec<String>>,
    /// Has none of these.
    none: Option<Vec<String>>,
}

/// Conditions on a text.
#[derive(InputObject, Default)]
pub struct TextFilter {
    /// Is this.
    equals: Option<String>,
    /// Begins with this.
    starts_with: Option<String>,
}

/// The filter and search arguments together. Errors: `InvalidData`.
pub fn lead_filter(
    filter: Option<LeadFilter>,
    search: Option<String>,
) -> Result<leads::LeadFilter> {
    let filter = filter.unwrap_or_default().parse()?;
    Ok(leads::LeadFilter {
        search: Search(search.unwrap_or_default()),
        ..filter
    })
}

impl LeadFilter {
    fn parse(self) -> Result<leads::LeadFilter> {
        let user = |id: &ID| uuid("filter.assignedTo", id).map(UserId);
        let users = self
            .assigned_to
            .map(|ids| ids.iter().map(user).collect::<Result<_>>());
        let parse_all = |parts: Vec<Self>| {
            parts
                .into_iter()
                .map(Self::parse)
                .collect::<Result<Vec<_>>>()
        };
        let score = self.lead_score.unwrap_or_default();
        let tags = self.tags.unwrap_or_default();
        let probability = self.conversion_probability.unwrap_or_default();
        Ok(leads::LeadFilter {
            status: self
                .status
                .map(|all| all.into_iter().map(Into::into).collect()),
            source: self
                .source
                .map(|all| all.into_iter().map(Into::into).collect()),
            assigned_to: users.transpose()?,
            unassigned: self.unassigned,
            created_at: span(self.created_at),
            updated_at: span(self.updated_at),
            last_contact_date: span(self.last_contact_date),
            next_follow_up: span(self.next_follow_up),
            lead_score_min: score.min,
            lead_score_max: score.max,
            is_hot_lead: self.is_hot_lead,
            tags_all: tags.all,
            tags_any: tags.any,
            tags_none: tags.none,
            conversion_probability_min: probability.min,
            conversion_probability_max: probability.max,
            company: text(self.company),
            email: text(self.email),
            archived: self.archived.map(Into::into),
            custom_fields: self.custom_fields.map(|fields| fields.0),
            and: parse_all(self.and.unwrap_or_default())?,
            or: self.or.map(parse_all).transpose()?,
            not: self
                .not
                .map(|part| part.parse().map(Box::new))
                .transpose()?,
            search: Search::default(),
        })
    }
}

fn span(range: Option<DateRange>) -> leads::Span<DateTime<Utc>> {
    range
        .map(|range| leads::Span {
            from: range.from,
            to: range.to,
        })
        .unwrap_or_default()
}

fn text(filter: Option<TextFilter>) -> leads::TextMatch {
    filter
        .map(|filter| leads::TextMatch {
            equals: filter.equals,
            starts_with: filter.starts_with,
        })
        .unwrap_or_default()
}
