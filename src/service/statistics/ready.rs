//! Answers made of what is kept ready, and of leads only where a range of time does not fall on
//! its hours, days and months. All of an answer must come from one snapshot of the database: of
//! one statement, or of one transaction.

use std::collections::HashMap;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;

use crate::db::schema::leads;
use crate::db::{Connection, Constant};
use crate::service::leads::{Condition, LeadFilter, Owners};
use crate::service::statistics::Wanted;
use crate::service::statistics::kept::{self, Grain};
use crate::service::statistics::over_time::{self, Boundaries, Bucket, Counts, Series, SeriesKey};
use crate::service::statistics::pieces::Pieces;
use crate::service::statistics::scope::{Kind, Scope};
use crate::service::statistics::statements::{Rows, Selection, Stretches};
use crate::service::statistics::totals::Totals;
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
        let mut parts = Vec::new();
        if wanted.sums || wanted.overdue {
            let selection = self.selection(kept::of(owners), kept::grains(owners))?;
            parts.push(kept::totals(conn, selection, now, wanted.overdue).await?);
        }
        if wanted.by_agent {
            let selection = self.selection(kept::of_each(owners), kept::OF_EACH)?;
            parts.push(Totals {
                by_agent: kept::by_agent(conn, selection).await?,
                ..Totals::default()
            });
        }
        let mut totals = Totals::default();
        totals.add(parts);
        Ok(totals)
    }

    /// How many leads of that kind there are.
    pub(super) async fn count(&self, conn: &mut Connection, kind: &Kind) -> Result<i64> {
        let owners = &self.scope.owners;
        let selection = self.selection(kept::of(owners), kept::grains(owners))?;
        let totals = kept::totals(conn, selection, Utc::now(), false).await?;
        Ok(match kind {
            Kind::Any => totals.total,
            Kind::Hot => totals.hot,
            Kind::NotHot => totals.total - totals.hot,
            Kind::Status(some) => sum_of(&totals.by_status, some),
            Kind::Source(some) => sum_of(&totals.by_source, some),
        })
    }

    /// Days of other zones than UTC begin at an hour of UTC, mostly, and hours are only kept of
    /// everybody together; else the leads are looked at.
    pub(super) async fn series(&self, conn: &mut Connection, key: SeriesKey) -> Result<Series> {
        let boundaries = Boundaries::load(conn, self.actor, self.filter, key).await?;
        let Some(boundaries) = boundaries else {
            return Ok(Series::new());
        };
        let owners = &self.scope.owners;
        let is_everybody = *owners == Owners::Everybody;
        // Of a stretch that is counted by itself, and finer.
        let grains: &[Grain] = match (key.zone, key.bucket) {
            (Tz::UTC, Bucket::Month) if is_everybody => kept::OF_ALL,
            (Tz::UTC, Bucket::Month) => &[Grain::Month, Grain::Dekad, Grain::Day, Grain::SixHours],
            (Tz::UTC, Bucket::Day | Bucket::Week) if is_everybody => &[Grain::Day, Grain::Hour],
            (Tz::UTC, Bucket::Day | Bucket::Week) => &[Grain::Day, Grain::SixHours],
            _ if is_everybody && boundaries.are_full_hours() => &[Grain::Hour],
            _ => {
                let condition = self.filter.condition(self.actor)?;
                return over_time::series(conn, condition, key, boundaries).await;
            }
        };
        let selection = self.selection(kept::of(owners), grains)?;
        let mut counts = Counts::new(key);
        counts.add(kept::series(conn, selection, boundaries).await?);
        counts.series()
    }

    /// The leads of the scope, cut into what these rows have and what no row has.
    fn selection(&self, rows: Rows, grains: &[Grain]) -> Result<Selection> {
        let created = &self.scope.created;
        let pieces = Pieces::of(created, grains);
        let mut selection = Selection {
            rows,
            pieces: Stretches::default(),
            grains: Vec::new(),
            created: pieces.of_rows(created.clone()),
            ends: Stretches::default(),
            owners: Vec::new(),
        };
        for (change, parts) in [(1, pieces.added), (-1, pieces.removed)] {
            for (grain, span) in parts.kept {
                selection.grains.push(grain);
                selection.pieces.add(span.from, span.to, change);
            }
            for end in parts.left_over {
                selection.ends.add(Some(end.start), Some(end.end), change);
            }
        }
        for owners in apart(&self.scope.owners) {
            let visible = LeadFilter::default().condition(self.actor)?;
            selection.owners.push(Box::new(visible.and(owners)));
        }
        Ok(selection)
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
        Owners::Everybody => vec![Box::new(Constant(true))],
    }
}

fn sum_of<K: Eq + Hash>(counts: &HashMap<K, i64>, some: &[K]) -> i64 {
    let of_some = counts.iter().filter(|(key, _)| some.contains(key));
    of_some.map(|(_, count)| count).sum()
}
