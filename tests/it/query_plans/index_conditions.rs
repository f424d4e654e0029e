//! Index conditions of a search, and of a filter on statuses, sources, owners, scores, times, tags and
//! custom fields: just the leads that fit both are found, and one index is asked for both.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use crm::db::schema::leads as table;
use crm::service::leads::{
    Archived, Direction, LeadFilter, LeadOrder, LeadOrderField, LeadSource, LeadStatus, ListedLead,
    RangeFilter, Search,
};
use crm::service::page::{Page, Start};
use crm::service::users::UserRole;
use crm::service::{Actor, LeadId, UserId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::{Just, any};
use proptest::sample::{Index, select};
use proptest::strategy::Strategy;
use serde_json::Value;

use crate::properties::{prove, same};

use super::{FIELDS, ManyLeads};

/// Too short to be mistyped: frequent and rare ones, and some that the index cannot be asked for, or for
/// nothing at all.
const TERMS: [&str; 12] = [
    "gma", "an", "exa", "e", "kow", "gmb", "zzz", "la", "", "", "", "",
];

#[derive(Queryable)]
struct Known {
    id: LeadId,
    status: LeadStatus,
    source: LeadSource,
    assigned_to: Option<UserId>,
    lead_score: i32,
    created_at: DateTime<Utc>,
    tags: Vec<String>,
    custom_fields: Value,
    is_archived: bool,
    search_text: String,
}

/// A filter by some leads: those are among the ones that it lets through, mostly.
#[derive(Debug, Clone)]
struct Case {
    like: Vec<Index>,
    parts: [bool; 8],
    archived: Option<Archived>,
    days: i64,
    is_nested: bool,
    unassigned: Option<bool>,
    term: &'static str,
    actor: Index,
    order: LeadOrder,
}

fn cases() -> impl Strategy<Value = Case> {
    let parts = proptest::array::uniform8(weighted(0.25, Just(())).prop_map(|part| part.is_some()));
    let archived = weighted(0.15, select(vec![Archived::Only, Archived::Include]));
    let filter = (
        vec(any::<Index>(), 1..4),
        parts,
        1..500_i64,
        any::<bool>(),
        of(any::<bool>()),
        archived,
    );
    let list = (
        select(&TERMS[..]),
        any::<Index>(),
        select(&FIELDS[..]),
        any::<bool>(),
    );
    (filter, list).prop_map(
        |((like, parts, days, is_nested, unassigned, archived), (term, actor, field, up))| Case {
            like,
            parts,
            archived,
            days,
            is_nested,
            unassigned,
            term,
            actor,
            order: LeadOrder {
                field,
                direction: if up { Direction::Asc } else { Direction::Desc },
            },
        },
    )
}

impl Case {
    fn filter(&self, leads: &[Known]) -> LeadFilter {
        let like: Vec<&Known> = self.like.iter().map(|at| at.get(leads)).collect();
        let [status, source, owner, score, day, all, some, custom] = self.parts;
        let owners = like.iter().filter_map(|lead| lead.assigned_to);
        let tags = || {
            like.iter()
                .flat_map(|lead| lead.tags.iter().take(1).cloned())
        };
        let first = like[0].created_at;
        let filter = LeadFilter {
            status: status.then(|| like.iter().map(|lead| lead.status).collect()),
            source: source.then(|| like.iter().map(|lead| lead.source).collect()),
            assigned_to: owner.then(|| owners.collect()),
            unassigned: self.unassigned.filter(|_| owner),
            lead_score_min: score.then_some(like[0].lead_score - 20),
            lead_score_max: (score && day).then_some(like[0].lead_score + 10),
            is_hot_lead: score.then_some(status),
            created_at: RangeFilter {
                from: day.then_some(first),
                to: day.then(|| first + TimeDelta::days(self.days)),
            },
            tags_all: all.then(|| tags().take(1).collect()),
            tags_any: some.then(|| tags().collect()),
            custom_fields: custom.then(|| like[0].custom_fields.clone().into()),
            ..LeadFilter::default()
        };
        let filter = match self.is_nested {
            true => LeadFilter {
                and: vec![filter],
                ..LeadFilter::default()
            },
            false => filter,
        };
        LeadFilter {
            search: Search(self.term.to_owned()),
            archived: self.archived,
            ..filter
        }
    }
}

/// True if the lead matches the filter, by the documentation of each part.
fn selects(filter: &LeadFilter, lead: &Known) -> bool {
    let owner = match (&filter.assigned_to, filter.unassigned) {
        (None, None) => true,
        (None, Some(nobody)) => lead.assigned_to.is_none() == nobody,
        (Some(listed), nobody) => match lead.assigned_to {
            Some(user) => listed.contains(&user),
            None => nobody == Some(true),
        },
    };
    let has = |tag: &String| lead.tags.contains(tag);
    let is_in = |listed: &Option<Vec<LeadStatus>>| {
        listed
            .as_ref()
            .is_none_or(|listed| listed.contains(&lead.status))
    };
    owner
        && is_in(&filter.status)
        && (filter.source.as_ref()).is_none_or(|listed| listed.contains(&lead.source))
        && filter
            .lead_score_min
            .is_none_or(|least| lead.lead_score >= least)
        && filter
            .lead_score_max
            .is_none_or(|most| lead.lead_score <= most)
        && filter
            .is_hot_lead
            .is_none_or(|is_hot| is_hot == (lead.lead_score > 70))
        && (filter.created_at.from).is_none_or(|from| lead.created_at >= from)
        && (filter.created_at.to).is_none_or(|to| lead.created_at < to)
        && (filter.tags_all.as_ref()).is_none_or(|tags| tags.iter().all(has))
        && (filter.tags_any.as_ref()).is_none_or(|tags| tags.iter().any(has))
        && (filter.custom_fields.as_ref()).is_none_or(|fields| {
            let fields: Value = fields.to_string().parse().unwrap();
            let fields = fields.as_object().unwrap();
            fields
                .iter()
                .all(|(name, value)| lead.custom_fields.get(name) == Some(value))
        })
        && filter.and.iter().all(|part| selects(part, lead))
}

fn is_visible(actor: &Actor, lead: &Known) -> bool {
    match actor.role {
        UserRole::Admin => true,
        UserRole::Manager => (lead.assigned_to).is_none_or(|user| actor.team.contains(&user)),
        UserRole::Agent => lead.assigned_to == Some(actor.id),
    }
}

async fn known(data: &ManyLeads) -> Vec<Known> {
    let columns = (
        table::id,
        table::status,
        table::source,
        table::assigned_to,
        table::lead_score,
        table::created_at,
        table::tags,
        table::custom_fields,
        table::archived_at.is_not_null(),
        table::search_text,
    );
    let mut conn = data.database.db().connection().await.unwrap();
    table::table.select(columns).load(&mut conn).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_searched_for_and_filtered_by_is_found_in_order_and_nothing_else() {
    let data = ManyLeads::make(12_000).await;
    let leads = known(&data).await;
    let leads_by_id: HashMap<LeadId, &Known> = leads.iter().map(|lead| (lead.id, lead)).collect();
    prove(256, 20, cases(), async |case| {
        let (filter, actor) = (case.filter(&leads), case.actor.get(&data.actors));
        let fits = |lead: &Known| {
            let is_meant = match filter.archived {
                None | Some(Archived::Exclude) => !lead.is_archived,
                Some(Archived::Only) => lead.is_archived,
                Some(Archived::Include) => true,
            };
            is_meant
                && is_visible(actor, lead)
                && selects(&filter, lead)
                && lead.search_text.contains(case.term)
        };
        let mut expected = data.sorted(case.order).await;
        expected.retain(|id| fits(leads_by_id[id]));
        let page = async |start| {
            let found = data.list(actor, &filter, case.order, Page { size: 40, start });
            found.await.rows
        };
        let ids =
            |rows: &[ListedLead]| -> Vec<LeadId> { rows.iter().map(|row| *row.id()).collect() };
        let at = |from: usize| -> Vec<LeadId> {
            let to = (from + 40).min(expected.len());
            expected[from.min(to)..to].to_vec()
        };
        let first = page(Start::Offset(0)).await;
        same("the first", ids(&first), at(0))?;
        let further = page(Start::Offset(57)).await;
        same("a jump", ids(&further), at(57))?;
        let last = page(Start::Before(None)).await;
        same(
            "the last",
            ids(&last),
            at(expected.len().saturating_sub(40)),
        )?;
        let Some(row) = further.get(20) else {
            return Ok(());
        };
        let place = case.order.cursor(row);
        let after = page(Start::After(place.clone())).await;
        same("the next", ids(&after), at(78))?;
        let before = page(Start::Before(Some(place))).await;
        same("those before", ids(&before), at(37))
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_search_and_filter_leave_few_of_is_asked_of_one_index() {
    let data = ManyLeads::make(20_000).await;
    let leads = known(&data).await;
    let tag = "smb".to_owned();
    let few = |lead: &&Known| lead.tags.contains(&tag) && lead.search_text.lines().count() == 4;
    let phone = leads.iter().find(few).unwrap().search_text.lines().last();
    let filter = LeadFilter {
        search: Search(phone.unwrap().to_owned()),
        tags_any: Some(vec![tag.clone(), "webinar".to_owned()]),
        ..LeadFilter::default()
    };
    let page = Page {
        size: 40,
        start: Start::Offset(0),
    };
    let order = LeadOrder {
        field: LeadOrderField::Company,
        direction: Direction::Asc,
    };
    assert!(leads.iter().any(|lead| selects(&filter, lead)));
    for actor in &data.actors {
        let plans = data.plans(actor, &filter, order, page.clone()).await;
        let scans: Vec<&(String, String)> = plans
            .iter()
            .filter(|(text, _)| text.contains("SELECT lead_id FROM lead_search"))
            .collect();
        assert!(!scans.is_empty(), "{plans:?}");
        for (statement, plan) in scans {
            assert_eq!(
                plan.matches("on lead_search_all").count(),
                1,
                "{statement}\n{plan}"
            );
            // What is searched for, or names near it; tags; and whose leads the viewer sees.
            let (_, scan) = plan.split_once("on lead_search_all").unwrap();
            let (conditions, _) = scan.split_once("InitPlan").unwrap();
            assert!(conditions.contains("tags &&"), "{plan}");
            let is_owned = conditions.contains("COALESCE(assigned_to");
            assert_eq!(is_owned, actor.role != UserRole::Admin, "{plan}");
        }
    }
}
