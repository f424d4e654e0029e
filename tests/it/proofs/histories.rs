//! After any history the log tells it whole: replaying the changes of a lead gives the lead.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Just, any, prop_oneof};
use proptest::sample::{select, subsequence};
use proptest::strategy::Strategy;
use serde_json::{Map, Value};

use crm::db::Db;
use crm::service::free_email_domains::UpdateFreeEmailDomains;
use crm::service::leads::bulk::{Bulk, BulkMode, Selection};
use crm::service::leads::{
    self, ArchiveLead, AssignLeads, BulkArchive, BulkRestore, BulkTag, BulkUpdateStatus,
    CreateLead, Lead, LeadFilter, LeadPatch, LeadStatus, NewLead, RecordCallAttempt, RestoreLead,
    SetScore, TagChange, TagLead, UpdateLead,
};
use crm::service::timeline::{self, AddNote, Note, NoteType};
use crm::service::users::UserRole;
use crm::service::{Actor, Command, LeadId, Result, UserId, perform};

use crate::support::Api;

use super::{prove, same, sample};

/// One thing that somebody does; the number says to which of the leads.
#[derive(Debug, Clone)]
enum Step {
    Create(Box<NewLead>),
    Update(usize, Box<NewLead>),
    Tag(usize, Vec<&'static str>, Vec<&'static str>),
    Call(usize, Option<&'static str>),
    Note(usize),
    Score(usize, Option<i32>),
    Archive(usize),
    Restore(usize),
    Bulk(BulkStep, Vec<usize>, bool),
    /// Turns a provider's addresses into business ones, or back.
    Provider(&'static str, bool),
}

#[derive(Debug, Clone)]
enum BulkStep {
    Status(LeadStatus),
    Tag(&'static str),
    Assign(bool),
    Archive,
    Restore,
}

const TAGS: [&str; 4] = ["hot", "vip", "urgent", "x"];
/// How many leads a history begins with.
const LEADS: usize = 4;

fn steps() -> impl Strategy<Value = Step> {
    let which = || 0..LEADS;
    let tags = || subsequence(TAGS.to_vec(), 0..=2);
    let bulk = prop_oneof![
        select(LeadStatus::ALL).prop_map(BulkStep::Status),
        select(&TAGS[..]).prop_map(BulkStep::Tag),
        any::<bool>().prop_map(BulkStep::Assign),
        Just(BulkStep::Archive),
        Just(BulkStep::Restore),
    ];
    prop_oneof![
        1 => sample::new_lead().prop_map(|new| Step::Create(Box::new(new))),
        3 => (which(), sample::new_lead()).prop_map(|(n, new)| Step::Update(n, Box::new(new))),
        1 => (which(), tags(), tags()).prop_map(|(n, add, remove)| Step::Tag(n, add, remove)),
        1 => (which(), of(Just("busy"))).prop_map(|(n, note)| Step::Call(n, note)),
        1 => which().prop_map(Step::Note),
        1 => (which(), of(0..=100)).prop_map(|(n, score)| Step::Score(n, score)),
        1 => which().prop_map(Step::Archive),
        1 => which().prop_map(Step::Restore),
        3 => (bulk, vec(which(), 1..=LEADS), any::<bool>()).prop_map(|(b, n, dry)| Step::Bulk(b, n, dry)),
        1 => (select(vec!["gmail.com", "acme.com"]), any::<bool>()).prop_map(|(d, add)| Step::Provider(d, add)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn replaying_its_changes_gives_a_lead_as_it_is_after_any_history() {
    let api = Api::new().await;
    let agent = api.user("Anna", UserRole::Agent, None).await;
    let agent = UserId(agent.id.parse().unwrap());
    let histories = (vec(sample::new_lead(), LEADS), vec(steps(), 1..30));
    prove(24, 60, histories, async |(first, steps)| {
        let mut ids = Vec::new();
        for new in first {
            ids.push(
                perform(api.db(), &Actor::operator(), None, CreateLead(new))
                    .await
                    .unwrap()
                    .id,
            );
        }
        for step in steps {
            if let Some(lead) = take(api.db(), &ids, agent, &step).await? {
                ids.push(lead);
            }
        }
        check(api.db(), &ids).await
    });
}

/// What a step is refused with is part of the history; what breaks is not.
async fn take(
    db: &Db,
    ids: &[LeadId],
    agent: UserId,
    step: &Step,
) -> Result<Option<LeadId>, String> {
    let expected_version = None;
    let owned = |tags: &[&str]| tags.iter().map(|&tag| tag.to_owned()).collect();
    match step.clone() {
        Step::Create(new) => return Ok(run(db, CreateLead(*new)).await?.map(|lead| lead.id)),
        Step::Update(n, new) => {
            run(
                db,
                UpdateLead {
                    id: ids[n],
                    expected_version,
                    patch: patch(*new),
                },
            )
            .await?;
        }
        Step::Tag(n, add, remove) => {
            let change = TagChange {
                add: owned(&add),
                remove: owned(&remove),
            };
            run(
                db,
                TagLead {
                    id: ids[n],
                    expected_version,
                    change,
                },
            )
            .await?;
        }
        Step::Call(n, note) => {
            let (id, note, next_follow_up) = (ids[n], note.map(str::to_owned), None);
            run(
                db,
                RecordCallAttempt {
                    id,
                    expected_version,
                    note,
                    next_follow_up,
                },
            )
            .await?;
        }
        Step::Note(n) => {
            let (lead, note_type, content) = (ids[n], NoteType::Meeting, "met".to_owned());
            run(
                db,
                AddNote {
                    lead,
                    expected_version,
                    note_type,
                    content,
                },
            )
            .await?;
        }
        Step::Score(n, score) => {
            run(
                db,
                SetScore {
                    id: ids[n],
                    expected_version,
                    score,
                },
            )
            .await?;
        }
        Step::Archive(n) => drop(
            run(
                db,
                ArchiveLead {
                    id: ids[n],
                    expected_version,
                },
            )
            .await?,
        ),
        Step::Restore(n) => drop(
            run(
                db,
                RestoreLead {
                    id: ids[n],
                    expected_version,
                },
            )
            .await?,
        ),
        Step::Bulk(step, which, dry_run) => {
            take_bulk(db, ids, agent, step, &which, dry_run).await?
        }
        Step::Provider(domain, add) => {
            let (domain, none) = (vec![domain.to_owned()], Vec::new());
            let (add, remove) = if add { (domain, none) } else { (none, domain) };
            run(db, UpdateFreeEmailDomains { add, remove }).await?;
        }
    }
    Ok(None)
}

async fn take_bulk(
    db: &Db,
    ids: &[LeadId],
    agent: UserId,
    step: BulkStep,
    which: &[usize],
    dry_run: bool,
) -> Result<(), String> {
    let ids = which.iter().map(|&n| ids[n]).collect();
    // A filter that finds whatever other histories left behind: theirs must stay replayable, too.
    let selection = match which.len() {
        LEADS => Selection::Filter(Box::new(LeadFilter {
            hot_only: true,
            ..LeadFilter::default()
        })),
        _ => Selection::Ids(ids),
    };
    let bulk = Bulk {
        selection,
        mode: BulkMode::Partial,
        dry_run,
        limit: 100_000,
    };
    match step {
        BulkStep::Status(status) => drop(run(db, BulkUpdateStatus { bulk, status }).await?),
        BulkStep::Tag(tag) => {
            let change = TagChange {
                add: vec![tag.to_owned()],
                remove: vec!["x".to_owned()],
            };
            run(db, BulkTag { bulk, change }).await?;
        }
        BulkStep::Assign(is_to_agent) => {
            run(
                db,
                AssignLeads {
                    bulk,
                    to: is_to_agent.then_some(agent),
                },
            )
            .await?;
        }
        BulkStep::Archive => drop(run(db, BulkArchive(bulk)).await?),
        BulkStep::Restore => drop(run(db, BulkRestore(bulk)).await?),
    }
    Ok(())
}

async fn run<C: Command>(db: &Db, command: C) -> Result<Option<C::Answer>, String> {
    match perform(db, &Actor::operator(), None, command).await {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if matches!(error.code(), "CONFLICT" | "INVALID_DATA") => Ok(None),
        Err(error) => Err(format!("{}: {error:?}", C::NAME)),
    }
}

fn patch(new: NewLead) -> LeadPatch {
    LeadPatch {
        first_name: Some(Some(new.first_name)),
        email: Some(new.email),
        phone: new.phone.map(Some),
        company: Some(new.company),
        source: new.source.map(Some),
        conversion_probability: new.conversion_probability.map(Some),
        next_follow_up: Some(new.next_follow_up),
        tags: Some(Some(new.tags)),
        custom_fields: Some(new.custom_fields),
        ..LeadPatch::default()
    }
}

/// The log of each lead, against the lead as it is.
async fn check(db: &Db, ids: &[LeadId]) -> Result<(), String> {
    let log = timeline::feed(db, &Actor::operator(), 0, 1_000_000)
        .await
        .unwrap();
    let mut of_leads: HashMap<LeadId, Vec<Note>> = HashMap::new();
    for note in log.rows {
        of_leads.entry(note.lead_id).or_default().push(note);
    }
    let leads = leads::read_many(db, &Actor::operator(), ids).await.unwrap();
    same("leads", leads.len(), ids.len())?;
    leads
        .iter()
        .try_for_each(|lead| check_lead(lead, &of_leads[&lead.id]))
}

fn check_lead(lead: &Lead, log: &[Note]) -> Result<(), String> {
    let mut fields: Map<String, Value> = Map::new();
    let entries: Vec<&Note> = log
        .iter()
        .filter(|note| note.note_type == NoteType::Change)
        .collect();
    for entry in &entries {
        for change in entry.changes() {
            let old = fields.get(&change.field).cloned().unwrap_or_default();
            same(
                &format!("the old {} in the log", change.field),
                change.old.clone(),
                old,
            )?;
        }
        timeline::replay(&mut fields, &entry.changes());
    }
    let Ok(Value::Object(mut expected)) = serde_json::to_value(lead) else {
        return Err("a lead is an object".to_owned());
    };
    expected.retain(|name, value| {
        !["id", "updatedAt", "version"].contains(&name.as_str()) && !value.is_null()
    });
    fields.retain(|_, value| !value.is_null());
    same("the replayed lead", fields, expected)?;
    // The first entry is the creation.
    same("its version", lead.version as usize, entries.len())?;
    same(
        "since when it is so",
        lead.updated_at,
        entries[entries.len() - 1].created_at,
    )
}
