//! Nobody without the role leads a team, also where a manager is demoted while somebody joins it.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use crm::service::users::UserRole;

use crate::support::Api;

use super::other_copy::{Copy, code, patient};

const CREATE: &str =
    "mutation ($input: InviteUserInput!) { inviteUser(input: $input) { user { id } } }";
const UPDATE: &str =
    "mutation ($input: UpdateUserInput!) { updateUser(input: $input) { user { id } } }";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_the_team_of_a_manager_who_is_being_demoted_waits_and_is_refused() {
    let api = Api::with_pool(1).await;
    let admin = api.admin().await;
    let manager = api.user("Mia Manager", UserRole::Manager, None).await;
    let agent = api.user("Ann Agent", UserRole::Agent, None).await;
    let copy = Copy::of(&api, &admin, &patient(4)).await;
    let new = json!({ "email": "new@example.com", "fullName": "New", "role": "AGENT",
        "managerId": manager.id });
    let joins = json!({ "id": agent.id, "managerId": manager.id });
    for (operation, mutation, input) in [("inviteUser", CREATE, new), ("updateUser", UPDATE, joins)]
    {
        let mut conn = copy.db.connection().await.unwrap();
        let demote = format!(
            "BEGIN; UPDATE users SET role = 'AGENT' WHERE id = '{}'",
            manager.id
        );
        conn.batch_execute(&demote).await.unwrap();
        let joining = tokio::spawn(copy.clone().ask(mutation, json!({ "input": input })));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!joining.is_finished(), "{operation} does not wait");
        conn.batch_execute("COMMIT").await.unwrap();
        let answer = joining.await.unwrap();
        assert_eq!(code(&answer), Some("INVALID_DATA"), "{answer}");
        let fields = &answer["errors"][0]["extensions"]["fields"];
        let message = "must be a manager or an administrator";
        assert!(fields.to_string().contains(message), "{fields}");
        let promote = format!(
            "UPDATE users SET role = 'MANAGER' WHERE id = '{}'",
            manager.id
        );
        conn.batch_execute(&promote).await.unwrap();
    }
    let team = "query ($id: ID!) { users(managerId: $id) { totalCount } }";
    let team = api.data(&admin, team, json!({ "id": manager.id })).await;
    assert_eq!(team["users"]["totalCount"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_is_not_demoted_while_somebody_joins_the_team() {
    let api = Api::with_pool(1).await;
    let admin = api.admin().await;
    let copy = Copy::of(&api, &admin, &patient(4)).await;
    let mut refused = 0;
    for round in 0..12 {
        let manager = api
            .user(&format!("Manager {round}"), UserRole::Manager, None)
            .await;
        let new = json!({ "email": format!("new{round}@example.com"), "fullName": "New",
            "role": "AGENT", "password": "correct horse battery", "managerId": manager.id });
        let demotion = json!({ "id": manager.id, "role": "AGENT" });
        let create = tokio::spawn(copy.clone().ask(CREATE, json!({ "input": new })));
        // The password is hashed first: the demotion comes before, meanwhile or after.
        tokio::time::sleep(Duration::from_millis(15 * round)).await;
        let demoted = copy.clone().ask(UPDATE, json!({ "input": demotion })).await;
        let created = create.await.unwrap();
        let outcomes = [&created, &demoted].map(|answer| answer.get("errors").is_none());
        assert!(
            outcomes == [true, false] || outcomes == [false, true],
            "{created} {demoted}"
        );
        refused += usize::from(outcomes[0]);
    }
    println!("{refused} of 12 demotions refused");
}
