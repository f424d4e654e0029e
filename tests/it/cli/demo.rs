//! Made-up leads are leads like any other.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use crm::db::RequestDb;
use crm::db::schema::{lead_notes, leads};
use crm::demo::{Progress, RANDOM_SEED, Removed, fill_empty, generate, remove};
use crm::service::leads::bulk::BulkMode;
use crm::service::leads::{CreateLead, CreateLeads, Lead, LeadStatus, MOST_AT_ONCE, NewLead};
use crm::service::sessions::PUBLISHED_PASSWORD;
use crm::service::timeline::{AddNote, Entry, EntryType, NoteType, replay};
use crm::service::users::{UserFilter, UserRole};
use crm::service::{Actor, Json, LeadId, perform, sessions, users};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value};
use unicode_normalization::is_nfc;

use crate::support::TestDatabase;

#[tokio::test]
async fn made_up_leads_pass_the_checks_of_the_service_and_are_not_all_alike() {
    let database = TestDatabase::new().await;
    let leads = made_up(database.db(), 2_000).await;
    assert_eq!(leads.len(), 2_000);
    for some in leads.chunks(MOST_AT_ONCE) {
        let command = CreateLeads {
            leads: some.iter().map(as_new).collect(),
            mode: BulkMode::Partial,
            dry_run: true,
            most_rows: usize::MAX,
        };
        let result = perform(database.db(), &Actor::operator(), command).await;
        let result = result.expect("a result");
        let faults: Vec<_> = result
            .rows
            .iter()
            .filter_map(|row| row.error.as_ref())
            .collect();
        assert_eq!(result.failed, 0, "{faults:?}");
    }
    let now = now();
    let share = |condition: &dyn Fn(&Lead) -> bool| {
        leads.iter().filter(|lead| condition(lead)).count() as f64 / leads.len() as f64
    };
    for &status in LeadStatus::ALL {
        assert!(share(&|lead| lead.status == status) > 0.01, "{status:?}");
    }
    assert!((0.01..0.06).contains(&share(&Lead::is_archived)));
    assert!((0.01..0.04).contains(&share(&|lead| lead.score_is_manual)));
    assert!((0.05..0.4).contains(&share(&|lead| {
        lead.next_follow_up.is_some_and(|at| at < now)
    })));
    assert!((0.03..0.15).contains(&share(&|lead| lead.assigned_to.is_none())));
    assert!((0.5..0.9).contains(&share(&|lead| lead.has_business_email)));
    let is_foreign = |name: &String| !name.is_ascii();
    assert!(share(&|lead| lead.last_name.as_ref().is_some_and(is_foreign)) > 0.05);
    for lacks in [
        |lead: &Lead| lead.first_name.is_none() && lead.last_name.is_some(),
        |lead: &Lead| lead.first_name.is_some() && lead.last_name.is_none(),
        |lead: &Lead| lead.first_name.is_none() && lead.last_name.is_none(),
    ] {
        let share = share(&lacks);
        assert!(share > 0.005 && share < 0.05, "{share}");
    }
    assert!(
        leads
            .iter()
            .all(|lead| lead.created_at <= lead.updated_at && lead.updated_at <= now)
    );
    let by_time = leads.iter().map(|lead| lead.created_at);
    assert!(by_time.is_sorted(), "ids are in the order of time");
}

#[tokio::test]
async fn names_are_letters_and_fit_the_address() {
    let database = TestDatabase::new().await;
    let leads = made_up(database.db(), 2_000).await;
    let is_letter = |c: char| c.is_alphabetic() || c == ' ';
    let (mut domains, mut companies) = (HashMap::new(), HashMap::new());
    for lead in &leads {
        for name in lead.first_name.iter().chain(&lead.last_name) {
            assert!(name.chars().all(is_letter), "{name:?}");
        }
        let company = lead.company.as_deref();
        let is_sign = |c| is_letter(c) || "&.".contains(c);
        assert!(company.unwrap_or_default().chars().all(is_sign), "{lead:?}");
        for text in lead
            .first_name
            .iter()
            .chain(&lead.last_name)
            .chain(&lead.company)
        {
            assert!(is_nfc(text), "{text:?}");
        }
        let Some((user, domain)) = lead.email.as_deref().and_then(|all| all.split_once('@')) else {
            continue;
        };
        assert_eq!(company.is_some(), lead.has_business_email, "{lead:?}");
        if let (Some(last), true) = (
            &lead.last_name,
            lead.last_name.as_ref().is_some_and(|name| name.is_ascii()),
        ) {
            let last = last.to_lowercase().replace(' ', "");
            assert!(user.contains(&last), "{lead:?}");
        }
        if let Some(company) = company {
            assert_eq!(*domains.entry(company).or_insert(domain), domain);
            assert_eq!(*companies.entry(domain).or_insert(company), company);
            let words = domain.strip_suffix(".example").expect(domain).split('-');
            let name = company.split_whitespace().filter(|word| *word != "&");
            for (word, part) in words.zip(name).filter(|(_, part)| part.is_ascii()) {
                assert_eq!(word, part.to_lowercase(), "{company}");
            }
        }
    }
    assert!(domains.len() > 200, "{}", domains.len());
}

#[tokio::test]
async fn phone_numbers_can_exist_and_are_of_the_country_of_the_lead() {
    let database = TestDatabase::new().await;
    let leads = made_up(database.db(), 500).await;
    let mut countries: HashMap<&str, String> = HashMap::new();
    for lead in &leads {
        let Some(phone) = lead.phone.as_deref() else {
            continue;
        };
        let number = phonenumber::parse(None, phone).expect(phone);
        assert!(number.is_valid(), "{phone}");
        // The colleagues of a company have phones of one country.
        if let Some(company) = lead.company.as_deref() {
            let code = number.code().value().to_string();
            let known = countries.entry(company).or_insert_with(|| code.clone());
            assert_eq!(*known, code, "{company}");
        }
    }
    assert!(countries.len() > 50, "{}", countries.len());
}

#[tokio::test]
async fn leads_come_in_until_today_and_follow_ups_lie_around_it() {
    let database = TestDatabase::new().await;
    let leads = made_up(database.db(), 2_000).await;
    let (now, day) = (now(), TimeDelta::days(1));
    let today = "2026-03-18T00:00:00Z".parse().expect("a time");
    let since = |days| {
        let count = leads
            .iter()
            .filter(|lead| lead.created_at > now - day * days);
        count.count()
    };
    assert_eq!(since(366), 2_000);
    assert!(since(1) > 3, "{}", since(1));
    // More in each half of a year than in the one before.
    assert!(since(183) * 10 > 2_000 * 11 / 2, "{}", since(183));
    for lead in &leads {
        let been = [Some(lead.created_at), Some(lead.updated_at)];
        let been = been
            .into_iter()
            .chain([lead.last_contact_date, lead.archived_at]);
        assert!(been.flatten().all(|at| at <= now), "{lead:?}");
        assert!(lead.next_follow_up > lead.last_contact_date || lead.next_follow_up.is_none());
    }
    let open = leads.iter().filter(|lead| lead.next_follow_up.is_some());
    let open: Vec<_> = open.filter_map(|lead| lead.next_follow_up).collect();
    let planned = |from: DateTime<Utc>, to: DateTime<Utc>| {
        let count = open.iter().filter(|at| (from..to).contains(at)).count();
        count as f64 / open.len() as f64
    };
    let overdue = planned(today - day * 14, today);
    assert!((0.1..0.5).contains(&overdue), "{overdue}");
    let of_today = planned(today, today + day);
    assert!((0.05..0.2).contains(&of_today), "{of_today}");
    let ahead = planned(today + day, today + day * 8);
    assert!((0.2..0.6).contains(&ahead), "{ahead}");
}

#[tokio::test]
async fn the_facts_of_a_lead_fit_its_status() {
    let database = TestDatabase::new().await;
    let leads = made_up(database.db(), 2_000).await;
    for lead in leads.iter().filter(|lead| !lead.is_archived()) {
        let (is_new, likely) = (lead.status == LeadStatus::New, lead.conversion_probability);
        assert_eq!(lead.last_contact_date.is_none(), is_new, "{lead:?}");
        assert!(!is_new || lead.call_attempts == 0, "{lead:?}");
        let is_closed = match lead.status {
            LeadStatus::Won => likely == 1.0,
            LeadStatus::Lost => likely == 0.0,
            _ => likely > 0.0 && likely < 1.0,
        };
        assert!(is_closed, "{lead:?}");
        let is_awaited = lead.status == LeadStatus::Callback;
        assert!(lead.next_follow_up.is_some() || !is_awaited, "{lead:?}");
        assert!(
            lead.assigned_to.is_some() || likely == 0.0 || is_new,
            "{lead:?}"
        );
        let score = f64::from(lead.lead_score) / 100.0;
        assert!(
            !lead.score_is_manual || (score - likely).abs() < 0.11,
            "{lead:?}"
        );
        let sizes = lead
            .tags
            .iter()
            .filter(|tag| ["enterprise", "smb"].contains(&tag.as_str()));
        assert!(sizes.count() < 2, "{lead:?}");
    }
    let mut conn = database.db().connection().await.expect("a connection");
    let notes = lead_notes::table.select(Entry::as_select());
    let notes: Vec<Entry> = notes.load(&mut conn).await.expect("notes");
    for note in notes
        .iter()
        .filter(|note| note.entry_type != EntryType::Change)
    {
        assert!(
            note.author_id.is_some() && note.created_at <= now(),
            "{note:?}"
        );
    }
}

#[tokio::test]
async fn the_changes_of_made_up_leads_replayed_give_the_leads() {
    let database = TestDatabase::new().await;
    let leads = made_up(database.db(), 1_000).await;
    let mut conn = database.db().connection().await.expect("a connection");
    let notes = lead_notes::table
        .order_by(lead_notes::position)
        .select(Entry::as_select());
    let notes: Vec<Entry> = notes.load(&mut conn).await.expect("notes");
    let mut replayed: HashMap<LeadId, BTreeMap<String, Json>> = HashMap::new();
    let mut written = 0;
    for note in &notes {
        replay(replayed.entry(note.lead_id).or_default(), &note.changes());
        written += usize::from(note.entry_type != EntryType::Change);
    }
    assert!(written > 100, "{written}");
    for lead in leads {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(&lead) else {
            panic!("{lead:?}");
        };
        fields.retain(|name, value| {
            !value.is_null() && !["id", "updatedAt", "version"].contains(&name.as_str())
        });
        let replayed = replayed.remove(&lead.id).expect("a timeline").into_iter();
        let replayed: Map<String, Value> = replayed
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, value.as_str().parse().expect("JSON")))
            .collect();
        assert_eq!(replayed, fields);
    }
}

#[tokio::test]
async fn the_same_random_seed_makes_up_the_same_leads_and_then_others() {
    let (one, other) = (TestDatabase::new().await, TestDatabase::new().await);
    let first = made_up(one.db(), 200).await;
    assert_eq!(first, made_up(other.db(), 200).await);
    assert_eq!(made_up(one.db(), 200).await.len(), 400);
}

#[tokio::test]
async fn the_demo_is_there_once_and_its_people_can_sign_in() {
    let database = TestDatabase::new().await;
    let db = database.db();
    assert!(fill_empty(db, now()).await.expect("a demo"));
    assert!(!fill_empty(db, now()).await.expect("no demo"));
    assert_eq!(all(db).await.len(), 1_000);
    for (role, count) in [(UserRole::Manager, 3), (UserRole::Agent, 12)] {
        let filter = UserFilter {
            role: Some(role),
            ..UserFilter::default()
        };
        let found = users::count(db, &Actor::operator(), &filter).await;
        assert_eq!(found.expect("a count"), count);
    }
    let hour = TimeDelta::hours(1);
    let maria = "maria.schmidt@example.com";
    let session = sessions::login(
        db,
        maria,
        PUBLISHED_PASSWORD,
        None,
        crate::support::lasting(hour),
    )
    .await;
    assert_eq!(session.expect("a session").user.full_name, "Maria Schmidt");
}

#[tokio::test]
async fn the_demo_goes_but_for_what_others_touched() {
    let database = TestDatabase::new().await;
    let db = database.db();
    fill_empty(db, now()).await.expect("a demo");
    let leads = all(db).await;
    let noted = leads
        .iter()
        .find(|lead| lead.assigned_to.is_some())
        .expect("a lead of somebody");
    let note = AddNote {
        lead: noted.id,
        expected_version: None,
        note_type: NoteType::Note,
        content: "Somebody calls back".to_owned(),
    };
    let by_hand = Actor::operator();
    perform(db, &by_hand, note).await.expect("a note");
    let earnest = CreateLead(NewLead {
        company: Some("Earnest Ltd".to_owned()),
        email: Some("office@earnest.example".to_owned()),
        ..NewLead::default()
    });
    let earnest = perform(db, &by_hand, earnest).await.expect("a lead");
    // A run after that leaves the earnest lead between two runs.
    generate(db, 10, 7, now(), Progress::Silent)
        .await
        .expect("ten more");
    let removed = remove(db).await.expect("no demo");
    let left: Vec<LeadId> = all(db).await.iter().map(|lead| lead.id).collect();
    let mut expected = vec![noted.id, earnest.id];
    expected.sort();
    assert_eq!(left, expected);
    // The owner of the lead that stays, and those who wrote in it.
    assert_eq!(removed.leads, 1_009);
    assert_eq!(removed.users + removed.deactivated, 15);
    assert!(
        removed.deactivated >= 1 && removed.users >= 8,
        "{removed:?}"
    );
    assert_eq!(remove(db).await.expect("nothing"), Removed::default());
}

#[tokio::test]
async fn a_lead_that_somebody_notes_on_while_the_demo_goes_stays() {
    let database = TestDatabase::new().await;
    let db = database.db();
    fill_empty(db, now()).await.expect("a demo");
    let leads = all(db).await;
    let somebody = async {
        let mut noted = Vec::new();
        for lead in leads.iter().step_by(9) {
            let note = AddNote {
                lead: lead.id,
                expected_version: None,
                note_type: NoteType::Note,
                content: "Somebody calls back".to_owned(),
            };
            // One that is gone already cannot be noted on.
            if perform(db, &Actor::operator(), note).await.is_ok() {
                noted.push(lead.id);
            }
        }
        noted
    };
    let (removed, mut noted) = tokio::join!(remove(db), somebody);
    assert!(!noted.is_empty());
    let left: Vec<LeadId> = all(db).await.iter().map(|lead| lead.id).collect();
    noted.sort();
    assert_eq!(left, noted);
    assert_eq!(removed.expect("no demo").leads, 1_000 - noted.len());
}

/// A Wednesday, in the afternoon.
fn now() -> DateTime<Utc> {
    "2026-03-18T14:23:00Z".parse().expect("a time")
}

async fn made_up(db: &RequestDb, count: u64) -> Vec<Lead> {
    let made = generate(db, count, RANDOM_SEED, now(), Progress::Silent).await;
    made.expect("made-up leads");
    all(db).await
}

async fn all(db: &RequestDb) -> Vec<Lead> {
    let mut conn = db.connection().await.expect("a connection");
    let all = leads::table.order_by(leads::id).select(Lead::as_select());
    all.load(&mut conn).await.expect("leads")
}

fn as_new(lead: &Lead) -> NewLead {
    let mut tags = lead.tags.clone();
    tags.retain(|tag| tag != "archived");
    NewLead {
        first_name: lead.first_name.clone(),
        last_name: lead.last_name.clone(),
        email: lead.email.clone(),
        phone: lead.phone.clone(),
        phone_region: None,
        company: lead.company.clone(),
        source: Some(lead.source),
        status: Some(lead.status),
        assigned_to: lead.assigned_to,
        conversion_probability: Some(lead.conversion_probability),
        last_contact_date: lead.last_contact_date,
        next_follow_up: lead.next_follow_up,
        tags,
        custom_fields: Some(lead.custom_fields.clone()),
        created_at: Some(lead.created_at),
        ..NewLead::default()
    }
}
