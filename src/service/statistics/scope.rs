use std::mem;

use chrono::{DateTime, Utc};

use crate::service::Actor;
use crate::service::leads::{
    Archived, LeadFilter, LeadSource, LeadStatus, Owners, Span, visible_owners,
};

/// A selection of leads whose numbers are kept ready: whose they are and when they were created.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scope {
    /// Whose leads. What the actor may not see is not among them.
    pub owners: Owners,
    /// When they were created.
    pub created: Span<DateTime<Utc>>,
}

/// A [`Scope`] of which only one kind of leads is meant: such leads can still be counted, but
/// nothing else is known of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NarrowScope {
    pub scope: Scope,
    pub kind: Kind,
}

/// Which leads of a [`Scope`] are counted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Any,
    Hot,
    NotHot,
    Status(Vec<LeadStatus>),
    Source(Vec<LeadSource>),
}

impl Kind {
    fn of_heat(is_hot: bool) -> Self {
        if is_hot { Self::Hot } else { Self::NotHot }
    }
}

impl NarrowScope {
    /// What the filter lets through and the actor may see; `None` if it speaks of anything that
    /// is not kept ready.
    pub(super) fn of(filter: &LeadFilter, actor: &Actor) -> Option<Self> {
        let mut narrow = Self {
            scope: Scope {
                owners: visible_owners(actor),
                created: Span::default(),
            },
            kind: Kind::Any,
        };
        narrow.add(filter)?;
        Some(narrow)
    }

    /// Every field is named, so that one that is added has to be decided about.
    fn add(&mut self, filter: &LeadFilter) -> Option<()> {
        let LeadFilter {
            ids: None,
            status,
            source,
            assigned_to,
            unassigned,
            created_at,
            updated_at,
            last_contact_date,
            next_follow_up,
            lead_score_min: None,
            lead_score_max: None,
            is_hot_lead,
            tags_all: None,
            tags_any: None,
            tags_none: None,
            conversion_probability_min: None,
            conversion_probability_max: None,
            company,
            email,
            phone,
            archived: None | Some(Archived::Exclude),
            custom_fields: None,
            and,
            or: None,
            not: None,
            search,
        } = filter
        else {
            return None;
        };
        let is_silent = *updated_at == Span::default()
            && [last_contact_date, next_follow_up].map(is_default) == [true; 2]
            && [company, email, phone].map(is_default) == [true; 3]
            && search.is_empty();
        if !is_silent {
            return None;
        }
        let owners = mem::replace(&mut self.scope.owners, Owners::Everybody);
        self.scope.owners = owners.and(Owners::of(assigned_to.as_deref(), *unassigned));
        let span = &mut self.scope.created;
        span.from = span.from.max(created_at.from);
        span.to = [span.to, created_at.to].into_iter().flatten().min();
        self.narrow(is_hot_lead.map(Kind::of_heat))?;
        self.narrow(status.clone().map(Kind::Status))?;
        self.narrow(source.clone().map(Kind::Source))?;
        and.iter().try_for_each(|part| self.add(part))
    }

    /// Each lead is of one status and of one source, but how many are of both is not known.
    fn narrow(&mut self, kind: Option<Kind>) -> Option<()> {
        match (&self.kind, kind) {
            (_, None) => Some(()),
            (Kind::Any, Some(kind)) => {
                self.kind = kind;
                Some(())
            }
            _ => None,
        }
    }

    /// The scope, if it is meant whole.
    pub(super) fn whole(self) -> Option<Scope> {
        (self.kind == Kind::Any).then_some(self.scope)
    }
}

fn is_default<T: Default + PartialEq>(part: &T) -> bool {
    *part == T::default()
}
