//! Random companies.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::Strategy;
use serde_json::Value;

use crm::graphql::Limits;
use crm::service::leads::bulk::BulkMode;
use crm::service::leads::{ArchiveLead, AssignLeads, CreateLeads, NewLead};
use crm::service::timeline::EditNote;
use crm::service::users::{DeactivateUser, TheirLeads, UserRole};
use crm::service::{LeadId, UserId};

use crate::properties::sample;
use crate::support::{Api, ApiOptions};

use super::population::{Person, Population, bulk, note};

/// The random parts of a company.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    third_team: bool,
    pub(super) leads: Vec<LeadPlan>,
    pub(super) filters: Vec<(Value, String)>,
    pub(super) order: Value,
}

#[derive(Debug, Clone)]
pub(super) struct LeadPlan {
    pub(super) new: NewLead,
    former_owner: usize,
    is_archived: bool,
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

impl Population {
    pub(super) async fn make(plan: Plan) -> Population {
        // Everything is asked for at once, which no client may.
        let limits = Limits {
            aliases: usize::MAX,
            root_fields: usize::MAX,
            cost: u64::MAX,
            errors: usize::MAX,
            ..Limits::default()
        };
        let api = Api::with(ApiOptions {
            limits,
            ..ApiOptions::default()
        })
        .await;
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
        let mut population = Population {
            api,
            plan,
            people,
            leads,
            log,
        };
        population.make_leads().await;
        population.people[9].is_active = false;
        let (id, leads) = (population.people[9].id, TheirLeads::Keep);
        population.operate(DeactivateUser { id, leads }).await;
        population.look().await;
        population
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
                most_rows: usize::MAX,
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
            // AssigneeSet come round in turn, so that there are always some of each kind.
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
}
