use chrono::{DateTime, Utc};

use crate::service::Actor;
use crate::service::leads::{Archived, AssigneeSet, LeadFilter, RangeFilter, visible_assignees};
use crate::service::statistics::rollup_query::Sum;

/// A selection of leads that rollups count: by their assignees and their time of creation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RollupScope {
    /// The assignees, without those whose leads the actor may not see.
    pub assignees: AssigneeSet,
    /// The range of the time of creation.
    pub created: RangeFilter<DateTime<Utc>>,
    /// The sums that together are the number of selected leads, if the filter also has a status, source
    /// or hot: rollups then have no other figures.
    pub kind: Option<Vec<Sum>>,
}

impl RollupScope {
    /// The leads that match the filter and that the actor may see; `None` if it has a condition that
    /// rollups do not support.
    pub(super) fn of(filter: &LeadFilter, actor: &Actor) -> Option<Self> {
        let mut scope = Self {
            assignees: visible_assignees(actor),
            created: RangeFilter::default(),
            kind: None,
        };
        scope.add(filter)?;
        Some(scope)
    }

    fn add(&mut self, filter: &LeadFilter) -> Option<()> {
        // A new field of filters is not supported by rollups until it is named here.
        let unknown = LeadFilter {
            assigned_to: None,
            unassigned: None,
            created_at: RangeFilter::default(),
            status: None,
            source: None,
            is_hot_lead: None,
            archived: filter
                .archived
                .filter(|archived| *archived != Archived::Exclude),
            and: Vec::new(),
            ..filter.clone()
        };
        if unknown != LeadFilter::default() {
            return None;
        }
        let named = AssigneeSet::of(filter.assigned_to.as_deref(), filter.unassigned);
        self.assignees = std::mem::replace(&mut self.assignees, AssigneeSet::Everybody).and(named);
        let (created, range) = (&filter.created_at, &mut self.created);
        range.from = range.from.max(created.from);
        range.to = [range.to, created.to].into_iter().flatten().min();
        let status = filter.status.as_ref();
        self.narrow(status.map(|some| some.iter().copied().map(Sum::Status).collect()))?;
        let source = filter.source.as_ref();
        self.narrow(source.map(|some| some.iter().copied().map(Sum::Source).collect()))?;
        let heat = |is_hot| vec![if is_hot { Sum::Hot } else { Sum::NotHot }];
        self.narrow(filter.is_hot_lead.map(heat))?;
        filter.and.iter().try_for_each(|part| self.add(part))
    }

    /// Adds a kind of leads, at most one: rollups do not have combinations, such as status and source.
    fn narrow(&mut self, kind: Option<Vec<Sum>>) -> Option<()> {
        if self.kind.is_some() && kind.is_some() {
            return None;
        }
        self.kind = self.kind.take().or(kind);
        Some(())
    }
}
