use chrono::{DateTime, Utc};

use crate::service::Actor;
use crate::service::leads::{Archived, AssigneeSet, LeadFilter, RangeFilter, visible_assignees};
use crate::service::statistics::rollup_query::Sum;

/// A selection of leads that rollups count: by their assignees and their time of creation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RollupScope {
    /// The assignees. Those whose leads the actor may not see are not among them.
    pub assignees: AssigneeSet,
    /// The range of creation.
    pub created: RangeFilter<DateTime<Utc>>,
    /// The sums that together are the number of the leads that are meant, if not all leads of these
    /// assignees and this time are: nothing else is known of them then.
    pub kind: Option<Vec<Sum>>,
}

impl RollupScope {
    /// The leads that the filter lets through and the actor may see; `None` if it speaks of anything
    /// that rollups do not know.
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
        // A field that is added to filters is unknown to rollups until it is named here.
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

    /// Each lead is of one status and of one source, but how many are of both is not known.
    fn narrow(&mut self, kind: Option<Vec<Sum>>) -> Option<()> {
        if self.kind.is_some() && kind.is_some() {
            return None;
        }
        self.kind = self.kind.take().or(kind);
        Some(())
    }
}
