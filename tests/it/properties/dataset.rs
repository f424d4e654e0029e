//! A database of random leads: assigned and not, archived and not, scored by rules and by hand.

use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};

use crm::service::leads::bulk::{Bulk, BulkMode, Selection};
use crm::service::leads::{self, ArchiveLead, AssignLeads, CreateLeads, Lead, NewLead, SetScore};
use crm::service::users::UserRole;
use crm::service::{Actor, Command, LeadId, UserId, perform};

use crate::support::{Api, SignedIn};

use super::{always_the_same, sample};

pub(super) struct Dataset {
    pub(super) api: Api,
    pub(super) admin: SignedIn,
    pub(super) users: Vec<UserId>,
    /// As they are in the database, by id.
    pub(super) leads: Vec<Lead>,
}

impl Dataset {
    /// At most a page, so that a list can show all of them.
    pub(super) async fn make(size: usize, pool: usize) -> Dataset {
        let api = Api::with_pool(pool).await;
        let admin = api.admin().await;
        let mut users = vec![UserId(admin.id.parse().unwrap())];
        for name in ["Anna", "Bert"] {
            let user = api.user(name, UserRole::Agent, None).await;
            users.push(UserId(user.id.parse().unwrap()));
        }
        let mut runner = always_the_same();
        let leads = vec(sample::new_lead(), size)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut dataset = Dataset {
            api,
            admin,
            users,
            leads: Vec::new(),
        };
        let ids = dataset.create(leads).await;
        for (number, &id) in ids.iter().enumerate() {
            dataset.vary(number, id).await;
        }
        dataset.leads = dataset.read(&ids).await;
        dataset
    }

    pub(super) async fn create(&self, leads: Vec<NewLead>) -> Vec<LeadId> {
        let (mode, dry_run) = (BulkMode::AllOrNothing, false);
        let created = self
            .operate(CreateLeads {
                leads,
                mode,
                dry_run,
                most_rows: usize::MAX,
            })
            .await;
        created.rows.iter().map(|row| row.id.unwrap()).collect()
    }

    async fn vary(&self, number: usize, id: LeadId) {
        let expected_version = None;
        if let Some(&user) = self.users.get(number % 5) {
            let selection = Selection::Ids(vec![id]);
            let (mode, dry_run) = (BulkMode::AllOrNothing, false);
            let bulk = Bulk {
                selection,
                mode,
                dry_run,
                limit: 1,
                most_rows: 1,
            };
            self.operate(AssignLeads {
                bulk,
                to: Some(user),
            })
            .await;
        }
        if number.is_multiple_of(4) {
            let score = Some((number * 7 % 101) as i32);
            self.operate(SetScore {
                id,
                expected_version,
                score,
            })
            .await;
        }
        if number.is_multiple_of(7) {
            self.operate(ArchiveLead {
                id,
                expected_version,
            })
            .await;
        }
    }

    pub(super) async fn read(&self, ids: &[LeadId]) -> Vec<Lead> {
        let all = Actor::operator();
        let mut leads = leads::read_many(self.api.db(), &all, ids).await.unwrap();
        leads.sort_by_key(|lead| lead.id);
        leads
    }

    pub(super) async fn operate<C: Command>(&self, command: C) -> C::Answer {
        let all = Actor::operator();
        perform(self.api.db(), &all, command).await.unwrap()
    }
}
