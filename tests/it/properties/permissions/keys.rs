//! API keys: administrators alone manage them, a key never does; and a key of each role reads and
//! changes what the model says of somebody with its user's place and its own role.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crm::service::UserId;
use crm::service::users::UserRole;

use crate::properties::same;
use crate::support::SignedIn;

use super::codes::{Said, column, each};
use super::viewer::Viewer;

const LIST: &str = "apiKeys(first: 100) { totalCount nodes { id user { id } createdBy { id } }
    edges { node { id } } pageInfo { hasNextPage } }";

pub(super) async fn check(viewer: Viewer<'_>) -> Result<(), String> {
    check_management(viewer).await?;
    for role in [UserRole::Admin, UserRole::Manager, UserRole::Agent] {
        if viewer.person().role <= role {
            check_key(viewer, role).await?;
        }
    }
    Ok(())
}

fn create(user: UserId, role: UserRole) -> String {
    format!(
        "createApiKey(input: {{ name: \"k\", userId: \"{user}\", role: {}, expiresInDays: 1 }}) {{
            apiKey {{ id user {{ id }} createdBy {{ id }} }} secret }}",
        role.as_str()
    )
}

fn revoke(id: &Value) -> String {
    format!("revokeApiKey(input: {{ id: {id} }}) {{ apiKey {{ id isActive }} }}")
}

async fn check_management(viewer: Viewer<'_>) -> Result<(), String> {
    let me = viewer.person().id;
    let list = each(viewer, "query", &[LIST.to_owned()]).await.remove(0);
    let made = each(viewer, "mutation", &[create(me, UserRole::Agent)]).await;
    let made = made.into_iter().next().unwrap();
    if viewer.person().role != UserRole::Admin {
        let unknown = json!("01890000-0000-7000-8000-000000000000");
        let revoked = each(viewer, "mutation", &[revoke(&unknown)]).await;
        let denied = Said::code("PERMISSION_DENIED");
        return same(
            "managing keys",
            vec![list, made, revoked[0].clone()],
            vec![denied; 3],
        );
    }
    let (Said::Value(before), Said::Value(made)) = (list, made) else {
        return Err("an administrator does not manage keys".to_owned());
    };
    let key = made["apiKey"].clone();
    same("whose key", key["user"].clone(), json!({ "id": me }))?;
    same("who made it", key["createdBy"].clone(), json!({ "id": me }))?;
    let after = viewer.data(&format!("{{ {LIST} }}"), Value::Null).await["apiKeys"].clone();
    let mut expected = column(&before["nodes"], "/id");
    expected.insert(0, key["id"].clone());
    same("keys", column(&after["nodes"], "/id"), expected.clone())?;
    same("keys", column(&after["edges"], "/node/id"), expected)?;
    let total = before["totalCount"].as_i64().unwrap() + 1;
    same("their number", after["totalCount"].clone(), json!(total))?;
    let revoked = each(viewer, "mutation", &[revoke(&key["id"])]).await;
    let dead = json!({ "apiKey": { "id": key["id"], "isActive": false } });
    same("revoking", revoked[0].clone(), Said::Value(dead))
}

/// A key with this role, made by an administrator, in the viewer's name.
async fn check_key(viewer: Viewer<'_>, role: UserRole) -> Result<(), String> {
    let population = viewer.population;
    let document = format!("mutation {{ {} }}", create(viewer.person().id, role));
    let made = population.viewer(0).data(&document, Value::Null).await["createApiKey"].clone();
    let key = SignedIn {
        token: made["secret"].as_str().unwrap().to_owned(),
        ..viewer.person().signed.clone()
    };
    let who = format!("{} by a key with {role:?}", viewer.name());
    for denied in [
        format!("query {{ {LIST} }}"),
        format!(
            "mutation {{ {} }}",
            create(viewer.person().id, UserRole::Agent)
        ),
        format!("mutation {{ {} }}", revoke(&made["apiKey"]["id"])),
    ] {
        let answer = population.api.ask(Some(&key), &denied, Value::Null).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        same(&who, code.clone(), json!("PERMISSION_DENIED"))?;
    }
    let sees = |owner: Option<UserId>| viewer.reaches_as(role, owner);
    let leads = population
        .leads
        .iter()
        .filter(|lead| sees(lead.assigned_to));
    let leads: BTreeSet<String> = leads.map(|lead| lead.id.to_string()).collect();
    let all =
        "{ me { id } leads(first: 100, filter: { archived: INCLUDE }) { totalCount nodes { id } }
        leadStatistics(filter: { archived: INCLUDE }) { totalLeads } }";
    let got = population.api.data(&key, all, Value::Null).await;
    same(&who, got["me"]["id"].clone(), json!(viewer.person().id))?;
    let ids = column(&got["leads"]["nodes"], "/id").into_iter();
    let ids: BTreeSet<String> = ids.map(|id| id.as_str().unwrap().to_owned()).collect();
    same(&who, ids, leads.clone())?;
    same(&who, got["leads"]["totalCount"].clone(), json!(leads.len()))?;
    let total = &got["leadStatistics"]["totalLeads"];
    same(&who, total.clone(), json!(leads.len()))?;
    let open = population.leads.iter().filter(|lead| !lead.is_archived());
    for lead in open.step_by(7) {
        let change = format!(
            "mutation {{ rescoreLead(input: {{ id: \"{}\" }}) {{ lead {{ id }} }} }}",
            lead.id
        );
        let answer = population.api.ask(Some(&key), &change, Value::Null).await;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        let expected = (!sees(lead.assigned_to)).then_some("PERMISSION_DENIED");
        same(&who, code, expected)?;
    }
    Ok(())
}
