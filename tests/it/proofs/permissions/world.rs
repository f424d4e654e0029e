//! A company made up at random, and the plain model of who in it sees which lead.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::Strategy;
use serde_json::{Value, json};

use crm::service::leads::bulk::{Bulk, BulkMode, Selection};
use crm::service::leads::{self, ArchiveLead, AssignLeads, CreateLeads, Lead, NewLead};
use crm::service::timeline::{self, AddNote, EditNote, Note, NoteType};
use crm::service::users::{DeactivateUser, TheirLeads, UserRole};
use crm::service::{Actor, Command, LeadId, NoteId, UserId, perform};

use crate::proofs::sample;
use crate::support::{Api, SignedIn};

/// What is random about a company.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    third_team: bool,
    leads: Vec<LeadPlan>,
    pub(super) filters: Vec<(Value, String)>,
    pub(super) order: Value,
}

#[derive(Debug, Clone)]
struct LeadPlan {
    new: NewLead,
    former_owner: usize,
    is_archived: bool,
}

pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) signed: SignedIn,
    pub(super) id: UserId,
    pub(super) role: UserRole,
    pub(super) manager: Option<usize>,
    pub(super) is_active: bool,
}

pub(super) struct World {
    pub(super) api: Api,
    pub(super) plan: Plan,
    pub(super) people: Vec<Person>,
    /// Every lead as it is in the database.
    pub(super) leads: Vec<Lead>,
    /// The whole log, oldest first.
    pub(super) log: Vec<Note>,
}

/// One of the people, looking at the company.
#[derive(Clone, Copy)]
pub(super) struct Viewer<'a> {
    pub(super) world: &'a World,
    pub(super) index: usize,
}

/// Name, role, manager; the one called Gone is deactivated. Cara leads a team and is in one.
const STAFF: [(&str, UserRole, Option<usize>); 12] = [
    ("Ada", UserRole::Admin, None),
    ("Bob", UserRole::Admin, None),
    ("Max", UserRole::Manager, None),
    ("Mia", UserRole::Manager, None),
    ("Anna", UserRole::Agent, Some(2)),
    ("Arno", UserRole::Agent, Some(2)),
    ("Bert", UserRole::Agent, Some(3)),
    ("Lone", UserRole::Agent, None),
    ("Else", UserRole::Agent, None),
    ("Gone", UserRole::Agent, Some(2)),
    ("Cara", UserRole::Manager, Some(2)),
    ("Carl", UserRole::Agent, Some(10)),
];

impl Plan {
    pub(super) fn random() -> impl Strategy<Value = Plan> {
        let lead = (
            sample::new_lead(),
            0..STAFF.len(),
            proptest::bool::weighted(0.3),
        );
        let lead = lead.prop_map(|(new, former_owner, is_archived)| LeadPlan {
            new,
            former_owner,
            is_archived,
        });
        (any::<bool>(), vec(lead, 52)).prop_map(|(third_team, leads)| Plan {
            third_team,
            leads,
            filters: Vec::new(),
            order: Value::Null,
        })
    }
}

impl World {
    pub(super) async fn make(plan: Plan) -> World {
        let api = Api::new().await;
        let count = if plan.third_team {
            STAFF.len()
        } else {
            STAFF.len() - 2
        };
        let mut people: Vec<Person> = Vec::new();
        for (name, role, manager) in STAFF.into_iter().take(count) {
            let led_by = manager.map(|index: usize| people[index].signed.clone());
            let signed = api.user(name, role, led_by.as_ref()).await;
            let id = UserId(signed.id.parse().unwrap());
            people.push(Person {
                name,
                signed,
                id,
                role,
                manager,
                is_active: true,
            });
        }
        let (leads, log) = (Vec::new(), Vec::new());
        let mut world = World {
            api,
            plan,
            people,
            leads,
            log,
        };
        world.make_leads().await;
        world.people[9].is_active = false;
        let (id, leads) = (world.people[9].id, TheirLeads::Keep);
        world.operate(DeactivateUser { id, leads }).await;
        world.look().await;
        world
    }

    /// Each lead is somebody's first, who notes something and corrects it, then perhaps another's.
    /// In the end everybody and nobody have the same number of leads.
    async fn make_leads(&mut self) {
        let plans = self.plan.leads.clone();
        let former = |plan: &LeadPlan| self.people[plan.former_owner % self.people.len()].id;
        let leads = plans.iter().map(|plan| NewLead {
            assigned_to: Some(former(plan)),
            ..plan.new.clone()
        });
        let (leads, mode, dry_run) = (leads.collect(), BulkMode::AllOrNothing, false);
        let created = self
            .operate(CreateLeads {
                leads,
                mode,
                dry_run,
            })
            .await;
        let ids: Vec<LeadId> = created.rows.iter().map(|row| row.id.unwrap()).collect();
        for (number, (&id, plan)) in ids.iter().zip(&plans).enumerate() {
            let author = self.actor(plan.former_owner % self.people.len());
            let written = self.act(&author, note(id, "first")).await;
            let content = "corrected".to_owned();
            self.act(
                &author,
                EditNote {
                    id: written.id,
                    content,
                },
            )
            .await;
            // Owners come round in turn, so that there are always some of each kind.
            let owner = number % (self.people.len() + 1);
            let to = self.people.get(owner).map(|person| person.id);
            self.operate(AssignLeads {
                bulk: bulk(vec![id]),
                to,
            })
            .await;
            self.act(&self.actor(number % 2), note(id, "from the top"))
                .await;
            if plan.is_archived {
                self.operate(ArchiveLead {
                    id,
                    expected_version: None,
                })
                .await;
            }
        }
    }

    /// Reads the facts again.
    pub(super) async fn look(&mut self) {
        let (db, all) = (self.api.db(), Actor::operator());
        let log = timeline::feed(db, &all, 0, 1_000_000).await.unwrap();
        self.log = log.rows;
        let mut ids: Vec<LeadId> = self.log.iter().map(|note| note.lead_id).collect();
        ids.sort();
        ids.dedup();
        self.leads = leads::read_many(db, &all, &ids).await.unwrap();
        self.leads.sort_by_key(|lead| lead.id);
    }

    pub(super) async fn operate<C: Command>(&self, command: C) -> C::Answer {
        self.act(&Actor::operator(), command).await
    }

    pub(super) async fn act<C: Command>(&self, actor: &Actor, command: C) -> C::Answer {
        perform(self.api.db(), actor, None, command).await.unwrap()
    }

    /// Those who can ask at all.
    pub(super) fn indices(&self) -> Vec<usize> {
        let active = |&index: &usize| self.people[index].is_active;
        (0..self.people.len()).filter(active).collect()
    }

    pub(super) fn viewers(&self) -> Vec<Viewer<'_>> {
        let viewer = |index| Viewer { world: self, index };
        self.indices().into_iter().map(viewer).collect()
    }

    pub(super) fn viewer(&self, index: usize) -> Viewer<'_> {
        Viewer { world: self, index }
    }

    pub(super) fn actor(&self, index: usize) -> Actor {
        let person = &self.people[index];
        let mut team = vec![person.id];
        if person.role == UserRole::Manager {
            let members = self
                .people
                .iter()
                .filter(|other| other.manager == Some(index));
            team.extend(members.map(|other| other.id));
        }
        Actor {
            id: person.id,
            role: person.role,
            team,
        }
    }

    pub(super) fn person(&self, id: UserId) -> usize {
        self.people
            .iter()
            .position(|person| person.id == id)
            .unwrap()
    }

    /// A lead to be that nobody knows yet.
    pub(super) fn another_lead(&self) -> NewLead {
        self.plan.leads[0].new.clone()
    }

    /// The newer version of each note that was edited.
    pub(super) fn replaced(&self) -> HashMap<NoteId, &Note> {
        let edited = self.log.iter();
        edited
            .filter_map(|note| Some((note.replaces_id?, note)))
            .collect()
    }
}

impl<'a> Viewer<'a> {
    pub(super) fn person(self) -> &'a Person {
        &self.world.people[self.index]
    }

    pub(super) fn name(self) -> &'a str {
        self.person().name
    }

    /// The model: an administrator reaches everything; a manager what is their own, their
    /// team's or nobody's; an agent what is their own.
    pub(super) fn reaches(self, owner: Option<UserId>) -> bool {
        let of_team =
            |owner| self.world.people[self.world.person(owner)].manager == Some(self.index);
        match self.person().role {
            UserRole::Admin => true,
            UserRole::Manager => {
                owner.is_none_or(|owner| owner == self.person().id || of_team(owner))
            }
            UserRole::Agent => owner == Some(self.person().id),
        }
    }

    pub(super) fn sees(self, lead: &Lead) -> bool {
        self.reaches(lead.assigned_to)
    }

    pub(super) fn visible(self) -> Vec<&'a Lead> {
        let leads = self.world.leads.iter();
        leads.filter(|lead| self.sees(lead)).collect()
    }

    pub(super) fn sees_note(self, note: &Note) -> bool {
        let lead = self.world.leads.iter().find(|lead| lead.id == note.lead_id);
        lead.is_some_and(|lead| self.sees(lead))
    }

    pub(super) async fn ask(self, query: &str, variables: Value) -> Value {
        self.world
            .api
            .ask(Some(&self.person().signed), query, variables)
            .await
    }

    pub(super) async fn data(self, query: &str, variables: Value) -> Value {
        self.world
            .api
            .data(&self.person().signed, query, variables)
            .await
    }
}

pub(super) fn note(lead: LeadId, content: &str) -> AddNote {
    AddNote {
        lead,
        expected_version: None,
        note_type: NoteType::Note,
        content: content.to_owned(),
    }
}

pub(super) fn bulk(ids: Vec<LeadId>) -> Bulk {
    Bulk {
        selection: Selection::Ids(ids),
        mode: BulkMode::Partial,
        dry_run: false,
        limit: 10_000,
    }
}

/// Ids as the API writes them.
pub(super) fn ids<'a>(leads: impl IntoIterator<Item = &'a Lead>) -> Vec<Value> {
    leads.into_iter().map(|lead| json!(lead.id)).collect()
}
