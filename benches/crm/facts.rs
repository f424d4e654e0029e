//! Facts about the data for the rows: users, assignees, and values to be found.

use crate::Result;
use crate::database::{Database, Sql};
use crate::server::Server;

use crm::config::DEVELOPMENT_EMAIL;

/// The user who sends the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Admin,
    /// The manager of the largest team.
    Manager,
    /// The agent with the most leads.
    Agent,
}

/// A user's id and token.
struct User {
    id: String,
    token: String,
}

/// Looked up once for each run.
pub struct Facts {
    admin: User,
    manager: User,
    agent: User,
    /// The manager and the team, as an array of PostgreSQL's.
    pub team: Vec<String>,
    /// A thousand leads, spread over the table.
    pub leads: Vec<String>,
}

impl Facts {
    pub async fn gather(database: &Database, server: &Server) -> Result<Self> {
        let sql = database.sql();
        let user = async |email: String| -> Result<User> {
            let id = sql
                .text(&format!("SELECT id FROM users WHERE email = '{email}'"))
                .await?;
            let token = server.sign_in(&email).await?;
            Ok(User { id, token })
        };
        let agent = sql
            .text(
                "SELECT u.email FROM users u JOIN leads l ON l.assigned_to = u.id \
                 WHERE u.role = 'AGENT' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
            )
            .await?;
        let manager = sql
            .text(
                "SELECT m.email FROM users m JOIN users u ON u.manager_id = m.id \
                 JOIN leads l ON l.assigned_to = u.id \
                 WHERE m.role = 'MANAGER' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
            )
            .await?;
        let (manager, agent) = (user(manager).await?, user(agent).await?);
        let team = format!(
            "SELECT id FROM users WHERE id = '{0}' OR manager_id = '{0}' ORDER BY id",
            manager.id
        );
        Ok(Self {
            admin: user(DEVELOPMENT_EMAIL.to_owned()).await?,
            team: sql.column(&team).await?,
            leads: spread(sql).await?,
            manager,
            agent,
        })
    }

    pub fn token(&self, who: Who) -> Option<&str> {
        match who {
            Who::Nobody => None,
            Who::Admin => Some(&self.admin.token),
            Who::Manager => Some(&self.manager.token),
            Who::Agent => Some(&self.agent.token),
        }
    }

    pub fn agent(&self) -> &str {
        &self.agent.id
    }

    pub fn admin(&self) -> &str {
        &self.admin.id
    }

    /// The condition, in SQL, on the leads that somebody may see.
    pub fn visible(&self, who: Who) -> String {
        match who {
            Who::Nobody => "false".to_owned(),
            Who::Admin => "true".to_owned(),
            Who::Manager => format!(
                "(assigned_to = ANY ({}) OR assigned_to IS NULL)",
                array(&self.team)
            ),
            Who::Agent => format!("assigned_to = '{}'", self.agent.id),
        }
    }
}

/// An array of uuids, in SQL.
pub fn array(ids: &[String]) -> String {
    format!("'{{{}}}'::uuid[]", ids.join(","))
}

async fn spread(sql: &Sql) -> Result<Vec<String>> {
    let leads = sql.number(
        "SELECT greatest(reltuples, 1000)::bigint FROM pg_class WHERE oid = 'leads'::regclass",
    );
    let percent = (150_000.0 / leads.await? as f64).min(100.0);
    sql.column(&format!(
        "SELECT id FROM (SELECT id FROM leads TABLESAMPLE bernoulli ({percent}) REPEATABLE (1) \
         WHERE archived_at IS NULL) AS part ORDER BY md5(id::text) LIMIT 1000"
    ))
    .await
}
