//! After any history the log tells it whole: replaying the changes of a lead gives the lead.

mod steps;

use std::collections::{BTreeMap, HashMap};

use proptest::collection::vec;
use serde_json::{Map, Value};

use crm::db::RequestDb;
use crm::service::leads::{self, Lead};
use crm::service::timeline::{self, Entry, EntryType};
use crm::service::users::UserRole;
use crm::service::{Actor, Json, LeadId, UserId};

use crate::support::Api;

use super::{prove, same, sample};
use steps::{History, LEADS};

#[tokio::test(flavor = "multi_thread")]
async fn replaying_its_changes_gives_a_lead_as_it_is_after_any_history() {
    let api = Api::new().await;
    let agent = api.user("Anna", UserRole::Agent, None).await;
    let agent = UserId(agent.id.parse().unwrap());
    let histories = (vec(sample::new_lead(), LEADS), vec(steps::steps(), 1..30));
    prove(24, 60, histories, async |(first, steps)| {
        let mut history = History::new(api.db(), agent);
        for new in first {
            history.create(new).await?;
        }
        for step in steps {
            history.take(step).await?;
        }
        check(api.db(), &history.leads).await
    });
}

/// The log of each lead, against the lead as it is.
async fn check(db: &RequestDb, ids: &[LeadId]) -> Result<(), String> {
    let log = timeline::feed(db, &Actor::operator(), 0, 1_000_000)
        .await
        .unwrap();
    let mut of_leads: HashMap<LeadId, Vec<Entry>> = HashMap::new();
    for note in log.rows {
        of_leads.entry(note.lead_id).or_default().push(note);
    }
    let leads = leads::read_many(db, &Actor::operator(), ids).await.unwrap();
    same("leads", leads.len(), ids.len())?;
    leads
        .iter()
        .try_for_each(|lead| check_lead(lead, &of_leads[&lead.id]))
}

/// The fields as values that are alike however numbers are written.
fn values(fields: BTreeMap<String, Json>) -> Map<String, Value> {
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name, value.as_str().parse().unwrap()))
        .collect()
}

fn check_lead(lead: &Lead, log: &[Entry]) -> Result<(), String> {
    let mut fields = BTreeMap::new();
    let entries: Vec<&Entry> = log
        .iter()
        .filter(|note| note.entry_type == EntryType::Change)
        .collect();
    for entry in &entries {
        for change in entry.changes() {
            let old = fields.get(&change.field).cloned().unwrap_or_default();
            same(
                &format!("the old {} in the log", change.field),
                change.before.clone(),
                old,
            )?;
        }
        timeline::replay(&mut fields, &entry.changes());
    }
    let mut fields = values(fields);
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
