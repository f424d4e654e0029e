//! Walking a list page by page gives each row that was there all along exactly once and in the
//! right order, in both directions, whatever the filter and the order, and whatever others write
//! meanwhile.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crm::service::LeadId;
use crm::service::leads::{DeleteLead, Lead, LeadPatch, UpdateLead};

use super::dataset::Dataset;
use super::{always_the_same, prove, reference_model, same, sample, seed};

const FORWARDS: &str =
    "query ($filter: LeadFilter, $search: String, $order: LeadOrder, $size: Int, $at: String) {
    page: leads(filter: $filter, search: $search, orderBy: $order, first: $size, after: $at) {
        nodes { id } pageInfo { more: hasNextPage at: endCursor } } }";
const BACKWARDS: &str =
    "query ($filter: LeadFilter, $search: String, $order: LeadOrder, $size: Int, $at: String) {
    page: leads(filter: $filter, search: $search, orderBy: $order, last: $size, before: $at) {
        nodes { id } pageInfo { more: hasPreviousPage at: startCursor } } }";
const JUMP: &str =
    "query ($filter: LeadFilter, $search: String, $order: LeadOrder, $size: Int, $at: Int) {
    page: leads(filter: $filter, search: $search, orderBy: $order, first: $size, offset: $at) {
        nodes { id } } }";

/// A list, and how it is walked.
#[derive(Debug, Clone)]
struct Walk {
    filter: Value,
    search: String,
    order: Value,
    size: usize,
    is_backwards: bool,
}

fn walks(data: &Dataset) -> impl Strategy<Value = Walk> + use<> {
    let ids = data.leads.iter().map(|lead| lead.id).collect();
    let filter = proptest::option::weighted(0.6, sample::filter(data.users.clone(), ids));
    let list = (filter, sample::search(), sample::order());
    (list, 2..20_usize, any::<bool>()).prop_map(|((filter, search, order), size, is_backwards)| {
        Walk {
            filter: filter.unwrap_or_else(|| json!({ "archived": "INCLUDE" })),
            search,
            order,
            size,
            is_backwards,
        }
    })
}

impl Walk {
    /// The ids in the list's order, as one page after the other gives them.
    async fn ids(&self, data: &Dataset) -> Vec<LeadId> {
        let (mut ids, mut at) = (Vec::new(), Value::Null);
        loop {
            let query = if self.is_backwards {
                BACKWARDS
            } else {
                FORWARDS
            };
            let page = data.api.data(&data.admin, query, self.variables(at)).await["page"].clone();
            let mut rows = page_ids(&page);
            assert!(rows.len() <= self.size);
            if self.is_backwards {
                rows.reverse();
            }
            ids.extend(rows);
            if page["pageInfo"]["more"] == false {
                break;
            }
            at = page["pageInfo"]["at"].clone();
        }
        if self.is_backwards {
            ids.reverse();
        }
        ids
    }

    fn variables(&self, at: Value) -> Value {
        json!({
            "filter": self.filter, "search": self.search, "order": self.order,
            "size": self.size, "at": at,
        })
    }

    /// Walks once, and compares.
    async fn differs(&self, data: &Dataset, resting: &[Lead]) -> Result<(), String> {
        self.check(self.ids(data).await, resting)
            .map_err(|difference| format!("{self:?}: {difference}"))
    }

    /// Checks that the walk has each unchanged lead once and in order.
    fn check(&self, ids: Vec<LeadId>, resting: &[Lead]) -> Result<(), String> {
        let rested = ids.into_iter();
        let rested = rested.filter(|id| resting.iter().any(|lead| lead.id == *id));
        same(
            "the rows that rested",
            rested.collect(),
            self.expected(resting),
        )
    }

    fn expected(&self, leads: &[Lead]) -> Vec<LeadId> {
        let listed = reference_model::list(&self.filter, &self.search, &self.order, leads);
        listed.iter().map(|lead| lead.id).collect()
    }
}

fn page_ids(page: &Value) -> Vec<LeadId> {
    let rows = page["nodes"].as_array().unwrap().iter();
    rows.map(|row| LeadId(row["id"].as_str().unwrap().parse().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_over_a_list_at_rest_gives_each_row_once_in_order() {
    let data = Dataset::make(100, 1).await;
    prove(48, 100, walks(&data), async |walk| {
        let expected = walk.expected(&data.leads);
        same("the walk", walk.ids(&data).await, expected.clone())?;
        let offset = expected.len() / 2;
        let jump = data
            .api
            .data(&data.admin, JUMP, walk.variables(json!(offset)))
            .await;
        let page: Vec<LeadId> = expected.into_iter().skip(offset).take(walk.size).collect();
        same("a page jump", page_ids(&jump["page"]), page)
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_while_others_write_gives_each_row_that_rests_once_in_order() {
    let data = Dataset::make(100, 3).await;
    // Those are moved all the time; the others stay as they are.
    let (moving, resting): (Vec<Lead>, Vec<Lead>) = data
        .leads
        .iter()
        .cloned()
        .partition(|lead| !lead.is_archived() && lead.id.0.as_bytes()[15] % 3 == 0);
    prove(24, 0, walks(&data), async |walk| {
        let is_over = AtomicBool::new(false);
        let walking = async {
            let ids = walk.ids(&data).await;
            is_over.store(true, Ordering::Relaxed);
            ids
        };
        let (ids, ()) = tokio::join!(walking, write(&data, &moving, &is_over));
        walk.check(ids, &resting)
    });
}

/// The most leads that a writer adds at a time: a walk must end.
const MOST_ADDED: usize = 20;

/// Adds leads, deletes them again, and changes the moving ones in all that a list can be ordered by.
async fn write(data: &Dataset, moving: &[Lead], is_over: &AtomicBool) {
    let mut runner = always_the_same();
    let mut added: VecDeque<LeadId> = VecDeque::new();
    while !is_over.load(Ordering::Relaxed) {
        for lead in moving {
            let new = sample::new_lead().new_tree(&mut runner).unwrap().current();
            data.operate(UpdateLead {
                id: lead.id,
                expected_version: None,
                patch: LeadPatch {
                    first_name: Some(new.first_name.clone()),
                    last_name: Some(new.last_name.clone()),
                    company: Some(new.company.clone()),
                    status: Some(new.status),
                    conversion_probability: Some(new.conversion_probability),
                    last_contact_date: Some(new.last_contact_date),
                    next_follow_up: Some(new.next_follow_up),
                    source: Some(new.source),
                    ..LeadPatch::default()
                },
            })
            .await;
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            added.extend(data.create(vec![new]).await);
            if added.len() > MOST_ADDED
                && let Some(id) = added.pop_front()
            {
                let expected_version = None;
                data.operate(DeleteLead {
                    id,
                    expected_version,
                })
                .await;
            }
        }
    }
}

/// Orders of a drill: with and without leads that have no value, and with many ties.
const ORDERS: [&str; 5] = [
    "CREATED_AT",
    "LEAD_SCORE",
    "LAST_NAME",
    "COMPANY",
    "NEXT_FOLLOW_UP",
];
const WRITERS: usize = 8;
const WALKERS: usize = 4;

/// `CRM_DRILL_WALKS` is how many walks are made, `CRM_DRILL_SECONDS` how long that may take.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes ten minutes: run it by hand"]
async fn two_thousand_walks_over_searches_and_filters_under_eight_writers_lose_nothing() {
    let number = |name, default| {
        let given = std::env::var(name).ok();
        given.map_or(default, |given| given.parse().expect("a whole number"))
    };
    let (walks, seconds) = (
        number("CRM_DRILL_WALKS", 2_000),
        number("CRM_DRILL_SECONDS", 600),
    );
    let data = Arc::new(Dataset::make(100, WRITERS + WALKERS).await);
    let is_moving = |lead: &Lead| !lead.is_archived() && lead.id.0.as_bytes()[15].is_multiple_of(3);
    let (moving, resting): (Vec<Lead>, Vec<Lead>) = data.leads.iter().cloned().partition(is_moving);
    let (is_over, left) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(walks)),
    );
    let mut writers = JoinSet::new();
    for part in moving.chunks(moving.len().div_ceil(WRITERS)) {
        let (data, part, is_over) = (data.clone(), part.to_vec(), is_over.clone());
        writers.spawn(async move { write(&data, &part, &is_over).await });
    }
    assert_eq!(writers.len(), WRITERS);
    let (began, until) = (
        Instant::now(),
        Instant::now() + Duration::from_secs(seconds as u64),
    );
    println!("PROPTEST_RNG_SEED={}", seed());
    let mut walkers = JoinSet::new();
    for walker in 0..WALKERS {
        let (data, resting, left) = (data.clone(), resting.clone(), left.clone());
        walkers.spawn(async move {
            let mut runner = TestRunner::new(Config {
                rng_seed: RngSeed::Fixed(seed().wrapping_add(walker as u64)),
                failure_persistence: None,
                ..Config::default()
            });
            let mut wrong = Vec::new();
            let next = |left: usize| left.checked_sub(1);
            while Instant::now() < until
                && let Ok(number) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            {
                let walk = drilled(&data, &mut runner, number);
                wrong.extend(walk.differs(&data, &resting).await.err());
            }
            wrong
        });
    }
    let wrong: Vec<String> = walkers.join_all().await.into_iter().flatten().collect();
    is_over.store(true, Ordering::Relaxed);
    writers.join_all().await;
    let made = walks - left.load(Ordering::Relaxed);
    println!(
        "{made} walks in {:?}, {} wrong",
        began.elapsed(),
        wrong.len()
    );
    assert_eq!(wrong, [""; 0]);
    assert_eq!(made, walks, "the time was over");
}

/// A walk over a search, each in the next order.
fn drilled(data: &Dataset, runner: &mut TestRunner, number: usize) -> Walk {
    let walks = walks(data).prop_filter("a search", |walk| !walk.search.is_empty());
    let mut walk = walks.new_tree(runner).unwrap().current();
    walk.order["field"] = json!(ORDERS[number % ORDERS.len()]);
    walk
}
