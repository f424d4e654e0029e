//! Questions that rollups answer, and the same asked in a way that counts leads.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::option::{of, weighted};
use proptest::prelude::{Just, any, prop_oneof};
use proptest::sample::subsequence;
use proptest::strategy::Strategy;
use uuid::Uuid;

use crm::db::{Connection, PooledConnection};
use crm::service::leads::{LeadFilter, LeadSource, LeadStatus, RangeFilter};
use crm::service::statistics::{
    Bucket, RequestedStatistics, SeriesKey, Totals, count_within, statistics_within,
};
use crm::service::users::UserRole;
use crm::service::{Actor, ServiceError, UserId};

use crate::properties::same;

use super::Population;

/// A viewer and the requested statistics.
#[derive(Debug, Clone)]
pub(super) struct Question {
    viewer: usize,
    assigned_to: Option<Vec<usize>>,
    unassigned: Option<bool>,
    created: RangeFilter<DateTime<Utc>>,
    /// As of when; now, if absent.
    now: Option<DateTime<Utc>>,
    is_nested: bool,
    wants_agents: bool,
}

pub(super) fn questions() -> impl Strategy<Value = Question> {
    // The last two are no users, whatever their ids stand for inside.
    let agents = weighted(0.4, subsequence((0..6).collect::<Vec<usize>>(), 0..=4));
    let created = (of(moment()), of(moment())).prop_map(|(from, to)| RangeFilter { from, to });
    let shape = (any::<bool>(), any::<bool>());
    (
        0..4_usize,
        agents,
        weighted(0.3, any::<bool>()),
        created,
        weighted(0.7, moment()),
        shape,
    )
        .prop_map(
            |(viewer, assigned_to, unassigned, created, now, (is_nested, wants_agents))| Question {
                viewer,
                assigned_to,
                unassigned,
                created,
                now,
                is_nested,
                wants_agents,
            },
        )
}

/// Around the times of the samples, with the end of a month among them: a midnight, a full hour
/// or any minute.
fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    let start: DateTime<Utc> = "2024-03-28T00:00:00Z".parse().unwrap();
    let minutes = prop_oneof![
        (0..6_i64).prop_map(|days| days * 24 * 60),
        (0..6 * 24_i64).prop_map(|hours| hours * 60),
        0..6 * 24 * 60_i64,
        Just(-40 * 24 * 60_i64),
        Just(40 * 24 * 60_i64),
    ];
    minutes.prop_map(move |minutes| start + TimeDelta::minutes(minutes))
}

/// Asks all questions in one snapshot.
pub(super) async fn ask(
    conn: &mut PooledConnection,
    population: &Population,
    questions: &[Question],
) -> Result<(), String> {
    conn.snapshot(async |conn| Ok::<_, ServiceError>(compare(conn, population, questions).await))
        .await
        .map_err(|error| format!("{error:?}"))?
}

/// Compares the two ways in the transaction of a caller who sees one snapshot.
pub(super) async fn compare(
    conn: &mut Connection,
    population: &Population,
    questions: &[Question],
) -> Result<(), String> {
    for question in questions {
        let now = question.now.unwrap_or_else(Utc::now);
        let (actor, summed) = (question.actor(population), question.filter(population));
        // Anything is one of "anything", but that is not what rollups know.
        let counted = LeadFilter {
            or: Some(vec![LeadFilter::default()]),
            ..summed.clone()
        };
        let zones = [
            (Bucket::Day, "UTC"),
            (Bucket::Week, "UTC"),
            (Bucket::Month, "UTC"),
            (Bucket::Day, "Europe/Warsaw"),
            (Bucket::Month, "Asia/Kolkata"),
        ];
        let mut wanted = RequestedStatistics {
            by_agent: question.wants_agents,
            series: zones
                .map(|(bucket, zone)| SeriesKey::new(bucket, zone).unwrap())
                .into(),
            ..RequestedStatistics::totals()
        };
        let narrowed = narrowed(&summed);
        let summed = statistics_within(conn, &actor, &summed, &wanted, now).await;
        wanted.by_agent = true;
        let counted = statistics_within(conn, &actor, &counted, &wanted, now).await;
        let (mut summed, mut counted) = (summed.unwrap(), counted.unwrap());
        for (filter, count) in narrowed {
            let known = count_within(conn, &actor, &filter).await.unwrap();
            same(&format!("{filter:?}"), known, Some(count(&counted.totals)))?;
        }
        if !question.wants_agents {
            summed.totals.by_agent.clear();
            counted.totals.by_agent.clear();
        }
        same(&format!("{question:?}"), summed, counted)?;
    }
    Ok(())
}

type Count = fn(&Totals) -> i64;

/// Kinds of these leads whose number is known, too.
fn narrowed(filter: &LeadFilter) -> [(LeadFilter, Count); 5] {
    let status = Some(vec![LeadStatus::New, LeadStatus::Won]);
    let source = Some(vec![LeadSource::Other]);
    [
        (filter.clone(), |totals| totals.total),
        (
            LeadFilter {
                is_hot_lead: Some(true),
                ..filter.clone()
            },
            |totals| totals.hot,
        ),
        (
            LeadFilter {
                is_hot_lead: Some(false),
                ..filter.clone()
            },
            |totals| totals.total - totals.hot,
        ),
        (
            LeadFilter {
                status,
                ..filter.clone()
            },
            |totals| {
                let of = |status| totals.by_status.get(&status).copied().unwrap_or(0);
                of(LeadStatus::New) + of(LeadStatus::Won)
            },
        ),
        (
            LeadFilter {
                source,
                ..filter.clone()
            },
            |totals| {
                totals
                    .by_source
                    .get(&LeadSource::Other)
                    .copied()
                    .unwrap_or(0)
            },
        ),
    ]
}

impl Question {
    fn actor(&self, population: &Population) -> Actor {
        let [mia, ann, bea, abe] = population.people[..] else {
            panic!("four people");
        };
        let of = |id: UserId, role, team: &[UserId]| Actor {
            id,
            role,
            team: team.to_vec(),
            auth_revision: None,
            api_key: None,
            session: None,
        };
        match self.viewer {
            0 => Actor::operator(),
            1 => of(mia, UserRole::Manager, &[mia, ann, bea]),
            2 => of(ann, UserRole::Agent, &[ann]),
            _ => of(abe, UserRole::Agent, &[abe]),
        }
    }

    fn filter(&self, population: &Population) -> LeadFilter {
        let mut people = population.people.clone();
        people.extend([UserId(Uuid::nil()), UserId(Uuid::max())]);
        let assigned_to = self.assigned_to.as_ref();
        let owners = LeadFilter {
            assigned_to: assigned_to.map(|some| some.iter().map(|&n| people[n]).collect()),
            unassigned: self.unassigned,
            ..LeadFilter::default()
        };
        let created_at = self.created.clone();
        match self.is_nested {
            false => LeadFilter {
                created_at,
                ..owners
            },
            true => LeadFilter {
                created_at,
                and: vec![owners],
                ..LeadFilter::default()
            },
        }
    }
}
