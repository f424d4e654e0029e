//! Leads that a filter names by what an index of its own has.

use crm::service::LeadId;
use crm::service::leads::{LeadFilter, LeadOrder, TextMatch};
use crm::service::page::{Page, Start};
use uuid::Uuid;

use super::ManyLeads;

fn filters() -> Vec<(&'static str, LeadFilter)> {
    let text = |text: &str| text.to_owned();
    let equals = |text: &str| TextMatch {
        equals: Some(text.to_owned()),
        ..TextMatch::default()
    };
    let one_of = |some: [&str; 2]| TextMatch {
        one_of: Some(some.map(text).into()),
        ..TextMatch::default()
    };
    let all = LeadFilter::default;
    vec![
        (
            "leads_pkey",
            LeadFilter {
                ids: Some(vec![LeadId(Uuid::now_v7()), LeadId(Uuid::now_v7())]),
                ..all()
            },
        ),
        (
            "leads_phone",
            LeadFilter {
                phone: equals("+48601234567"),
                ..all()
            },
        ),
        (
            "leads_phone",
            LeadFilter {
                phone: one_of(["+48601234567", "+4930901820"]),
                ..all()
            },
        ),
        (
            "leads_email",
            LeadFilter {
                email: equals("ann@acme.example"),
                ..all()
            },
        ),
        (
            "leads_email",
            LeadFilter {
                email: one_of(["ann@acme.example", "bea@acme.example"]),
                ..all()
            },
        ),
        (
            "leads_job_title",
            LeadFilter {
                job_title: equals("Head of Purchasing"),
                ..all()
            },
        ),
        (
            "leads_job_title",
            LeadFilter {
                job_title: one_of(["Buyer", "Owner"]),
                ..all()
            },
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_that_a_filter_names_are_looked_up_in_the_index_of_that() {
    let data = ManyLeads::make(20_000).await;
    let page = Page {
        size: 25,
        start: Start::Offset(0),
    };
    for (index, filter) in filters() {
        for actor in &data.actors {
            let order = LeadOrder::default();
            let plans = data.plans(actor, &filter, order, page.clone()).await;
            let [(_, plan)] = plans.as_slice() else {
                panic!("{filter:?} takes {plans:#?}");
            };
            assert!(plan.contains(index), "{filter:?}: {plan}");
        }
    }
}
