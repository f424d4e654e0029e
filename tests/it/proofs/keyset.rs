//! Walking a list page by page gives each row that was there all along exactly once and in the
//! right order, in both directions, whatever the filter and the order, and whatever others write
//! meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};
use serde_json::{Value, json};

use crm::service::LeadId;
use crm::service::leads::{Lead, LeadPatch, UpdateLead};

use super::dataset::Dataset;
use super::{always_the_same, naive, prove, same, sample};

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

    fn expected(&self, leads: &[Lead]) -> Vec<LeadId> {
        let listed = naive::list(&self.filter, &self.search, &self.order, leads);
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
        let rested = ids
            .into_iter()
            .filter(|id| resting.iter().any(|lead| lead.id == *id));
        same(
            "the rows that rested",
            rested.collect(),
            walk.expected(&resting),
        )
    });
}

/// Adds leads and changes the moving ones in all that a list can be ordered by.
async fn write(data: &Dataset, moving: &[Lead], is_over: &AtomicBool) {
    let mut runner = always_the_same();
    while !is_over.load(Ordering::Relaxed) {
        for lead in moving {
            let new = sample::new_lead().new_tree(&mut runner).unwrap().current();
            let patch = LeadPatch {
                first_name: Some(new.first_name.clone()),
                last_name: Some(new.last_name.clone()),
                company: Some(new.company.clone()),
                status: Some(new.status),
                conversion_probability: Some(new.conversion_probability),
                last_contact_date: Some(new.last_contact_date),
                next_follow_up: Some(new.next_follow_up),
                source: Some(new.source),
                ..LeadPatch::default()
            };
            data.operate(UpdateLead {
                id: lead.id,
                expected_version: None,
                patch,
            })
            .await;
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            data.create(vec![new]).await;
        }
    }
}
