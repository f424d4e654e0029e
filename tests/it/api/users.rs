//! `users`, `user`: who may see whom.

use serde_json::{Value, json};

use super::{Team, UNKNOWN, fields_of, strings};
use crate::support::{Api, SignedIn};

const USERS: &str = "query ($role: UserRole, $isActive: Boolean, $managerId: ID, $first: Int,
    $after: String, $last: Int, $before: String, $offset: Int) {
    users(role: $role, isActive: $isActive, managerId: $managerId, first: $first, after: $after,
        last: $last, before: $before, offset: $offset) {
        totalCount nodes { fullName } edges { cursor }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

async fn page(api: &Api, who: &SignedIn, arguments: Value) -> Value {
    api.data(who, USERS, arguments).await["users"].clone()
}

async fn names(api: &Api, who: &SignedIn, arguments: Value) -> Vec<String> {
    let page = page(api, who, arguments).await;
    let names = strings(&page["nodes"], "fullName");
    names.iter().map(|name| name[..3].to_owned()).collect()
}

#[tokio::test]
async fn administrators_see_all_managers_their_team_and_agents_themselves() {
    let team = Team::new().await;
    for (who, visible) in [
        (
            &team.ada,
            vec!["Abe", "Ada", "Ann", "Bea", "Ben", "Max", "Mia"],
        ),
        (&team.mia, vec!["Abe", "Ann", "Mia"]),
        (&team.max, vec!["Bea", "Ben", "Max"]),
        (&team.ann, vec!["Ann"]),
    ] {
        assert_eq!(names(&team.api, who, json!({})).await, visible);
        let all = page(&team.api, who, json!({})).await;
        assert_eq!(all["totalCount"], visible.len());
    }
}

#[tokio::test]
async fn a_user_out_of_reach_is_denied_and_an_unknown_one_is_not_found() {
    let team = Team::new().await;
    let query = "query ($id: ID!) { user(id: $id) { id } }";
    for (_, who) in team.everybody() {
        let visible = team.api.data(who, "{ users { nodes { id } } }", json!({}));
        let visible = strings(&visible.await["users"]["nodes"], "id");
        for (_, other) in team.everybody() {
            let variables = json!({ "id": other.id });
            if visible.contains(&other.id) {
                let user = team.api.data(who, query, variables).await;
                assert_eq!(user["user"]["id"], json!(other.id));
            } else {
                team.api
                    .refusal(Some(who), query, variables, "PERMISSION_DENIED")
                    .await;
            }
        }
        for (id, code) in [(UNKNOWN, "USER_NOT_FOUND"), ("x", "INVALID_DATA")] {
            let variables = json!({ "id": id });
            team.api.refusal(Some(who), query, variables, code).await;
        }
    }
}

#[tokio::test]
async fn users_are_filtered_by_role_manager_and_whether_they_are_active() {
    let Team {
        api,
        ada,
        mia,
        max,
        ben,
        ..
    } = &Team::new().await;
    let input = json!({ "id": ben.id, "leads": { "keep": true } });
    api.change(ada, "deactivateUser", input).await;
    for (arguments, expected) in [
        (json!({ "role": "ADMIN" }), vec!["Ada"]),
        (json!({ "role": "MANAGER" }), vec!["Max", "Mia"]),
        (json!({ "isActive": false }), vec!["Ben"]),
        (json!({ "managerId": mia.id }), vec!["Abe", "Ann"]),
        (
            json!({ "managerId": max.id, "isActive": true }),
            vec!["Bea"],
        ),
        (json!({ "managerId": UNKNOWN }), vec![]),
        (json!({ "role": "ADMIN", "isActive": false }), vec![]),
    ] {
        assert_eq!(names(api, ada, arguments.clone()).await, expected);
        let total = page(api, ada, arguments).await["totalCount"].clone();
        assert_eq!(total, expected.len());
    }
    assert_eq!(
        names(api, mia, json!({ "managerId": max.id })).await,
        [""; 0]
    );
}

#[tokio::test]
async fn users_are_paged_both_ways() {
    let Team { api, ada, .. } = &Team::new().await;
    let first = page(api, ada, json!({ "first": 3 })).await;
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let after = json!({ "first": 3, "after": first["pageInfo"]["endCursor"] });
    assert_eq!(names(api, ada, after.clone()).await, ["Bea", "Ben", "Max"]);
    let second = page(api, ada, after).await;
    let before = json!({ "last": 2, "before": second["pageInfo"]["startCursor"] });
    assert_eq!(names(api, ada, before).await, ["Ada", "Ann"]);
    assert_eq!(names(api, ada, json!({ "last": 2 })).await, ["Max", "Mia"]);
    assert_eq!(
        names(api, ada, json!({ "offset": 5 })).await,
        ["Max", "Mia"]
    );
    assert_eq!(names(api, ada, json!({ "offset": 7 })).await, [""; 0]);
}

#[tokio::test]
async fn names_that_are_equal_are_paged_without_loss() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for number in 0..5 {
        let input = json!({ "email": format!("twin{number}@example.com"), "fullName": "Twin",
            "role": "AGENT" });
        api.change(&ada, "inviteUser", input).await;
    }
    let query = "query ($after: String) { users(role: AGENT, first: 2, after: $after) {
        nodes { id } pageInfo { endCursor hasNextPage } } }";
    let (mut seen, mut after) = (Vec::new(), json!(null));
    loop {
        let data = api.data(&ada, query, json!({ "after": after })).await;
        seen.extend(strings(&data["users"]["nodes"], "id"));
        after = data["users"]["pageInfo"]["endCursor"].clone();
        if data["users"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen.len(), 5);
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn bad_pages_of_users_are_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = api.lead_id(&ada, json!({})).await;
    let leads = api.leads(&ada, json!({})).await;
    let foreign = leads["edges"][0]["cursor"].clone();
    // ["\u0000","<id>"], which PostgreSQL could not take.
    let nul = base64_of(&format!("[\"\\u0000\",\"{lead}\"]"));
    for (arguments, field) in [
        (json!({ "first": 0 }), "first"),
        (json!({ "first": -1 }), "first"),
        (json!({ "first": 101 }), "first"),
        (json!({ "last": 0 }), "last"),
        (json!({ "offset": -1 }), "offset"),
        (json!({ "after": "x" }), "after"),
        (json!({ "before": "🦀" }), "before"),
        (json!({ "after": foreign }), "after"),
        (json!({ "after": nul }), "after"),
        (json!({ "before": nul }), "before"),
        (json!({ "managerId": "x" }), "managerId"),
    ] {
        let refusal = api.refusal(Some(&ada), USERS, arguments.clone(), "INVALID_DATA");
        assert_eq!(fields_of(&refusal.await), [field], "{arguments}");
    }
}

#[tokio::test]
async fn the_leads_of_a_user_are_those_that_the_viewer_may_see() {
    let team = Team::new().await;
    let Team {
        api, ada, mia, ann, ..
    } = &team;
    api.lead(ann, json!({ "lastName": "Anns" })).await;
    team.lead_of(Some(mia), "Mias").await;
    let lead = team.lead_of(Some(ann), "Noted").await;
    let note = json!({ "id": lead, "content": "x" });
    api.change(mia, "addNote", note).await;
    let query = "query ($id: ID!) { user(id: $id) {
        leads(orderBy: { field: LAST_NAME }) { totalCount nodes { lastName } } } }";
    for (who, user, expected) in [
        (ada, ann, vec!["Anns", "Noted"]),
        (mia, ann, vec!["Anns", "Noted"]),
        (ada, mia, vec!["Mias"]),
    ] {
        let data = api.data(who, query, json!({ "id": user.id })).await;
        let leads = &data["user"]["leads"];
        assert_eq!(strings(&leads["nodes"], "lastName"), expected);
        assert_eq!(leads["totalCount"], expected.len());
    }
    // An agent sees who wrote a note, but neither that user's leads nor place in the company.
    let query = "query ($id: ID!) { lead(id: $id) { notes(types: [NOTE]) { nodes {
        by { fullName leads { totalCount nodes { id } } manager { id } } } } } }";
    let data = api.data(ann, query, json!({ "id": lead })).await;
    assert_eq!(
        data["lead"]["notes"]["nodes"][0]["by"],
        json!({ "fullName": "Mia Manager", "leads": { "totalCount": 0, "nodes": [] },
            "manager": null })
    );
}

#[tokio::test]
async fn a_deactivated_manager_has_no_say_and_the_team_stays_visible_to_administrators() {
    let Team {
        api, ada, mia, ann, ..
    } = &Team::new().await;
    let input = json!({ "id": mia.id, "leads": { "keep": true } });
    api.change(ada, "deactivateUser", input).await;
    let me = "{ me { role manager { fullName isActive } } }";
    let data = api.data(ann, me, json!({})).await;
    // Of the manager an agent sees the name alone.
    let manager = json!({ "fullName": "Mia Manager", "isActive": null });
    assert_eq!(data["me"], json!({ "role": "AGENT", "manager": manager }));
    api.refusal(Some(mia), me, json!({}), "UNAUTHENTICATED")
        .await;
}

fn base64_of(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
