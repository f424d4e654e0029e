//! Random changes of a lead.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Just, any, prop_oneof};
use proptest::sample::{select, subsequence};
use proptest::strategy::Strategy;

use crm::db::RequestDb;
use crm::service::free_email_domains::UpdateFreeEmailDomains;
use crm::service::leads::bulk::{Bulk, BulkMode, Selection};
use crm::service::leads::{
    ArchiveLead, AssignLeads, BulkArchive, BulkRestore, BulkTag, BulkUpdateStatus, CreateLead,
    LeadFilter, LeadPatch, LeadStatus, NewLead, RecordCallAttempt, RestoreLead, SetScore,
    TagChange, TagLead, UpdateLead,
};
use crm::service::timeline::{AddNote, NoteType};
use crm::service::{Actor, Command, LeadId, UserId, perform};

use crate::properties::sample;

/// The number of leads at the beginning of a history.
pub(super) const LEADS: usize = 4;

const TAGS: [&str; 4] = ["hot", "vip", "urgent", "x"];

/// One thing that somebody does; the number says to which of the leads.
#[derive(Debug, Clone)]
pub(super) enum Step {
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
pub(super) enum BulkStep {
    Status(LeadStatus),
    Tag(&'static str),
    Assign(bool),
    Archive,
    Restore,
}

pub(super) fn steps() -> impl Strategy<Value = Step> {
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

/// A history as it goes on.
pub(super) struct History<'a> {
    db: &'a RequestDb,
    agent: UserId,
    pub(super) leads: Vec<LeadId>,
}

impl<'a> History<'a> {
    pub(super) fn new(db: &'a RequestDb, agent: UserId) -> Self {
        let leads = Vec::new();
        Self { db, agent, leads }
    }

    pub(super) async fn create(&mut self, new: NewLead) -> Result<(), String> {
        let created = self.run(CreateLead(new)).await?;
        self.leads.extend(created.map(|lead| lead.id));
        Ok(())
    }

    pub(super) async fn take(&mut self, step: Step) -> Result<(), String> {
        let (id, expected_version) = (|n: usize| self.leads[n], None);
        match step {
            Step::Create(new) => self.create(*new).await,
            Step::Update(n, new) => {
                let (id, patch) = (id(n), patch(*new));
                let command = UpdateLead {
                    id,
                    expected_version,
                    patch,
                };
                self.run(command).await.map(drop)
            }
            Step::Tag(n, add, remove) => {
                let (id, change) = (id(n), change(&add, &remove));
                let command = TagLead {
                    id,
                    expected_version,
                    change,
                };
                self.run(command).await.map(drop)
            }
            Step::Call(n, note) => self.call(id(n), note).await,
            Step::Note(n) => self.note(id(n)).await,
            Step::Score(n, score) => self.score(id(n), score).await,
            Step::Archive(n) => {
                let id = id(n);
                self.run(ArchiveLead {
                    id,
                    expected_version,
                })
                .await
                .map(drop)
            }
            Step::Restore(n) => {
                let id = id(n);
                self.run(RestoreLead {
                    id,
                    expected_version,
                })
                .await
                .map(drop)
            }
            Step::Bulk(step, which, dry_run) => self.bulk(step, &which, dry_run).await,
            Step::Provider(domain, add) => self.provider(domain, add).await,
        }
    }

    async fn call(&self, id: LeadId, note: Option<&str>) -> Result<(), String> {
        let (expected_version, next_follow_up) = (None, None);
        let note = note.map(str::to_owned);
        let command = RecordCallAttempt {
            id,
            expected_version,
            note,
            next_follow_up,
        };
        self.run(command).await.map(drop)
    }

    async fn score(&self, id: LeadId, score: Option<i32>) -> Result<(), String> {
        let expected_version = None;
        let command = SetScore {
            id,
            expected_version,
            score,
        };
        self.run(command).await.map(drop)
    }

    async fn note(&self, lead: LeadId) -> Result<(), String> {
        let (expected_version, note_type, content) = (None, NoteType::Meeting, "met".to_owned());
        let command = AddNote {
            lead,
            expected_version,
            note_type,
            content,
        };
        self.run(command).await.map(drop)
    }

    async fn provider(&self, domain: &str, adds: bool) -> Result<(), String> {
        let (domain, none) = (vec![domain.to_owned()], Vec::new());
        let (add, remove) = if adds { (domain, none) } else { (none, domain) };
        self.run(UpdateFreeEmailDomains { add, remove })
            .await
            .map(drop)
    }

    async fn bulk(&self, step: BulkStep, which: &[usize], dry_run: bool) -> Result<(), String> {
        // A filter finds what other histories left behind, too; theirs are checked no more.
        let filter = LeadFilter {
            is_hot_lead: Some(true),
            ..LeadFilter::default()
        };
        let selection = match which.len() {
            LEADS => Selection::Filter(Box::new(filter)),
            _ => Selection::Ids(which.iter().map(|&n| self.leads[n]).collect()),
        };
        let (mode, limit) = (BulkMode::Partial, 100_000);
        let bulk = Bulk {
            selection,
            mode,
            dry_run,
            limit,
            most_rows: usize::MAX,
        };
        match step {
            BulkStep::Status(status) => self.run(BulkUpdateStatus { bulk, status }).await,
            BulkStep::Tag(tag) => {
                let change = change(&[tag], &["x"]);
                self.run(BulkTag { bulk, change }).await
            }
            BulkStep::Assign(is_to_agent) => {
                let to = is_to_agent.then_some(self.agent);
                self.run(AssignLeads { bulk, to }).await
            }
            BulkStep::Archive => self.run(BulkArchive(bulk)).await,
            BulkStep::Restore => self.run(BulkRestore(bulk)).await,
        }
        .map(drop)
    }

    /// Runs a step. A refusal is part of the history; a failure is not.
    async fn run<C: Command>(&self, command: C) -> Result<Option<C::Answer>, String> {
        match perform(self.db, &Actor::operator(), command).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if matches!(error.code(), "CONFLICT" | "INVALID_DATA") => Ok(None),
            Err(error) => Err(format!("{}: {error:?}", C::NAME)),
        }
    }
}

fn change(add: &[&str], remove: &[&str]) -> TagChange {
    let owned = |tags: &[&str]| tags.iter().map(|&tag| tag.to_owned()).collect();
    TagChange {
        add: owned(add),
        remove: owned(remove),
    }
}

fn patch(new: NewLead) -> LeadPatch {
    LeadPatch {
        first_name: Some(new.first_name),
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
