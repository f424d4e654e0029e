//! A role that may read and write rows and nothing else.

use std::sync::Arc;

use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use super::{crm, failure};
use crate::support::program::{ANY_PORT, Program, eventually};
use crate::support::{TestDatabase, ask_on};

/// A role of one test's own, and the database as it sees it.
struct Role {
    database: Arc<TestDatabase>,
    name: String,
    url: String,
}

impl Role {
    async fn new(database: TestDatabase) -> Role {
        let name = format!("service_{}", uuid::Uuid::now_v7().simple());
        let role = Role {
            url: database.url().replace("user=crm", &format!("user={name}")),
            database: Arc::new(database),
            name,
        };
        // As hardened databases are: nobody has anything by being anybody.
        let name = &role.name;
        role.execute(&format!(
            "CREATE ROLE {name} LOGIN; REVOKE ALL ON SCHEMA public FROM public; \
             REVOKE EXECUTE ON FUNCTION lead_statistics_fold, lead_statistics_advance FROM public"
        ))
        .await;
        role
    }

    async fn execute(&self, statements: &str) {
        let mut connection = self.database.db().connection().await.unwrap();
        connection.batch_execute(statements).await.unwrap();
    }

    /// The refusal of a start without migrating.
    async fn refusal(&self) -> String {
        let variables = [
            ("DATABASE_URL", self.url.as_str()),
            ("CRM_PROFILE", "test"),
            ("CRM_LISTEN", ANY_PORT),
        ];
        let said = failure(&["serve", "--no-migrate"], &variables).await;
        let said = said.expect("a refusal");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
        said
    }

    /// Runs what the owner is told to run.
    async fn grant(&self) {
        let arguments = ["migrate", "--grants", &self.name];
        let printed = crm(&arguments, &[("DATABASE_URL", self.database.url())]).await;
        assert!(printed.status.success(), "{printed:?}");
        self.execute(&String::from_utf8(printed.stdout).unwrap())
            .await;
    }

    async fn remove(self) {
        let name = &self.name;
        self.execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}"))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_the_printed_grants_serves_and_changes_no_table() {
    let role = Role::new(TestDatabase::new().await).await;
    let said = role.refusal().await;
    assert!(said.contains("USAGE on schema public"), "{said}");
    assert!(
        said.contains(&format!("crm migrate --grants {}", role.name)),
        "{said}"
    );
    role.grant().await;

    let variables = [
        ("DATABASE_URL", role.url.as_str()),
        ("CRM_NO_MIGRATE", "true"),
    ];
    let program = Program::start_on(Arc::clone(&role.database), &variables).await;
    let token = program.sign_in().await;
    let create = "mutation { createLead(input: { firstName: \"Jan\", lastName: \"Kowalski\",
        email: \"jan@kowalski.example\", source: WEBSITE }) { lead { id } } }";
    let created = program.ask(&token, &json!({ "query": create })).await;
    let id = &created["data"]["createLead"]["lead"]["id"];
    assert!(id.is_string(), "{created}");
    let found = "{ leads(search: \"kowalsky\") { nodes { id } } leadStatistics { totalLeads } }";
    let found = program.ask(&token, &json!({ "query": found })).await;
    assert_eq!(&found["data"]["leads"]["nodes"][0]["id"], id, "{found}");
    assert_eq!(found["data"]["leadStatistics"]["totalLeads"], 1, "{found}");
    let domain =
        "mutation { updateFreeEmailDomains(input: { add: [\"mail.example\"] }) { __typename } }";
    let added = program.ask(&token, &json!({ "query": domain })).await;
    assert!(added["errors"].is_null(), "{added}");
    let delete = "mutation ($id: ID!) { deleteLead(input: { id: $id }) { __typename } }";
    let deleted = program
        .ask(
            &token,
            &json!({ "query": delete, "variables": { "id": id } }),
        )
        .await;
    assert!(deleted["errors"].is_null(), "{deleted}");
    // Housekeeping, too, does without.
    eventually("the statistics are folded", async || {
        let mut connection = role.database.db().connection().await.unwrap();
        let rows = "(select count(*)::text from lead_statistics_deltas)";
        ask_on(&mut connection, rows).await == "0"
    })
    .await;
    let log = program.stop().await;
    assert!(!log.contains("denied"), "{log}");
    let users = crm(&["users", "list"], &variables).await;
    assert!(
        String::from_utf8_lossy(&users.stdout).contains("ADMIN"),
        "{users:?}"
    );
    // Without the setting it would migrate, and may not.
    let said = failure(&["users", "list"], &variables[..1]).await;
    assert!(said.expect("a refusal").contains("denied"));
    role.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_missing_privilege_is_named() {
    let role = Role::new(TestDatabase::new().await).await;
    role.grant().await;
    let name = &role.name;
    for (what, part) in [
        (
            "SELECT ON SEQUENCE lead_notes_position_seq",
            "lacks SELECT on sequence public.lead_notes_position_seq:",
        ),
        ("DELETE ON leads", "lacks DELETE on table public.leads:"),
        (
            "INSERT, SELECT ON users",
            "lacks INSERT, SELECT on table public.users:",
        ),
        (
            "SELECT ON lead_statistics_changes",
            "lacks SELECT on table public.lead_statistics_changes:",
        ),
        (
            "SELECT ON __diesel_schema_migrations",
            "lacks SELECT on table public.__diesel_schema_migrations:",
        ),
        (
            "EXECUTE ON FUNCTION lead_statistics_fold(integer)",
            "lacks EXECUTE on routine public.lead_statistics_fold(integer):",
        ),
    ] {
        role.execute(&format!("REVOKE {what} FROM {name}")).await;
        let said = role.refusal().await;
        assert!(said.contains(part), "{what}: {said}");
        role.grant().await;
    }
    let nobody = failure(
        &["migrate", "--grants", "nobody at all"],
        &[("DATABASE_URL", role.database.url())],
    )
    .await;
    assert!(
        nobody
            .expect("a refusal")
            .contains("no role \"nobody at all\"")
    );
    role.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_lacks_a_migration_is_refused() {
    for (database, part) in [
        (TestDatabase::empty().await, "of this program's migrations"),
        (
            TestDatabase::new().await,
            "lacks 1 of this program's migrations",
        ),
    ] {
        let mut connection = database.db().connection().await.unwrap();
        let forget = "DO $$ BEGIN IF to_regclass('__diesel_schema_migrations') IS NOT NULL THEN
            DELETE FROM __diesel_schema_migrations WHERE version IN
                (SELECT max(version) FROM __diesel_schema_migrations); END IF; END $$";
        connection.batch_execute(forget).await.unwrap();
        drop(connection);
        let variables = [
            ("DATABASE_URL", database.url()),
            ("CRM_PROFILE", "test"),
            ("CRM_LISTEN", ANY_PORT),
            ("CRM_NO_MIGRATE", "true"),
        ];
        let said = failure(&["serve"], &variables).await.expect("a refusal");
        assert!(
            said.contains(part) && said.contains("crm migrate"),
            "{said}"
        );
        let mut connection = database.db().connection().await.unwrap();
        let tables = "coalesce(to_regclass('leads')::text, 'none')";
        let expected = if part.contains('1') { "leads" } else { "none" };
        assert_eq!(ask_on(&mut connection, tables).await, expected);
    }
}
