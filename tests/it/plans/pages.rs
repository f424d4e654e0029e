//! Pages: no sequential scan and no sort, wherever in an order a page lies.

use crm::service::leads::{
    self, Columns, Direction, LeadFilter, LeadOrder, LeadOrderField, LeadSource, LeadStatus,
    ListedLead, Place, Search, SortKey,
};
use crm::service::page::{Page, Start};
use crm::service::users::UserRole;
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_several_statuses_is_merged_from_theirs_and_is_the_same_as_any_other_way() {
    let data = ManyLeads::make(20_000).await;
    let status = |status: &[LeadStatus]| LeadFilter {
        status: Some(status.to_vec()),
        ..LeadFilter::default()
    };
    let (qualified, proposal) = (LeadStatus::Qualified, LeadStatus::Proposal);
    let merged = status(&[proposal, qualified, proposal]);
    let other_way = LeadFilter {
        or: Some(vec![status(&[qualified]), status(&[proposal])]),
        ..LeadFilter::default()
    };
    let indexes = [
        (
            LeadOrderField::ConversionProbability,
            "leads_status_conversion_probability",
        ),
        (LeadOrderField::LeadScore, "leads_status_lead_score"),
    ];
    let orders = indexes.map(|(field, index)| both_ways(field).map(|order| (order, index)));
    for (order, index) in orders.into_iter().flatten() {
        for actor in &data.actors[..2] {
            let read = async |filter, start| data.list(actor, filter, order, page(start)).await;
            let all = read(&other_way, Start::Offset(0)).await;
            let place = order.place(&all.rows[20]);
            for start in [
                Start::Offset(0),
                Start::Offset(333),
                Start::Offset(19_000),
                Start::After(place.clone()),
                Start::Before(None),
                Start::Before(Some(place)),
            ] {
                let page = page(start.clone());
                let (one, other) = (read(&merged, start.clone()), read(&other_way, start));
                let ids = |rows: Vec<ListedLead>| rows.into_iter().map(|row| row.lead.id);
                let (one, other) = (one.await, other.await);
                assert!(ids(one.rows).eq(ids(other.rows)), "{order:?} {page:?}");
                assert_eq!(
                    (one.has_previous, one.has_next),
                    (other.has_previous, other.has_next)
                );
                // A manager sees some of the leads only. What a page jump skips is read: of nearly all
                // leads an index spares nothing.
                if actor.role != UserRole::Admin || matches!(page.start, Start::Offset(19_000)) {
                    continue;
                }
                let plans = data.plans(actor, &merged, order, page).await;
                let (_, plan) = &plans[0];
                assert!(plan.contains("Merge Append"), "{plan}");
                let walk = format!("using {index} on leads");
                assert_eq!(plan.matches(&walk).count(), 2, "{plan}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_far_down_any_order_is_not_planned_each_time() {
    let data = ManyLeads::make(20_000).await;
    let (admin, everybody) = (&data.actors[0], LeadFilter::default());
    for order in FIELDS.into_iter().flat_map(both_ways) {
        for start in [500, 5_000, 10_000, 15_000] {
            let start = Start::Offset(start);
            let far = data.list(admin, &everybody, order, page(start)).await;
            let place = order.place(&far.rows[20]);
            for _ in 0..8 {
                let start = Start::After(place.clone());
                data.list(admin, &everybody, order, page(start)).await;
            }
        }
        // PostgreSQL tries five plans for the values at hand before it trusts the general one.
        let plans = data
            .plans_for_values("%FROM \"leads\" WHERE%(SELECT%")
            .await;
        assert!(!plans.is_empty(), "{order:?}");
        assert!(
            plans.iter().all(|(_, count)| *count <= 5),
            "{order:?}: {plans:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_filtered_list_is_not_planned_each_time() {
    let data = ManyLeads::make(20_000).await;
    let website = LeadFilter {
        source: Some(vec![LeadSource::Website]),
        ..LeadFilter::default()
    };
    let status = |status: &[LeadStatus]| LeadFilter {
        status: Some(status.to_vec()),
        ..LeadFilter::default()
    };
    let won = status(&[LeadStatus::Won]);
    let both = status(&[LeadStatus::Won, LeadStatus::Lost]);
    let fields = [LeadOrderField::LeadScore, LeadOrderField::CreatedAt];
    for order in fields.into_iter().flat_map(both_ways) {
        for filter in [&website, &won, &both] {
            for _ in 0..12 {
                let start = page(Start::Offset(0));
                data.list(&data.actors[0], filter, order, start).await;
            }
        }
    }
    let plans = data
        .plans_for_values("%FROM (SELECT%) AS leads WHERE%")
        .await;
    assert!(!plans.is_empty());
    let anew: Vec<_> = plans.iter().filter(|(_, count)| *count > 5).collect();
    assert!(anew.is_empty(), "{anew:#?}");
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
    let place = order.place(&first.rows[20]);
    let mut starts = vec![
        Start::Offset(0),
        Start::After(place.clone()),
        Start::Before(None),
        Start::Before(Some(place)),
    ];
    if NULLABLE.contains(&order.field) {
        let place = Place {
            key: SortKey::Null,
            id: LeadId(uuid::Uuid::from_u128(u128::MAX / 2)),
            is_near: false,
        };
        starts.extend([Start::After(place.clone()), Start::Before(Some(place))]);
    }
    for start in starts {
        let plans = data.plans(actor, filter, order, page(start.clone())).await;
        assert!(!plans.is_empty());
        for (statement, plan) in plans {
            assert!(
                !plan.contains("Seq Scan") && !plan.contains("Sort"),
                "{order:?} {start:?}\n{statement}\n{plan}"
            );
        }
    }
}

fn page(start: Start<Place>) -> Page<Place> {
    Page { size: 25, start }
}
