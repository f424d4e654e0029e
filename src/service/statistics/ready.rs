//! Answers made of what is kept ready, and of leads only where a range of time does not fall on
//! its hours, days and months. All of an answer must come from one snapshot of the database: of
//! one statement, or of one transaction.

use std::collections::HashMap;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::leads::{Condition, LeadFilter, Owners, Span};
use crate::service::statistics::Wanted;
use crate::service::statistics::kept::{self, Grain};
use crate::service::statistics::over_time::{self, Bucket, Counts, Series, SeriesKey};
use crate::service::statistics::pieces::Pieces;
use crate::service::statistics::scope::{Kind, Scope};
use crate::service::statistics::totals::{self, Totals, is_overdue};
use crate::service::{Actor, Result, UserId};

/// A selection of leads, and the same selection as what is kept ready knows it.
pub(super) struct Ready<'a> {
    pub actor: &'a Actor,
    pub filter: &'a LeadFilter,
    pub scope: Scope,
}

impl Ready<'_> {
    pub(super) async fn totals(
        &self,
        conn: &mut Connection,
        wanted: &Wanted,
        now: DateTime<Utc>,
    ) -> Result<Totals> {
        let owners = &self.scope.owners;
        let grains = match wanted.by_agent {
            // There are no hours of each agent.
            true => kept::DAYS,
            false => kept::grains(owners),
        };
        let pieces = Pieces::of(&self.scope.created, grains);
        let mut parts = Vec::new();
        if wanted.sums {
            parts.push(kept::totals(conn, owners, &pieces).await?);
        }
        if wanted.by_agent {
            parts.push(kept::by_agent(conn, owners, &pieces).await?);
        }
        if let Some(condition) = self.left_over(&pieces)? {
            parts.push(totals::totals(conn, condition, now).await?);
        }
        let mut totals = Totals::default();
        totals.add(parts);
        totals.overdue = 0;
        if wanted.overdue {
            totals.overdue = self.overdue(conn, now).await?;
        }
        Ok(totals)
    }

    /// How many leads of that kind there are.
    pub(super) async fn count(&self, conn: &mut Connection, kind: &Kind) -> Result<i64> {
        let owners = &self.scope.owners;
        let pieces = Pieces::of(&self.scope.created, kept::grains(owners));
        if pieces.left_over.is_empty() {
            return self.count_of(conn, kind, &pieces).await;
        }
        conn.build_transaction()
            .repeatable_read()
            .read_only()
            .run(async |conn| self.count_of(conn, kind, &pieces).await)
            .await
    }

    async fn count_of(&self, conn: &mut Connection, kind: &Kind, pieces: &Pieces) -> Result<i64> {
        let totals = kept::totals(conn, &self.scope.owners, pieces).await?;
        let kept = match kind {
            Kind::Any => totals.total,
            Kind::Hot => totals.hot,
            Kind::Status(some) => sum_of(&totals.by_status, some),
            Kind::Source(some) => sum_of(&totals.by_source, some),
        };
        match self.left_over(pieces)? {
            Some(condition) => Ok(kept + count(conn, condition).await?),
            None => Ok(kept),
        }
    }

    /// Days of other zones than UTC begin at an hour of UTC, mostly, and hours are only kept of
    /// everybody together; else the leads are looked at.
    pub(super) async fn series(&self, conn: &mut Connection, key: SeriesKey) -> Result<Series> {
        let owners = &self.scope.owners;
        let grains = match (key.zone, key.bucket) {
            (Tz::UTC, Bucket::Month) => kept::grains(owners),
            (Tz::UTC, Bucket::Day | Bucket::Week) => &kept::grains(owners)[1..],
            _ if *owners == Owners::Everybody => &[Grain::Hour],
            _ => return self.pass(conn, key).await,
        };
        let pieces = Pieces::of(&self.scope.created, grains);
        let mut counts = kept::series(conn, owners, &pieces, key).await?;
        if let Some(condition) = self.left_over(&pieces)? {
            counts.extend(over_time::pass(conn, condition, key).await?);
        }
        let counts = Counts::new(key, counts);
        if key.zone != Tz::UTC && !counts.end_at_full_hours() {
            return self.pass(conn, key).await;
        }
        counts.series()
    }

    async fn pass(&self, conn: &mut Connection, key: SeriesKey) -> Result<Series> {
        let condition = self.filter.condition(self.actor)?;
        Counts::new(key, over_time::pass(conn, condition, key).await?).series()
    }

    /// Follow-ups are kept by the day they are planned for, whenever the lead was created: with a
    /// range of creation the leads of that range are looked at.
    async fn overdue(&self, conn: &mut Connection, now: DateTime<Utc>) -> Result<i64> {
        if self.scope.created != Span::default() {
            let condition = self.filter.condition(self.actor)?;
            return count(conn, Box::new(condition.and(is_overdue(now)))).await;
        }
        let owners = &self.scope.owners;
        let past = Span {
            from: None,
            to: Some(now),
        };
        let pieces = Pieces::of(&past, kept::grains(owners));
        let mut overdue = kept::follow_ups(conn, owners, &pieces).await?;
        for today in &pieces.left_over {
            for part in apart(owners) {
                let condition = self.filter.condition(self.actor)?;
                let today = leads::next_follow_up.ge(today.start).and(is_overdue(now));
                overdue += count(conn, Box::new(today.and(part).and(condition))).await?;
            }
        }
        Ok(overdue)
    }

    /// The leads of the selection that no piece has.
    fn left_over(&self, pieces: &Pieces) -> Result<Option<Condition>> {
        let condition = self.filter.condition(self.actor)?;
        let created = pieces.left_over.iter().map(|span| -> Condition {
            let from = leads::created_at.ge(span.start);
            Box::new(from.and(leads::created_at.lt(span.end)).nullable())
        });
        let created = created.reduce(|left, right| Box::new(left.or(right)));
        Ok(created.map(|created| Box::new(created.and(condition)) as Condition))
    }
}

/// The leads of assignees and those of nobody, apart: PostgreSQL answers each of the two from an
/// index, but not the one or the other.
fn apart(owners: &Owners) -> Vec<Condition> {
    match owners {
        Owners::Only(owners) => {
            let users: Vec<UserId> = owners.iter().copied().flatten().collect();
            let nobody = owners
                .contains(&None)
                .then(|| leads::assigned_to.is_null().nullable());
            let mut parts: Vec<Condition> = vec![Box::new(leads::assigned_to.eq_any(users))];
            parts.extend(nobody.map(|nobody| Box::new(nobody) as Condition));
            parts
        }
        Owners::Everybody | Owners::Somebody => vec![Box::new(true.into_sql::<Bool>().nullable())],
    }
}

fn sum_of<K: Eq + Hash>(counts: &HashMap<K, i64>, some: &[K]) -> i64 {
    let of_some = counts.iter().filter(|(key, _)| some.contains(key));
    of_some.map(|(_, count)| count).sum()
}

async fn count(conn: &mut Connection, condition: Condition) -> Result<i64> {
    Ok(leads::table
        .filter(condition)
        .count()
        .get_result(conn)
        .await?)
}
