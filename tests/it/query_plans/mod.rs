//! The plans of the statements that lists run, over some tens of thousands of leads, and that they
//! all find the same.

mod index_conditions;
mod indexes;
mod named;
mod pages;
mod prepared;
mod search;
mod tags;

use std::sync::{Arc, Mutex};

use chrono::Utc;
use crm::demo::{Progress, RANDOM_SEED, generate};
use crm::service::leads::{
    self, Columns, Cursor, Direction, LeadFilter, LeadOrder, LeadOrderField, ListedLead,
};
use crm::service::page::{Page, PageResult};
use crm::service::users::UserRole;
use crm::service::{Actor, LeadId, UserId};
use diesel::QueryableByName;
use diesel::connection::InstrumentationEvent;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::support::TestDatabase;

const FIELDS: [LeadOrderField; 10] = [
    LeadOrderField::LeadScore,
    LeadOrderField::CreatedAt,
    LeadOrderField::UpdatedAt,
    LeadOrderField::LastContactDate,
    LeadOrderField::NextFollowUp,
    LeadOrderField::LastName,
    LeadOrderField::Company,
    LeadOrderField::ConversionProbability,
    LeadOrderField::Status,
    LeadOrderField::Source,
];

/// The order fields that can be NULL.
const NULLABLE: [LeadOrderField; 4] = [
    LeadOrderField::LastContactDate,
    LeadOrderField::NextFollowUp,
    LeadOrderField::LastName,
    LeadOrderField::Company,
];

/// A database of many leads, whose statistics are up to date.
struct ManyLeads {
    database: TestDatabase,
    /// One of each role, with leads to see.
    actors: Vec<Actor>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Uuid)]
    id: LeadId,
}

#[derive(QueryableByName)]
struct Planned {
    #[diesel(sql_type = Text)]
    statement: String,
    #[diesel(sql_type = BigInt)]
    custom_plans: i64,
}

#[derive(QueryableByName)]
struct Manager {
    #[diesel(sql_type = Uuid)]
    id: uuid::Uuid,
    #[diesel(sql_type = Array<Nullable<Uuid>>)]
    team: Vec<Option<uuid::Uuid>>,
}

impl ManyLeads {
    async fn make(count: u64) -> ManyLeads {
        let database = TestDatabase::with_pool(1).await;
        let made = generate(
            database.db(),
            count,
            RANDOM_SEED,
            Utc::now(),
            Progress::Silent,
        )
        .await;
        made.expect("leads");
        let mut conn = database.db().connection().await.unwrap();
        conn.batch_execute("VACUUM ANALYZE leads, lead_search")
            .await
            .unwrap();
        let team = "SELECT manager_id AS id, array_agg(id) AS team FROM users \
                    WHERE manager_id IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 1";
        let manager: Manager = diesel::sql_query(team).get_result(&mut conn).await.unwrap();
        drop(conn);
        let agents = manager.team.into_iter().flatten().map(UserId);
        let mut team: Vec<UserId> = agents.collect();
        let agent = Actor {
            id: team[0],
            role: UserRole::Agent,
            team: vec![team[0]],
            auth_revision: None,
            api_key: None,
            session: None,
        };
        team.push(UserId(manager.id));
        let manager = Actor {
            id: UserId(manager.id),
            role: UserRole::Manager,
            team,
            auth_revision: None,
            api_key: None,
            session: None,
        };
        ManyLeads {
            database,
            actors: vec![Actor::operator(), manager, agent],
        }
    }

    /// An agent of another manager, who has leads.
    async fn agent_outside(&self, manager: &Actor) -> UserId {
        let query = "SELECT l.assigned_to AS id FROM leads l \
                     WHERE NOT l.assigned_to = ANY ($1) AND l.archived_at IS NULL LIMIT 1";
        let mut conn = self.database.db().connection().await.unwrap();
        let found: Id = diesel::sql_query(query)
            .bind::<Array<Uuid>, _>(&manager.team)
            .get_result(&mut conn)
            .await
            .unwrap();
        UserId(found.id.0)
    }

    async fn list(
        &self,
        actor: &Actor,
        filter: &LeadFilter,
        order: LeadOrder,
        page: Page<Cursor>,
    ) -> PageResult<ListedLead> {
        let list = leads::list(
            self.database.db(),
            actor,
            filter,
            order,
            &page,
            Columns::ALL,
        )
        .await;
        list.expect("a page")
    }

    /// All leads in an order, as PostgreSQL sorts them.
    async fn sorted(&self, order: LeadOrder) -> Vec<LeadId> {
        let column = match order.field {
            LeadOrderField::LeadScore => "lead_score",
            LeadOrderField::CreatedAt => "created_at",
            LeadOrderField::UpdatedAt => "updated_at",
            LeadOrderField::LastContactDate => "last_contact_date",
            LeadOrderField::NextFollowUp => "next_follow_up",
            LeadOrderField::LastName => "last_name_key",
            LeadOrderField::Company => "company_key",
            LeadOrderField::ConversionProbability => "conversion_probability",
            LeadOrderField::Status => "status",
            LeadOrderField::Source => "source",
        };
        let way = match order.direction {
            Direction::Asc => "ASC",
            Direction::Desc => "DESC",
        };
        let query = format!("SELECT id FROM leads ORDER BY {column} {way} NULLS LAST, id {way}");
        let mut conn = self.database.db().connection().await.unwrap();
        let rows: Vec<Id> = diesel::sql_query(query).load(&mut conn).await.unwrap();
        rows.into_iter().map(|row| row.id).collect()
    }

    /// The statements on leads that a page costs, each with its plan, which is made for any values.
    async fn plans(
        &self,
        actor: &Actor,
        filter: &LeadFilter,
        order: LeadOrder,
        page: Page<Cursor>,
    ) -> Vec<(String, String)> {
        let statements = self.statements(actor, filter, order, page).await;
        let mut plans = Vec::new();
        let reads = |s: &&String| s.contains("FROM leads") || s.contains("FROM \"leads\"");
        for statement in statements.iter().filter(reads) {
            plans.push((statement.clone(), self.generic_plan(statement).await));
        }
        plans
    }

    /// All statements that a page costs.
    async fn statements(
        &self,
        actor: &Actor,
        filter: &LeadFilter,
        order: LeadOrder,
        page: Page<Cursor>,
    ) -> Vec<String> {
        self.watched(async || drop(self.list(actor, filter, order, page.clone()).await))
            .await
    }

    /// All statements that something costs.
    async fn watched(&self, something: impl AsyncFnOnce()) -> Vec<String> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let mut connection = self.database.db().connection().await.unwrap();
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                log.lock().unwrap().push(query.to_string());
            }
        });
        drop(connection);
        something().await;
        let mut connection = self.database.db().connection().await.unwrap();
        connection.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        drop(connection);
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    /// The number of custom plans that the connection made for statements like this one.
    async fn plans_for_values(&self, like: &str) -> Vec<(String, i64)> {
        let count = "SELECT statement, custom_plans FROM pg_prepared_statements \
                     WHERE statement LIKE $1";
        let mut conn = self.database.db().connection().await.unwrap();
        let counts: Vec<Planned> = diesel::sql_query(count)
            .bind::<Text, _>(like)
            .load(&mut conn)
            .await
            .unwrap();
        let counts = counts.into_iter();
        counts
            .map(|planned| (planned.statement, planned.custom_plans))
            .collect()
    }

    async fn generic_plan(&self, statement: &str) -> String {
        let (statement, _) = statement.split_once(" -- binds").unwrap_or((statement, ""));
        let mut conn = self.database.db().connection().await.unwrap();
        let types = "SELECT coalesce(array_to_string(parameter_types, ', '), '') AS \"QUERY PLAN\" \
                     FROM pg_prepared_statements WHERE statement = $1";
        let types: Vec<Line> = diesel::sql_query(types)
            .bind::<Text, _>(statement)
            .load(&mut conn)
            .await
            .unwrap();
        let types = types.into_iter().next().map(|types| types.line);
        let in_brackets = |list: String| match list.as_str() {
            "" => list,
            _ => format!("({list})"),
        };
        let types = types.unwrap_or_default();
        let nulls: Vec<&str> = types.split_terminator(", ").map(|_| "NULL").collect();
        let (types, arguments) = (in_brackets(types), in_brackets(nulls.join(", ")));
        let prepare = format!("PREPARE explained {types} AS {statement}");
        conn.batch_execute(&prepare).await.expect("prepared");
        let explain = format!("EXPLAIN (COSTS OFF) EXECUTE explained{arguments}");
        let lines: Vec<Line> = diesel::sql_query(explain).load(&mut conn).await.unwrap();
        conn.batch_execute("DEALLOCATE explained").await.unwrap();
        lines.into_iter().map(|line| line.line + "\n").collect()
    }
}
