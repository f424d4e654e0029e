//! Users, the free e-mail providers, and who may be given new leads.

use serde_json::{Value, json};

use crm::service::UserId;
use crm::service::users::UserRole;

use crate::properties::same;

use super::codes::{Said, column, each, sorted};
use super::objects::manager_of;
use super::population::Population;
use super::viewer::Viewer;

pub(super) async fn check_reads(viewer: &Viewer<'_>) -> Result<(), String> {
    let viewer = *viewer;
    let (mut fields, mut expected) = (Vec::new(), Vec::new());
    for (index, person) in viewer.population.people.iter().enumerate() {
        let id = person.id;
        fields.push(format!(
            "user(id: \"{id}\") {{ id manager {{ id }}
                leads(filter: {{ archived: INCLUDE }}) {{ totalCount }} }}"
        ));
        let manager = manager_of(viewer, index).map(|index| viewer.population.people[index].id);
        let theirs = viewer.visible().into_iter();
        let theirs = theirs.filter(|lead| lead.assigned_to == Some(id)).count();
        expected.push(match viewer.reaches(Some(id)) {
            true => Said::Value(json!({
                "id": id, "manager": manager.map(|id| json!({ "id": id })),
                "leads": { "totalCount": theirs },
            })),
            false => Said::code("PERMISSION_DENIED"),
        });
    }
    same(
        "users by id",
        each(viewer, "query", &fields).await,
        expected,
    )?;
    check_lists(viewer).await
}

/// The list of users, its total, and who one is.
async fn check_lists(viewer: Viewer<'_>) -> Result<(), String> {
    let people = viewer.population.people.iter();
    for (filter, rule) in [
        ("", (|_, _| true) as fn(UserRole, bool) -> bool),
        ("isActive: false", |_, is_active| !is_active),
        ("role: AGENT", |role, _| role == UserRole::Agent),
    ] {
        let listed = people.clone();
        let listed = listed.filter(|p| viewer.reaches(Some(p.id)) && rule(p.role, p.is_active));
        let listed = sorted(listed.map(|person| json!(person.id)).collect());
        let query = format!(
            "{{ me {{ id can {{ manageUsers manageApiKeys deleteLeads }} }}
            users(first: 100 {filter}) {{ totalCount nodes {{ id can {{ manageUsers }} }}
            edges {{ node {{ id }} }} pageInfo {{ hasNextPage }} }} }}"
        );
        let got = viewer.data(&query, Value::Null).await;
        same("me", got["me"]["id"].clone(), json!(viewer.person().id))?;
        let may = viewer.person().role == UserRole::Admin;
        let can = json!({ "manageUsers": may, "manageApiKeys": may, "deleteLeads": may });
        same("what I may do", got["me"]["can"].clone(), can)?;
        for user in got["users"]["nodes"].as_array().unwrap() {
            let expected = (user["id"] == got["me"]["id"]).then(|| json!({ "manageUsers": may }));
            same("what others may do", user["can"].clone(), json!(expected))?;
        }
        same(
            "users",
            sorted(column(&got["users"]["nodes"], "/id")),
            listed.clone(),
        )?;
        same(
            "users",
            sorted(column(&got["users"]["edges"], "/node/id")),
            listed.clone(),
        )?;
        same(
            "number of users",
            got["users"]["totalCount"].clone(),
            json!(listed.len()),
        )?;
    }
    Ok(())
}

pub(super) async fn check_changes(population: &mut Population, index: usize) -> Result<(), String> {
    check_users(population.viewer(index)).await?;
    check_creation(population.viewer(index)).await?;
    population.look().await;
    Ok(())
}

/// Only administrators manage. Nobody else makes the server even look at the password.
async fn check_users(viewer: Viewer<'_>) -> Result<(), String> {
    let is_admin = viewer.person().role == UserRole::Admin;
    let (own, gone) = (viewer.person().id, viewer.population.people[9].id);
    let got = each(viewer, "query", &["freeEmailDomains".to_owned()]).await;
    same(
        "reading the providers",
        matches!(&got[0], Said::Value(_)),
        is_admin,
    )?;
    let fields = vec![
        "updateFreeEmailDomains(input: { add: [\"a.test\"] }) { __typename }".to_owned(),
        "inviteUser(input: { email: \"x\", fullName: \"\", role: AGENT }) { __typename }"
            .to_owned(),
        format!("resetPassword(input: {{ id: \"{own}\" }}) {{ user {{ id }} }}"),
        format!("updateUser(input: {{ id: \"{own}\", password: \"short\" }}) {{ __typename }}"),
        format!("updateUser(input: {{ id: \"{gone}\", fullName: \"Gone\" }}) {{ user {{ id }} }}"),
        format!(
            "deactivateUser(input: {{ id: \"{gone}\", leads: {{ keep: true }} }}) {{ user {{ id }} }}"
        ),
    ];
    let expected = match is_admin {
        true => vec![
            Said::Value(json!({ "__typename": "UpdateFreeEmailDomainsPayload" })),
            Said::code("INVALID_DATA"),
            Said::Value(json!({ "user": { "id": own } })),
            Said::code("INVALID_DATA"),
            Said::Value(json!({ "user": { "id": gone } })),
            Said::Value(json!({ "user": { "id": gone } })),
        ],
        false => vec![Said::code("PERMISSION_DENIED"); 6],
    };
    same(
        "management",
        each(viewer, "mutation", &fields).await,
        expected,
    )
}

/// Agents create for themselves, managers for their team or for nobody, administrators for all.
async fn check_creation(viewer: Viewer<'_>) -> Result<(), String> {
    let unknown = UserId::generate();
    let is_agent = viewer.person().role == UserRole::Agent;
    let is_admin = viewer.person().role == UserRole::Admin;
    let default = is_agent.then_some(viewer.person().id);
    let mut asked = vec![(None, Ok(default))];
    for person in &viewer.population.people {
        asked.push((
            Some(person.id),
            match viewer.reaches(Some(person.id)) {
                false => Err("PERMISSION_DENIED"),
                true if !person.is_active => Err("INVALID_DATA"),
                true => Ok(Some(person.id)),
            },
        ));
    }
    // Whoever does not reach everybody does not learn who exists.
    asked.push((
        Some(unknown),
        Err(if is_admin {
            "USER_NOT_FOUND"
        } else {
            "PERMISSION_DENIED"
        }),
    ));
    let rows: Vec<Value> = asked.iter().map(|(owner, _)| json!({
        "firstName": "New", "lastName": "Lead", "email": "new@acme.com", "assignedTo": owner,
    })).collect();
    let many = "mutation ($leads: [NewLeadInput!]!) { createLeads(input: { leads: $leads }) {
        results { error { code } lead { assignedTo { id } } } } }";
    let many = viewer.data(many, json!({ "leads": rows })).await["createLeads"]["results"].clone();
    let one = "mutation ($lead: CreateLeadInput!) { createLead(input: $lead) { lead { assignedTo { id } } } }";
    for (index, (asked, expected)) in asked.iter().enumerate() {
        let owner_of = |owner: Option<UserId>| json!(owner.map(|id| json!({ "id": id })));
        let response = viewer.ask(one, json!({ "lead": rows[index] })).await;
        let code = response["errors"][0]["extensions"]["code"].as_str();
        let what = format!("creating for {asked:?}");
        same(&what, code, expected.err())?;
        same(&what, many[index]["error"]["code"].as_str(), expected.err())?;
        if let Ok(owner) = *expected {
            let created = &response["data"]["createLead"]["lead"]["assignedTo"];
            same(&what, created.clone(), owner_of(owner))?;
            same(
                &what,
                many[index]["lead"]["assignedTo"].clone(),
                owner_of(owner),
            )?;
        }
    }
    Ok(())
}
