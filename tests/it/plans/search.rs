//! Searches find the same leads in the same order whichever way they are found.

use std::collections::HashMap;

use crm::db::schema::leads as table;
use crm::service::leads::{
    Direction, LeadFilter, LeadOrder, LeadOrderField, LeadStatus, ListedLead, Place, Search,
};
use crm::service::page::{Page, Slice, Start};
use crm::service::users::UserRole;
use crm::service::{Actor, LeadId, UserId};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::any;
use proptest::sample::{Index, select};
use proptest::strategy::Strategy;

use crate::proofs::{prove, same, typing};

use super::{FIELDS, ManyLeads, NULLABLE};

/// A list of what is searched for, and where in it a page begins.
#[derive(Debug, Clone)]
struct Case {
    words: Vec<Word>,
    status: Option<LeadStatus>,
    actor: Index,
    order: LeadOrder,
    size: usize,
    start: Index,
}

/// A part of what some lead is found by, perhaps mistyped.
#[derive(Debug, Clone)]
struct Word {
    lead: Index,
    start: Index,
    length: usize,
    mistake: Option<char>,
}

fn cases() -> impl Strategy<Value = Case> {
    let mistake = weighted(0.3, select(vec!['q', 'a']));
    let word = (any::<Index>(), any::<Index>(), 1..20_usize, mistake);
    let word = word.prop_map(|(lead, start, length, mistake)| Word {
        lead,
        start,
        length,
        mistake,
    });
    let list = (
        vec(word, 1..3),
        weighted(0.3, select(LeadStatus::ALL)),
        any::<Index>(),
    );
    let order = (select(&FIELDS[..]), any::<bool>());
    let page = (1..30_usize, any::<Index>());
    (list, order, page).prop_map(
        |((words, status, actor), (field, up), (size, start))| Case {
            words,
            status,
            actor,
            order: LeadOrder {
                field,
                direction: if up { Direction::Asc } else { Direction::Desc },
            },
            size,
            start,
        },
    )
}

/// All leads, with what they are found by.
struct Oracle {
    leads: Vec<Known>,
    places: HashMap<LeadId, usize>,
}

struct Known {
    status: LeadStatus,
    assigned_to: Option<UserId>,
    is_archived: bool,
    search_text: String,
}

type Row = (LeadId, LeadStatus, Option<UserId>, bool, String);

impl Oracle {
    async fn read(data: &ManyLeads) -> Oracle {
        let mut conn = data.database.db().connection().await.unwrap();
        let columns = (
            table::id,
            table::status,
            table::assigned_to,
            table::archived_at.is_not_null(),
            table::search_text,
        );
        let rows: Vec<Row> = table::table.select(columns).load(&mut conn).await.unwrap();
        let places = rows.iter().enumerate().map(|(at, row)| (row.0, at));
        Oracle {
            places: places.collect(),
            leads: rows
                .into_iter()
                .map(|(_, status, assigned_to, is_archived, search_text)| Known {
                    status,
                    assigned_to,
                    is_archived,
                    search_text,
                })
                .collect(),
        }
    }

    fn found(
        &self,
        status: Option<LeadStatus>,
        actor: &Actor,
        search: &str,
        sorted: &[LeadId],
    ) -> Vec<LeadId> {
        let candidates = sorted.iter().filter(|id| {
            let lead = &self.leads[self.places[id]];
            let is_visible = match actor.role {
                UserRole::Admin => true,
                UserRole::Manager => lead
                    .assigned_to
                    .is_none_or(|user| actor.team.contains(&user)),
                UserRole::Agent => lead.assigned_to == Some(actor.id),
            };
            is_visible && !lead.is_archived && status.is_none_or(|s| s == lead.status)
        });
        let words: Vec<&str> = search.split_whitespace().collect();
        let (exact, rest): (Vec<LeadId>, Vec<LeadId>) = candidates.copied().partition(|id| {
            let text = &self.leads[self.places[id]].search_text;
            words.iter().all(|word| text.contains(word))
        });
        let near = rest.into_iter().filter(|id| {
            let text = &self.leads[self.places[id]].search_text;
            let name = text.lines().next().unwrap_or_default();
            let mut words = words.iter();
            words.all(|word| text.contains(word) || typing::has_near_word(word, name))
        });
        exact.iter().copied().chain(near).collect()
    }

    /// What the case searches for.
    fn search(&self, case: &Case) -> String {
        let words = case.words.iter().map(|word| {
            let text = &word.lead.get(&self.leads).search_text;
            let words: Vec<&str> = text.split_whitespace().collect();
            let letters: Vec<char> = word.start.get(&words).chars().collect();
            let start = word.start.index(letters.len());
            let mut part: Vec<char> = letters.into_iter().skip(start).take(word.length).collect();
            if let Some(mistake) = word.mistake {
                let last = part.len() - 1;
                part[last] = mistake;
            }
            part.into_iter().collect::<String>()
        });
        words.collect::<Vec<String>>().join(" ")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_the_same_page_whichever_way_it_is_found() {
    let data = ManyLeads::make(12_000).await;
    let oracle = Oracle::read(&data).await;
    prove(96, 20, cases(), async |case| {
        let search = oracle.search(&case);
        // Pieces of phones are found in more than one spelling: the tests of searches say how.
        if search
            .chars()
            .any(|c| c.is_ascii_digit() || "+-./()".contains(c))
        {
            return Ok(());
        }
        let actor = case.actor.get(&data.actors);
        let sorted = data.sorted(case.order).await;
        let expected = oracle.found(case.status, actor, &search, &sorted);
        let list = List {
            data: &data,
            actor,
            order: case.order,
            filter: LeadFilter {
                status: case.status.map(|status| vec![status]),
                search: Search(search.clone()),
                ..LeadFilter::default()
            },
        };
        let start = case.start.index(expected.len() + 1);
        list.check(&search, &expected, start, case.size).await
    });
}

struct List<'a> {
    data: &'a ManyLeads,
    actor: &'a Actor,
    order: LeadOrder,
    filter: LeadFilter,
}

impl List<'_> {
    /// A jump, the page after it, the page before that, which is the first again, and the end.
    async fn check(
        &self,
        search: &str,
        expected: &[LeadId],
        start: usize,
        size: usize,
    ) -> Result<(), String> {
        let is = |what: &str, page: &Slice<ListedLead>, from: usize, to: usize| {
            let from = from.min(expected.len());
            let to = to.min(expected.len());
            let ids: Vec<LeadId> = page.rows.iter().map(|row| row.lead.id).collect();
            let what = format!("{what} of {search:?}, {from}..{to} of {}", expected.len());
            same(&what, ids, expected[from..to].to_vec())
        };
        let jump = self.page(size, Start::Offset(start)).await;
        is("a jump", &jump, start, start + size)?;
        same("has more", jump.has_next, start + size < expected.len())?;
        let end = self.page(size, Start::Before(None)).await;
        is(
            "the end",
            &end,
            expected.len().saturating_sub(size),
            usize::MAX,
        )?;
        let Some(last) = jump.rows.as_slice().last() else {
            return Ok(());
        };
        let next = self.page(size, Start::After(self.order.place(last))).await;
        is("the next page", &next, start + size, start + 2 * size)?;
        let Some(first) = next.rows.as_slice().first() else {
            return Ok(());
        };
        let before = Start::Before(Some(self.order.place(first)));
        is(
            "the page before",
            &self.page(size, before).await,
            start,
            start + size,
        )
    }

    async fn page(&self, size: usize, start: Start<Place>) -> Slice<ListedLead> {
        let page = Page { size, start };
        self.data
            .list(self.actor, &self.filter, self.order, page)
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_begins_far_down_an_order_is_gathered_up_to_there_and_finds_the_same() {
    let data = ManyLeads::make(40_000).await;
    let oracle = Oracle::read(&data).await;
    let (mut sliced, mut listed) = (Vec::new(), Vec::new());
    let ways = [Direction::Asc, Direction::Desc];
    let fields = [
        LeadOrderField::LeadScore,
        LeadOrderField::ConversionProbability,
    ];
    for (field, direction) in fields.iter().flat_map(|&f| ways.map(|way| (f, way))) {
        let order = LeadOrder { field, direction };
        let sorted = data.sorted(order).await;
        // Free e-mail addresses cost points.
        for (search, actor) in [("gmail", 0), ("gmail", 1), ("gmail", 2), ("com", 0)] {
            let actor = &data.actors[actor];
            let expected = oracle.found(None, actor, search, &sorted);
            let list = List {
                data: &data,
                actor,
                order,
                filter: LeadFilter {
                    search: Search(search.to_owned()),
                    ..LeadFilter::default()
                },
            };
            for (start, size) in [(0, 10), (7, 25), (expected.len() / 2, 40)] {
                let checked = list.check(search, &expected, start, size).await;
                checked.unwrap_or_else(|difference| panic!("{order:?}: {difference}"));
            }
            let page = Page {
                size: 10,
                start: Start::Offset(0),
            };
            let plans = data.plans(actor, &list.filter, order, page).await;
            for (statement, plan) in plans {
                if statement.contains("<= (SELECT ") {
                    let is_and = plan.contains("BitmapAnd");
                    // Of one agent's leads PostgreSQL expects none, and few there are.
                    let is_one = statement.contains(" LIKE ") && !statement.contains("lead_owner");
                    assert!(is_and || !is_one, "{statement}\n{plan}");
                    sliced.push((search, field, direction));
                } else if statement.contains("lead_score_band") {
                    assert!(plan.contains("leads_search"), "{statement}\n{plan}");
                    listed.push((search, field, direction));
                }
            }
        }
    }
    let best_first = ("gmail", LeadOrderField::LeadScore, Direction::Desc);
    assert!(listed.contains(&best_first), "{listed:?}");
    assert!(!sliced.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_many_leads_there_is_room_for_what_an_index_leads_to() {
    let data = ManyLeads::make(20_000).await;
    let order = LeadOrder {
        field: LeadOrderField::LeadScore,
        direction: Direction::Desc,
    };
    let filter = LeadFilter {
        search: Search("xqzw".to_owned()),
        ..LeadFilter::default()
    };
    for (leads, has_room) in [(1_000_000, false), (10_000_000, true)] {
        let estimate = format!("UPDATE pg_class SET reltuples = {leads} WHERE relname = 'leads'");
        let mut conn = data.database.db().connection().await.unwrap();
        conn.batch_execute(&estimate).await.unwrap();
        drop(conn);
        for actor in &data.actors[..2] {
            let page = Page {
                size: 25,
                start: Start::Offset(0),
            };
            let statements = data.statements(actor, &filter, order, page).await;
            let of = |part| statements.iter().filter(move |text| text.contains(part));
            assert_ne!(of("OFFSET 0)").count(), 0, "{statements:?}");
            let expected = if has_room { of("OFFSET 0)").count() } else { 0 };
            let room = of("SET LOCAL work_mem = '64MB'").count();
            assert_eq!(room, expected, "{leads}: {statements:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_search_in_parts_the_index_is_asked_for_the_rare_ones_only() {
    let data = ManyLeads::make(20_000).await;
    for (search, parts) in [
        ("xqzwk.example", 1),
        ("example xqzwk", 1),
        ("xqzwk", 1),
        ("kow-mar.example", 2),
    ] {
        let filter = LeadFilter {
            search: Search(search.to_owned()),
            ..LeadFilter::default()
        };
        let page = Page {
            size: 25,
            start: Start::Offset(0),
        };
        let order = LeadOrder::default();
        let plans = data.plans(&data.actors[0], &filter, order, page).await;
        let gathered = plans.iter().filter(|(text, _)| text.contains("OFFSET 0)"));
        let asked = gathered.map(|(text, _)| text.matches(" LIKE ").count());
        assert_eq!(asked.collect::<Vec<_>>(), [parts], "{search}: {plans:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rare_search_is_gathered_by_the_trigram_index_and_no_other_statement_reads_the_table() {
    let data = ManyLeads::make(20_000).await;
    for search in ["xqzw", "xq", "kowalskx"] {
        let filter = LeadFilter {
            search: Search(search.to_owned()),
            ..LeadFilter::default()
        };
        // A look at the few thousand leads that have a value in the others is a look at most.
        for field in FIELDS.into_iter().filter(|field| !NULLABLE.contains(field)) {
            let order = LeadOrder {
                field,
                direction: Direction::Desc,
            };
            let page = Page {
                size: 25,
                start: Start::Offset(0),
            };
            let plans = data.plans(&data.actors[0], &filter, order, page).await;
            for (statement, plan) in &plans {
                assert!(!plan.contains("Seq Scan"), "{statement}\n{plan}");
                let is_gathered = statement.contains("OFFSET 0)");
                assert_eq!(
                    plan.contains("leads_search"),
                    is_gathered,
                    "{statement}\n{plan}"
                );
                // A sample is looked at in order, too.
                let is_sorted = is_gathered || statement.contains("stretch");
                assert_eq!(plan.contains("Sort"), is_sorted, "{statement}\n{plan}");
            }
            assert!(plans.iter().any(|(_, plan)| plan.contains("leads_search")));
        }
    }
}
