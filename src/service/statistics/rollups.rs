//! Answers from rollups, with leads read only for partial buckets. An answer must come from one snapshot
//! of the database: of one statement, or of one transaction.

use std::ops::Range;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use uuid::Uuid;

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::leads::{AssigneeSet, Condition, LeadFilter, LeadStatus};
use crate::service::statistics::granularity::Granularity;
use crate::service::statistics::intervals::IntervalSet;
use crate::service::statistics::requested::RequestedStatistics;
use crate::service::statistics::rollup_query::{
    Assignees, EVERYBODY, GroupBy, NOBODY, RollupQuery, Sum,
};
use crate::service::statistics::scan;
use crate::service::statistics::scope::RollupScope;
use crate::service::statistics::series::{Bucket, Counts};
use crate::service::statistics::totals::Totals;
use crate::service::{Actor, Result, UserId};

/// A selection of leads, as a filter and as a scope of rollups.
pub(super) struct Rollups<'a> {
    actor: &'a Actor,
    filter: &'a LeadFilter,
    scope: RollupScope,
}

/// The assignee of a group, a time within its period, and its sums.
type Group = (Option<Uuid>, Option<DateTime<Utc>>, Vec<i64>);

impl<'a> Rollups<'a> {
    /// `None` if the filter has a condition that rollups do not support.
    pub(super) fn of(actor: &'a Actor, filter: &'a LeadFilter) -> Option<Self> {
        let scope = RollupScope::of(filter, actor)?;
        Some(Self {
            actor,
            filter,
            scope,
        })
    }

    /// True if rollups have all sums of the selected leads, not only their number.
    pub(super) fn have_all_sums(&self) -> bool {
        self.scope.kind.is_none()
    }

    pub(super) async fn totals(
        &self,
        conn: &mut Connection,
        wanted: &RequestedStatistics,
        now: DateTime<Utc>,
    ) -> Result<Totals> {
        let mut totals = Totals::default();
        if wanted.sums || wanted.overdue {
            let mut sums = vec![Sum::Total, Sum::Score, Sum::Hot];
            sums.extend(Sum::of_each_status());
            sums.extend(Sum::of_each_source());
            sums.extend(wanted.overdue.then_some(Sum::Overdue));
            totals = self.sum(conn, &sums, GroupBy::Nothing, now).await?;
        }
        if wanted.by_agent {
            let sums = [Sum::Total, Sum::Score, Sum::Status(LeadStatus::Won)];
            let by_agent = self.sum(conn, &sums, GroupBy::Assignee, now).await?;
            totals.by_agent = by_agent.by_agent;
        }
        Ok(totals)
    }

    /// The number of selected leads: by one statement if [`Rollups::are_whole`].
    pub(super) async fn count(&self, conn: &mut Connection) -> Result<i64> {
        let counted = self.scope.kind.as_deref().unwrap_or(&[Sum::Total]);
        // All sums of a family, so that there is one statement to prepare, not one for each value.
        let sums = match counted.first() {
            None => return Ok(0),
            Some(Sum::Status(_)) => Sum::of_each_status().collect(),
            Some(Sum::Source(_)) => Sum::of_each_source().collect(),
            Some(sum) => vec![*sum],
        };
        let intervals = self.intervals(self.granularities());
        let groups = self.load(conn, &intervals, &sums, GroupBy::Nothing, Utc::now());
        let values = groups.await?.into_iter().flat_map(|(.., values)| values);
        let values = sums.iter().zip(values);
        let values = values.filter(|(sum, _)| counted.contains(sum));
        let mut count = values.map(|(_, value)| value).sum();
        for part in &intervals.partial {
            let of_part = scan::totals(conn, self.within(part)?, Utc::now()).await?;
            count += of_part.total;
        }
        Ok(count)
    }

    /// True if the rollups cover all selected leads, without partial buckets.
    pub(super) fn are_whole(&self) -> bool {
        self.intervals(self.granularities()).partial.is_empty()
    }

    /// Adds the leads to a series. Days of other zones than UTC mostly begin at a full hour of UTC, and
    /// hours are only rolled up for all leads together; otherwise the leads are read.
    pub(super) async fn series(&self, conn: &mut Connection, counts: &mut Counts) -> Result<()> {
        let coarsest = match (counts.key.zone, counts.key.bucket) {
            (Tz::UTC, Bucket::Month) => Granularity::Month,
            (Tz::UTC, Bucket::Day | Bucket::Week) => Granularity::Day,
            _ => Granularity::Hour,
        };
        let granularities = self.granularities().iter().copied();
        let granularities: Vec<_> = granularities.filter(|one| *one <= coarsest).collect();
        let are_split = coarsest == Granularity::Hour && !counts.have_full_hours();
        if are_split || granularities.is_empty() {
            let condition = self.filter.condition(self.actor)?;
            return scan::series(conn, condition, counts).await;
        }
        let intervals = self.intervals(&granularities);
        let group_by = GroupBy::CreatedBetween(counts.boundaries.clone());
        let groups = self.load(conn, &intervals, &[Sum::Total], group_by, Utc::now());
        let groups = groups.await?.into_iter();
        counts.add(groups.map(|(_, at, sums)| (at, sums.iter().sum())));
        for part in &intervals.partial {
            scan::series(conn, self.within(part)?, counts).await?;
        }
        Ok(())
    }

    /// The requested sums, and all sums of leads in partial buckets; per agent if grouped by assignee.
    async fn sum(
        &self,
        conn: &mut Connection,
        sums: &[Sum],
        group_by: GroupBy,
        now: DateTime<Utc>,
    ) -> Result<Totals> {
        let is_by_agent = group_by == GroupBy::Assignee;
        let intervals = match is_by_agent {
            true => self.intervals(Granularity::OF_EACH),
            false => self.intervals(self.granularities()),
        };
        let groups = self.load(conn, &intervals, sums, group_by, now).await?;
        let groups = groups.into_iter();
        let groups = groups.map(|(assignee, _, values)| Totals::of(assignee, sums, values));
        let mut parts: Vec<Totals> = groups.collect();
        for part in &intervals.partial {
            parts.push(match is_by_agent {
                true => scan::by_agent(conn, self.within(part)?).await?,
                false => scan::totals(conn, self.within(part)?, now).await?,
            });
        }
        Ok(Totals::sum(parts))
    }

    /// The granularities from the coarsest to the finest.
    fn granularities(&self) -> &'static [Granularity] {
        match self.scope.assignees {
            AssigneeSet::Everybody => Granularity::OF_ALL,
            AssigneeSet::Somebody | AssigneeSet::Only(_) => Granularity::OF_EACH,
        }
    }

    fn intervals(&self, granularities: &[Granularity]) -> IntervalSet {
        IntervalSet::of(&self.scope.created, granularities)
    }

    /// The selected leads of a partial bucket.
    fn within(&self, part: &Range<DateTime<Utc>>) -> Result<Condition> {
        let (from, to) = (part.start, part.end);
        let created = leads::created_at.ge(from).and(leads::created_at.lt(to));
        let selected = self.filter.condition(self.actor)?;
        Ok(Box::new(selected.and(created.nullable())))
    }

    /// The sums of the rollups of these intervals.
    async fn load(
        &self,
        conn: &mut Connection,
        intervals: &IntervalSet,
        sums: &[Sum],
        group_by: GroupBy,
        now: DateTime<Utc>,
    ) -> Result<Vec<Group>> {
        if intervals.granularities.is_empty() {
            return Ok(Vec::new());
        }
        let assignees = match &self.scope.assignees {
            AssigneeSet::Everybody if group_by == GroupBy::Assignee => {
                Assignees::AllBut(&[EVERYBODY])
            }
            AssigneeSet::Everybody => Assignees::Together,
            AssigneeSet::Somebody => Assignees::AllBut(&[EVERYBODY, NOBODY]),
            AssigneeSet::Only(assignees) => {
                let assignees = assignees.iter().filter_map(|owner| match owner {
                    None => Some(NOBODY),
                    // A client may ask for any id; no user has these two.
                    Some(UserId(NOBODY | EVERYBODY)) => None,
                    Some(user) => Some(user.0),
                });
                Assignees::Only(assignees.collect())
            }
        };
        let query = RollupQuery {
            sums,
            assignees,
            intervals,
            now,
            group_by,
        };
        Ok(query.load(conn).await?)
    }
}
