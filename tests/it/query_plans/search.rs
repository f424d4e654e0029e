//! Searches find the same leads in the same order whichever way they are found.

use std::collections::HashMap;

use crm::db::schema::leads as table;
use crm::service::leads::{
    self, Columns, Cursor, Direction, LeadFilter, LeadOrder, LeadStatus, ListedLead, Search,
};
use crm::service::page::{Page, PageResult, Start};
use crm::service::users::UserRole;
use crm::service::{Actor, LeadId, UserId};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::any;
use proptest::sample::{Index, select};
use proptest::strategy::Strategy;

use crate::properties::{prove, same, typing};

use super::{FIELDS, ManyLeads};

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

    /// The search text of the case.
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
        let is = |what: &str, page: &PageResult<ListedLead>, from: usize, to: usize| {
            let from = from.min(expected.len());
            let to = to.min(expected.len());
            let ids: Vec<LeadId> = page.rows.iter().map(|row| *row.id()).collect();
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
        let next = self.page(size, Start::After(self.order.cursor(last))).await;
        is("the next page", &next, start + size, start + 2 * size)?;
        let Some(first) = next.rows.as_slice().first() else {
            return Ok(());
        };
        let before = Start::Before(Some(self.order.cursor(first)));
        is(
            "the page before",
            &self.page(size, before).await,
            start,
            start + size,
        )
    }

    async fn page(&self, size: usize, start: Start<Cursor>) -> PageResult<ListedLead> {
        let page = Page { size, start };
        self.data
            .list(self.actor, &self.filter, self.order, page)
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_domain_the_index_is_asked_for_what_stands_before_the_last_dot() {
    let data = ManyLeads::make(5_000).await;
    for (search, looked_up) in [
        ("xqzwk.example", "%xqzwk%"),
        ("xqzwk.kow.example", "%xqzwk.kow%"),
        ("xqzwk", "%xqzwk%"),
        ("xq.example", "%xq.example%"),
    ] {
        let filter = LeadFilter {
            search: Search(search.to_owned()),
            ..LeadFilter::default()
        };
        let statements = data
            .statements(&data.actors[0], &filter, LeadOrder::default(), first_page())
            .await;
        let scan = statements
            .iter()
            .find(|text| text.contains("SELECT lead_id FROM lead_search"))
            .unwrap_or_else(|| panic!("{statements:?}"));
        assert!(scan.contains(&format!("{looked_up:?}")), "{search}: {scan}");
        assert_eq!(scan.matches(" LIKE ").count(), 1, "{search}: {scan}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rare_search_is_found_by_one_index_and_reads_no_table_from_end_to_end() {
    let data = ManyLeads::make(20_000).await;
    for search in ["xqzw", "xq", "kowalskx"] {
        let filter = LeadFilter {
            search: Search(search.to_owned()),
            ..LeadFilter::default()
        };
        for field in FIELDS {
            let order = LeadOrder {
                field,
                direction: Direction::Desc,
            };
            let plans = data
                .plans(&data.actors[0], &filter, order, first_page())
                .await;
            for (statement, plan) in &plans {
                let is_scan = statement.contains("SELECT lead_id FROM lead_search");
                assert!(!plan.contains("Seq Scan"), "{statement}\n{plan}");
                assert_eq!(
                    plan.contains("lead_search_all"),
                    is_scan,
                    "{statement}\n{plan}"
                );
                assert_eq!(plan.contains("Sort"), is_scan, "{statement}\n{plan}");
            }
            // The first rows of the order, and what the index leads to; then the mistyped names.
            let most = if search.len() >= 4 { 3 } else { 2 };
            assert!(plans.len() <= most, "{search} {order:?}: {plans:#?}");
        }
    }
}

/// So many leads that no bounded step finds what the last of them alone has.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_bounded_step_finds_is_gathered_unless_there_are_too_many_leads() {
    let data = ManyLeads::make(200).await;
    // The indexes of other orders would take half a minute.
    let fill = "DROP INDEX leads_updated_at, leads_lead_score, leads_conversion_probability, leads_status, leads_source, \
            leads_last_contact_date, leads_next_follow_up, leads_last_name, leads_company, \
            leads_status_created_at, leads_status_last_contact_date, leads_status_next_follow_up, \
            leads_status_conversion_probability, leads_lead_score_status, leads_email, leads_phone, \
            leads_assigned_to_created_at, leads_assigned_to_lead_score, lead_search_all; \
        ALTER TABLE leads DISABLE TRIGGER USER; \
        INSERT INTO leads (id, last_name, phone, source, status, lead_score, conversion_probability, \
            created_at, updated_at, search_text, last_name_key) \
        SELECT gen_random_uuid(), 'Name', '+48' || 600000000 + n, 'OTHER', 'NEW', 10, 0.5, \
            '2020-01-01T00:00:00Z'::timestamptz + n * interval '1 minute', now(), \
            CASE n WHEN 0 THEN '=' ELSE 'name' END || E'\\n\\n\\n48' || 600000000 + n, 'name' \
        FROM generate_series(0, 104999) AS n; \
        INSERT INTO lead_search SELECT id, search_text, assigned_to, tag_keys, custom_fields, false \
        FROM leads WHERE last_name_key = 'name' AND source = 'OTHER' AND custom_fields = '{}'; \
        ALTER TABLE leads ENABLE TRIGGER USER; ANALYZE leads, lead_search";
    let mut conn = data.database.db().connection().await.unwrap();
    conn.batch_execute(fill).await.unwrap();
    drop(conn);
    let filter = LeadFilter {
        search: Search("=".to_owned()),
        ..LeadFilter::default()
    };
    let (admin, order) = (&data.actors[0], LeadOrder::default());
    let found = data.list(admin, &filter, order, first_page()).await;
    assert_eq!(found.rows.len(), 1);
    assert!(!found.has_next);
    for (leads, code) in [(4_900_000, None), (5_100_000, Some("SEARCH_TOO_WIDE"))] {
        let estimate = format!("UPDATE pg_class SET reltuples = {leads} WHERE relname = 'leads'");
        let mut conn = data.database.db().connection().await.unwrap();
        conn.batch_execute(&estimate).await.unwrap();
        drop(conn);
        let db = data.database.db();
        let page = leads::list(db, admin, &filter, order, &first_page(), Columns::ALL).await;
        let refused = page.as_ref().err();
        assert_eq!(refused.map(|error| error.code()), code);
        let message = refused.map(|error| error.message()).unwrap_or_default();
        assert_eq!(
            message.contains("status, assignee"),
            code.is_some(),
            "{message}"
        );
        // What is found by an index, or is counted, is not refused.
        let narrow = LeadFilter {
            search: Search("= 48600000000".to_owned()),
            ..LeadFilter::default()
        };
        assert_eq!(
            data.list(admin, &narrow, order, first_page())
                .await
                .rows
                .len(),
            1
        );
        assert_eq!(leads::count(db, admin, &filter).await.ok(), Some(1));
    }
}

fn first_page() -> Page<Cursor> {
    Page {
        size: 25,
        start: Start::Offset(0),
    }
}
