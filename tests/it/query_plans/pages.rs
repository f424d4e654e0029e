//! Pages: no sequential scan and no sort, wherever in an order a page lies.

use crm::service::leads::{
    self, Columns, Cursor, Direction, LeadFilter, LeadOrder, LeadOrderField, LeadSource,
    LeadStatus, Search, SortKey,
};
use crm::service::page::{Page, Start};
use crm::service::{Actor, LeadId};

use super::{FIELDS, ManyLeads, NULLABLE};

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_any_order_reads_the_whole_table_or_sorts() {
    let data = ManyLeads::make(20_000).await;
    let everybody = LeadFilter::default();
    for order in FIELDS.into_iter().flat_map(both_ways) {
        for actor in &data.actors[..1] {
            check(&data, actor, &everybody, order).await;
        }
    }
    // What one assignee's and one status's leads are listed by most has an index of its own.
    let won = LeadFilter {
        status: Some(vec![LeadStatus::Won]),
        ..LeadFilter::default()
    };
    for order in [LeadOrderField::CreatedAt, LeadOrderField::LeadScore]
        .into_iter()
        .flat_map(both_ways)
    {
        check(&data, &data.actors[1], &everybody, order).await;
        check(&data, &data.actors[2], &everybody, order).await;
    }
    let by_status = [
        LeadOrderField::CreatedAt,
        LeadOrderField::LastContactDate,
        LeadOrderField::NextFollowUp,
        LeadOrderField::LeadScore,
        LeadOrderField::ConversionProbability,
    ];
    for order in by_status.into_iter().flat_map(both_ways) {
        check(&data, &data.actors[0], &won, order).await;
    }
    // One value of the order's own column leaves the order as it is.
    let website = LeadFilter {
        source: Some(vec![LeadSource::Website]),
        ..LeadFilter::default()
    };
    for order in both_ways(LeadOrderField::Source) {
        check(&data, &data.actors[0], &website, order).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_sources_walks_its_index() {
    let data = ManyLeads::make(20_000).await;
    let everybody = LeadFilter::default();
    for order in both_ways(LeadOrderField::Source) {
        for start in [Start::Offset(0), Start::Before(None)] {
            let plans = data
                .plans(&data.actors[0], &everybody, order, page(start))
                .await;
            let walks = |(_, plan): &(String, String)| plan.contains("using leads_source on leads");
            assert!(!plans.is_empty() && plans.iter().all(walks), "{plans:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_planned_for_the_values_at_hand() {
    let data = ManyLeads::make(5_000).await;
    let filters = [
        LeadFilter::default(),
        LeadFilter {
            source: Some(vec![LeadSource::Website]),
            ..LeadFilter::default()
        },
        LeadFilter {
            search: Search("kowalski".to_owned()),
            status: Some(vec![LeadStatus::Won]),
            ..LeadFilter::default()
        },
    ];
    for order in FIELDS.into_iter().flat_map(both_ways) {
        for filter in &filters {
            let list = async |start| {
                let listed = data.list(&data.actors[0], filter, order, page(start)).await;
                listed.rows.last().map(|row| order.cursor(row))
            };
            if let Some(place) = list(Start::Offset(7)).await {
                list(Start::After(place)).await;
            }
        }
    }
    let plans = data.plans_for_values("%leads%").await;
    assert!(plans.len() > 30, "{plans:?}");
    let planned: Vec<_> = plans.iter().filter(|(_, count)| *count > 0).collect();
    assert!(planned.is_empty(), "{planned:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_of_leads_of_somebody_whose_leads_the_viewer_cannot_see() {
    let data = ManyLeads::make(1_000).await;
    let [admin, manager, agent] = data.actors.as_slice() else {
        panic!("one of each role");
    };
    let stranger = data.agent_outside(manager).await;
    for (actor, user, is_seen) in [
        (admin, stranger, true),
        (manager, agent.id, true),
        (manager, stranger, false),
        (agent, stranger, false),
    ] {
        let filter = LeadFilter {
            assigned_to: Some(vec![user]),
            ..LeadFilter::default()
        };
        for order in FIELDS.into_iter().flat_map(both_ways) {
            let start = || page(Start::Offset(0));
            let listed = data.list(actor, &filter, order, start()).await;
            assert_eq!(!listed.rows.is_empty(), is_seen, "{order:?}");
            let plans = data.plans(actor, &filter, order, start()).await;
            assert_eq!(!plans.is_empty(), is_seen, "{order:?}: {plans:?}");
        }
        let impossible = LeadFilter {
            search: Search("x".repeat(201)),
            ..filter
        };
        let (db, order) = (data.database.db(), LeadOrder::default());
        let start = page(Start::Offset(0));
        let refused = leads::list(db, actor, &impossible, order, &start, Columns::ALL).await;
        assert_eq!(refused.expect_err("too long").code(), "INVALID_DATA");
    }
}

fn both_ways(field: LeadOrderField) -> [LeadOrder; 2] {
    [Direction::Asc, Direction::Desc].map(|direction| LeadOrder { field, direction })
}

async fn check(data: &ManyLeads, actor: &Actor, filter: &LeadFilter, order: LeadOrder) {
    let first = data
        .list(actor, filter, order, page(Start::Offset(0)))
        .await;
    let place = order.cursor(&first.rows[20]);
    let mut starts = vec![
        Start::Offset(0),
        Start::After(place.clone()),
        Start::Before(None),
        Start::Before(Some(place)),
    ];
    if NULLABLE.contains(&order.field) {
        let place = Cursor {
            key: SortKey::Null,
            id: LeadId(uuid::Uuid::from_u128(u128::MAX / 2)),
            is_near: false,
        };
        starts.extend([Start::After(place.clone()), Start::Before(Some(place))]);
    }
    for start in starts {
        let plans = data.plans(actor, filter, order, page(start.clone())).await;
        assert!(!plans.is_empty());
        // Of so few leads without a value PostgreSQL may find those behind an id by the ids, and sort them.
        let may_sort = match &start {
            Start::After(cursor) | Start::Before(Some(cursor)) => cursor.key == SortKey::Null,
            Start::Offset(_) | Start::Before(None) => false,
        };
        for (statement, plan) in plans {
            assert!(
                !plan.contains("Seq Scan") && (may_sort || !plan.contains("Sort")),
                "{order:?} {start:?}\n{statement}\n{plan}"
            );
        }
    }
}

fn page(start: Start<Cursor>) -> Page<Cursor> {
    Page { size: 25, start }
}
