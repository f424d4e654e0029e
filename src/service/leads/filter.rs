use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::service::leads::search::Search;
use crate::service::leads::{LeadSource, LeadStatus};
use crate::service::{Json, LeadId, UserId};

/// A filter on leads, which must meet all conditions that are given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct LeadFilter {
    pub ids: Option<Vec<LeadId>>,
    pub status: Option<Vec<LeadStatus>>,
    pub source: Option<Vec<LeadSource>>,
    pub assigned_to: Option<Vec<UserId>>,
    pub unassigned: Option<bool>,
    pub created_at: RangeFilter<DateTime<Utc>>,
    pub updated_at: RangeFilter<DateTime<Utc>>,
    pub last_contact_date: DateMatch,
    pub next_follow_up: DateMatch,
    pub lead_score_min: Option<i32>,
    pub lead_score_max: Option<i32>,
    pub is_hot_lead: Option<bool>,
    pub tags_all: Option<Vec<String>>,
    pub tags_any: Option<Vec<String>>,
    pub tags_none: Option<Vec<String>>,
    pub conversion_probability_min: Option<f64>,
    pub conversion_probability_max: Option<f64>,
    pub company: TextMatch,
    #[serde(skip_serializing_if = "TextMatch::is_empty")]
    pub job_title: TextMatch,
    pub email: TextMatch,
    pub phone: TextMatch,
    pub archived: Option<Archived>,
    pub custom_fields: Option<Json>,
    pub and: Vec<LeadFilter>,
    pub or: Option<Vec<LeadFilter>>,
    pub not: Option<Box<LeadFilter>>,
    pub search: Search,
}

/// A range from an inclusive beginning to an exclusive end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct RangeFilter<T> {
    pub from: Option<T>,
    pub to: Option<T>,
}

impl<T> Default for RangeFilter<T> {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
        }
    }
}

/// The condition on an optional time of a lead.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct DateMatch {
    pub range: RangeFilter<DateTime<Utc>>,
    pub is_set: Option<bool>,
}

/// The condition on an optional text of a lead. Companies and job titles are compared without regard to case
/// and accents, e-mail addresses without regard to case, phone numbers in E.164.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct TextMatch {
    pub equals: Option<String>,
    pub one_of: Option<Vec<String>>,
    pub starts_with: Option<String>,
    pub is_set: Option<bool>,
}

/// The handling of archived leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they say it")]
pub enum Archived {
    Exclude,
    Only,
    Include,
}

impl TextMatch {
    /// True if it says nothing.
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl LeadFilter {
    /// True if it has a condition besides `archived`. An `or` has one if each of its parts has.
    pub fn narrows(&self) -> bool {
        let own = Self {
            archived: None,
            and: Vec::new(),
            or: None,
            not: None,
            search: Search::default(),
            ..self.clone()
        };
        let or = self.or.as_ref();
        own != Self::default()
            || !self.search.is_empty()
            || self.and.iter().any(Self::narrows)
            || or.is_some_and(|parts| parts.iter().all(Self::narrows))
            || self.not.as_ref().is_some_and(|part| part.narrows())
    }

    /// Adds the condition that the leads are assigned to this user.
    pub fn assigned_only(mut self, user: UserId) -> Self {
        let theirs = Self {
            assigned_to: Some(vec![user]),
            ..Self::default()
        };
        self.and.push(theirs);
        self
    }
}
