//! Whatever changes leads: through the service, by hand, in transactions that end well or not.

use diesel::result::Error;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use proptest::option::of;
use proptest::prelude::{any, prop_oneof};
use proptest::sample::select;
use proptest::strategy::Strategy;

use crm::service::leads::bulk::{Bulk, BulkMode, Selection};
use crm::service::leads::{
    ArchiveLead, AssignLeads, BulkUpdateStatus, CreateLead, DeleteLead, LeadStatus, NewLead,
    RestoreLead,
};
use crm::service::{Actor, Command, LeadId, ServiceError, perform};

use crate::properties::sample;

use super::Population;
use super::questions::{Question, compare, questions};

/// Something that happens to the lead with that number, or to several.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Create(Box<NewLead>, Option<usize>),
    Assign(Option<usize>),
    Status(LeadStatus),
    Archive(usize),
    Restore(usize),
    Delete(usize),
    Sql(usize, &'static str),
    /// Looks at the statistics between its changes and is then committed, or not.
    Transaction(usize, &'static str, Question, bool),
}

/// `$1` is a lead, `$2` the next one.
const SQL: [&str; 13] = [
    "UPDATE leads SET created_at = created_at + interval '20 hours' WHERE id = $1",
    "UPDATE leads SET created_at = created_at - interval '40 minutes', lead_score = 71 WHERE id = $1",
    "UPDATE leads SET next_follow_up = now() - interval '5 minutes' WHERE id IN ($1, $2)",
    "UPDATE leads SET next_follow_up = now() + interval '5 minutes' WHERE id = $1",
    "UPDATE leads SET next_follow_up = date_trunc('hour', now()) - interval '1 day' WHERE id = $1",
    "UPDATE leads SET next_follow_up = next_follow_up + interval '7 hours'",
    "UPDATE leads SET next_follow_up = '2024-03-30T12:00:00Z', status = 'NEW' \
     WHERE id IN ($1, $2) AND archived_at IS NULL",
    "UPDATE leads SET next_follow_up = NULL, source = 'REFERRAL' WHERE id = $1",
    "UPDATE leads SET company = 'X', updated_at = now() WHERE id = $1",
    "UPDATE leads SET lead_score = 100 - lead_score",
    "WITH a AS (UPDATE leads SET lead_score = 99 WHERE id = $1 RETURNING id) \
     UPDATE leads SET lead_score = 10 WHERE id = $2 AND id NOT IN (SELECT id FROM a)",
    "INSERT INTO leads (id, first_name, last_name, phone, source, status, lead_score, \
     conversion_probability, created_at, updated_at, search_text) \
     SELECT id, 'A', 'B', '+48601234567', 'OTHER', 'CALLBACK', 33, 0, now(), now(), '' \
     FROM (SELECT $1 AS id UNION SELECT gen_random_uuid()) ids WHERE id IS NOT NULL \
     ON CONFLICT (id) DO UPDATE SET assigned_to = NULL, created_at = leads.created_at - interval '9 days'",
    "DELETE FROM leads WHERE id NOT IN (SELECT lead_id FROM lead_notes)",
];

pub(super) fn steps() -> impl Strategy<Value = Step> {
    let lead = || 0..12_usize;
    let person = || of(0..4_usize);
    let sql = || select(&SQL[..]);
    prop_oneof![
        6 => (sample::new_lead(), person()).prop_map(|(new, who)| Step::Create(Box::new(new), who)),
        2 => person().prop_map(Step::Assign),
        2 => select(LeadStatus::ALL).prop_map(Step::Status),
        1 => lead().prop_map(Step::Archive),
        1 => lead().prop_map(Step::Restore),
        1 => lead().prop_map(Step::Delete),
        6 => (lead(), sql()).prop_map(|(lead, sql)| Step::Sql(lead, sql)),
        4 => (lead(), sql(), questions(), any::<bool>())
            .prop_map(|(lead, sql, question, ends_well)| Step::Transaction(lead, sql, question, ends_well)),
    ]
}

/// Takes one step after the other.
pub(super) async fn write(population: Population, steps: Vec<Step>) -> Result<(), String> {
    for step in steps {
        take(&population, step).await?;
    }
    Ok(())
}

async fn take(population: &Population, step: Step) -> Result<(), String> {
    let expected_version = None;
    match step {
        Step::Create(mut new, who) => {
            new.assigned_to = who.map(|who| population.people[who]);
            perform_on(population, CreateLead(*new)).await
        }
        Step::Assign(who) => {
            let (bulk, to) = (
                some(population).await,
                who.map(|who| population.people[who]),
            );
            perform_on(population, AssignLeads { bulk, to }).await
        }
        Step::Status(status) => {
            let bulk = some(population).await;
            perform_on(population, BulkUpdateStatus { bulk, status }).await
        }
        Step::Archive(lead) => match id(population, lead).await {
            Some(id) => {
                perform_on(
                    population,
                    ArchiveLead {
                        id,
                        expected_version,
                    },
                )
                .await
            }
            None => Ok(()),
        },
        Step::Restore(lead) => match id(population, lead).await {
            Some(id) => {
                perform_on(
                    population,
                    RestoreLead {
                        id,
                        expected_version,
                    },
                )
                .await
            }
            None => Ok(()),
        },
        Step::Delete(lead) => match id(population, lead).await {
            Some(id) => {
                perform_on(
                    population,
                    DeleteLead {
                        id,
                        expected_version,
                    },
                )
                .await
            }
            None => Ok(()),
        },
        Step::Sql(lead, sql) => {
            let sql = statement(sql, lead);
            done(population.connection().await.batch_execute(&sql).await)
        }
        Step::Transaction(lead, sql, question, ends_well) => {
            transaction(population, &statement(sql, lead), question, ends_well).await
        }
    }
}

async fn transaction(
    population: &Population,
    sql: &str,
    question: Question,
    ends_well: bool,
) -> Result<(), String> {
    let mut compared = Ok(());
    let mut conn = population.connection().await;
    let outcome = conn
        .transaction(async |conn| {
            conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                .await?;
            conn.batch_execute(sql).await?;
            conn.batch_execute(
                "SAVEPOINT before; UPDATE leads SET lead_score = 1; ROLLBACK TO before",
            )
            .await?;
            compared = compare(conn, population, &[question]).await;
            if ends_well {
                Ok(())
            } else {
                Err(Error::RollbackTransaction)
            }
        })
        .await;
    compared.and(done(outcome))
}

/// Conflicts and deadlocks are part of the history; so is a deletion by hand
/// of a lead that somebody writes a note on meanwhile.
fn done(outcome: Result<(), Error>) -> Result<(), String> {
    match outcome {
        Ok(()) | Err(Error::RollbackTransaction) => Ok(()),
        Err(error) => {
            let said = error.to_string();
            let expected = [
                "deadlock detected",
                "could not serialize",
                "violates foreign key constraint \"lead_notes_lead_id_fkey\"",
            ];
            let is_expected = expected.iter().any(|part| said.contains(part));
            if is_expected { Ok(()) } else { Err(said) }
        }
    }
}

async fn perform_on<C: Command>(population: &Population, command: C) -> Result<(), String> {
    match perform(&population.db, &Actor::operator(), command).await {
        Err(ServiceError::Database(error)) => done(Err(error)),
        Ok(_) | Err(ServiceError::LeadNotFound(_) | ServiceError::Conflict(_)) => Ok(()),
        Err(ServiceError::InvalidData(_)) => Ok(()),
        Err(error) => Err(format!("{}: {error:?}", C::NAME)),
    }
}

const LEAD: &str = "(SELECT id FROM leads ORDER BY id LIMIT 1 OFFSET ";

fn statement(sql: &str, lead: usize) -> String {
    let sql = sql.replace("$1", &format!("{LEAD}{lead})"));
    sql.replace("$2", &format!("{LEAD}{})", lead + 1))
}

async fn id(population: &Population, lead: usize) -> Option<LeadId> {
    let id = diesel::dsl::sql::<diesel::sql_types::Nullable<diesel::sql_types::Uuid>>(&format!(
        "{LEAD}{lead})"
    ));
    let id: Option<uuid::Uuid> = diesel::select(id)
        .get_result(&mut population.connection().await)
        .await
        .unwrap();
    id.map(LeadId)
}

/// Every second lead or so.
async fn some(population: &Population) -> Bulk {
    let mut ids = Vec::new();
    for lead in [0, 1, 3, 6, 9] {
        ids.extend(id(population, lead).await);
    }
    ids.dedup();
    Bulk {
        selection: Selection::Ids(ids),
        mode: BulkMode::Partial,
        dry_run: false,
        limit: 10,
        most_rows: 10,
    }
}
