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
use crate::service::leads::{Condition, LeadFilter, Owners};
use crate::service::statistics::Wanted;
use crate::service::statistics::kept::{self, Grain};
use crate::service::statistics::over_time::{self, Bucket, Counts, Series, SeriesKey};
use crate::service::statistics::overdue::since_watermark;
use crate::service::statistics::pieces::{Parts, Pieces};
use crate::service::statistics::scope::{Kind, Scope};
use crate::service::statistics::totals::{self, Totals};
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
        let (sums, by_agent) = wanted.apart();
        let mut totals = Totals::default();
        let mut parts = Vec::new();
        if self.scope.owners == Owners::Everybody {
            // Everybody's rows are others than those of each, and reach down to the hour.
            parts.extend(self.parts(conn, &sums, kept::OF_ALL, now).await?);
            parts.extend(self.parts(conn, &by_agent, kept::OF_EACH, now).await?);
        } else {
            parts = self.parts(conn, wanted, kept::OF_EACH, now).await?;
        }
        totals.add(parts);
        Ok(totals)
    }

    /// What adds up to the totals that are wanted.
    async fn parts(
        &self,
        conn: &mut Connection,
        wanted: &Wanted,
        grains: &[Grain],
        now: DateTime<Utc>,
    ) -> Result<Vec<Totals>> {
        let mut totals = Vec::new();
        if !(wanted.sums || wanted.by_agent || wanted.overdue) {
            return Ok(totals);
        }
        let owners = &self.scope.owners;
        let pieces = self.pieces(grains);
        let of_rows = pieces.of_rows(self.scope.created.clone());
        for (sign, parts) in pieces.signed() {
            if wanted.sums || wanted.overdue {
                totals.push(kept::totals(conn, owners, &parts).await?.times(sign));
            }
            if wanted.by_agent {
                totals.push(kept::by_agent(conn, owners, &parts).await?.times(sign));
            }
            for condition in self.left_over(&parts)? {
                let left_over = totals::totals(conn, condition, wanted, now).await?;
                totals.push(left_over.times(sign));
            }
        }
        if wanted.overdue {
            totals.push(Totals {
                overdue: since_watermark(conn, owners, &of_rows, now).await?,
                ..Totals::default()
            });
        }
        Ok(totals)
    }

    /// How many leads of that kind there are.
    pub(super) async fn count(&self, conn: &mut Connection, kind: &Kind) -> Result<i64> {
        let pieces = self.pieces(kept::grains(&self.scope.owners));
        if pieces.are_one() {
            return self.count_of(conn, kind, pieces).await;
        }
        conn.build_transaction()
            .repeatable_read()
            .read_only()
            .run(async |conn| self.count_of(conn, kind, pieces).await)
            .await
    }

    async fn count_of(&self, conn: &mut Connection, kind: &Kind, pieces: Pieces) -> Result<i64> {
        let mut total = 0;
        for (sign, parts) in pieces.signed() {
            let totals = kept::totals(conn, &self.scope.owners, &parts).await?;
            let mut count = match kind {
                Kind::Any => totals.total,
                Kind::Hot => totals.hot,
                Kind::Status(some) => sum_of(&totals.by_status, some),
                Kind::Source(some) => sum_of(&totals.by_source, some),
            };
            for condition in self.left_over(&parts)? {
                count += leads::table
                    .filter(condition)
                    .count()
                    .get_result::<i64>(conn)
                    .await?;
            }
            total += sign * count;
        }
        Ok(total)
    }

    /// Days of other zones than UTC begin at an hour of UTC, mostly, and hours are only kept of
    /// everybody together; else the leads are looked at.
    pub(super) async fn series(&self, conn: &mut Connection, key: SeriesKey) -> Result<Series> {
        let owners = &self.scope.owners;
        let grains = match (key.zone, key.bucket) {
            (Tz::UTC, Bucket::Month) => kept::grains(owners),
            // Neither month nor dekad lies in one day or week.
            (Tz::UTC, Bucket::Day | Bucket::Week) if *owners == Owners::Everybody => {
                &[Grain::Day, Grain::Hour]
            }
            (Tz::UTC, Bucket::Day | Bucket::Week) => &[Grain::Day],
            _ if *owners == Owners::Everybody => &[Grain::Hour],
            _ => return self.pass(conn, key).await,
        };
        let mut counts = Counts::new(key);
        for (sign, parts) in self.pieces(grains).signed() {
            counts.add(kept::series(conn, owners, &parts, key).await?, sign);
            for condition in self.left_over(&parts)? {
                counts.add(over_time::pass(conn, condition, key).await?, sign);
            }
        }
        if key.zone != Tz::UTC && !counts.end_at_full_hours() {
            return self.pass(conn, key).await;
        }
        counts.series()
    }

    async fn pass(&self, conn: &mut Connection, key: SeriesKey) -> Result<Series> {
        over_time::series(conn, self.filter.condition(self.actor)?, key).await
    }

    fn pieces(&self, grains: &[Grain]) -> Pieces {
        Pieces::of(&self.scope.created, grains)
    }

    /// The leads that no row has: those of the selection's owners, created in these times, which may
    /// lie outside of the selection where a row has too much. Each condition is answered from one
    /// index, without a look at the leads, which two of them together would not be.
    fn left_over(&self, parts: &Parts) -> Result<Vec<Condition>> {
        let mut conditions: Vec<Condition> = Vec::new();
        for span in &parts.left_over {
            for owners in apart(&self.scope.owners) {
                let visible = LeadFilter::default().condition(self.actor)?;
                let from = leads::created_at.ge(span.start);
                let created = from.and(leads::created_at.lt(span.end));
                conditions.push(Box::new(created.and(owners).and(visible)));
            }
        }
        Ok(conditions)
    }
}

/// The leads of assignees and those of nobody, apart.
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
        Owners::Somebody => vec![Box::new(leads::assigned_to.is_not_null().nullable())],
        Owners::Everybody => vec![Box::new(true.into_sql::<Bool>().nullable())],
    }
}

fn sum_of<K: Eq + Hash>(counts: &HashMap<K, i64>, some: &[K]) -> i64 {
    let of_some = counts.iter().filter(|(key, _)| some.contains(key));
    of_some.map(|(_, count)| count).sum()
}
