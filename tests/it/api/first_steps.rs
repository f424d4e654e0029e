//! The first things that anybody does.

use serde_json::json;

use crm::service::users::UserRole;

use crate::support::{Api, PASSWORD};

#[tokio::test]
async fn somebody_signs_in_creates_a_lead_and_finds_it() {
    let api = Api::new().await;
    let agent = api.user("Anna Agent", UserRole::Agent, None).await;
    let login = "mutation ($email: String!, $password: String!) {
        login(input: {email: $email, password: $password}) { token user { id role } } }";
    let credentials = json!({ "email": agent.email, "password": PASSWORD });
    let session = api.ask(None, login, credentials).await["data"]["login"].clone();
    assert_eq!(session["user"], json!({ "id": agent.id, "role": "AGENT" }));

    let create = "mutation { createLead(input: {
        firstName: \"Jan\", lastName: \"Kowalski\", phone: \"+48 601 234 567\", source: WEBSITE
    }) { lead { id leadScore assignedTo { id } } } }";
    let lead = api.data(&agent, create, json!({})).await["createLead"]["lead"].clone();
    assert_eq!(lead["leadScore"], 65);
    assert_eq!(lead["assignedTo"]["id"], json!(agent.id));

    let found = "{ leads(search: \"kowal 601-234\") { totalCount nodes { id } } }";
    let found = api.data(&agent, found, json!({})).await;
    assert_eq!(
        found["leads"],
        json!({ "totalCount": 1, "nodes": [{ "id": lead["id"] }] })
    );
}
