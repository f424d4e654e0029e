//! The permissions of each role on own and other leads, for every change of one lead.

use serde_json::{Value, json};

use super::{Team, UNKNOWN, with};
use crate::support::SignedIn;

/// Every mutation of one lead, with what it needs beside the lead.
const CHANGES: [(&str, &str); 10] = [
    ("updateLead", r#"{ "company": "Acme" }"#),
    ("archiveLead", "{}"),
    ("restoreLead", "{}"),
    ("addTag", r#"{ "tag": "vip" }"#),
    ("removeTag", r#"{ "tag": "vip" }"#),
    ("recordCallAttempt", r#"{ "note": "called" }"#),
    ("updateScore", r#"{ "score": 7 }"#),
    ("rescoreLead", "{}"),
    ("addNote", r#"{ "content": "noted" }"#),
    ("deleteLead", "{}"),
];

fn input(lead: &str, more: &str) -> Value {
    with(json!({ "id": lead }), serde_json::from_str(more).unwrap())
}

/// Asks everybody for every change, each on a new lead of `owner`'s.
async fn who_may_change(team: &Team, owner: Option<&SignedIn>) -> String {
    let api = &team.api;
    let mut table = String::new();
    for (mutation, more) in CHANGES {
        let mut allowed = Vec::new();
        for (name, who) in team.everybody() {
            let lead = team.lead_of(owner, "Kowalski").await;
            if mutation == "restoreLead" {
                let archive = json!({ "id": lead });
                api.change(&team.ada, "archiveLead", archive).await;
            }
            let before = api.read(&team.ada, &lead).await;
            let variables = json!({ "input": input(&lead, more) });
            let document = super::document(mutation);
            let answer = api.ask(Some(who), &document, variables).await;
            if answer.get("errors").is_none() {
                assert!(!answer["data"][mutation].is_null());
                allowed.push(name);
                continue;
            }
            assert_eq!(answer["data"][mutation], json!(null));
            assert_eq!(
                answer["errors"][0]["extensions"]["code"], "PERMISSION_DENIED",
                "{mutation} by {name}: {answer}"
            );
            assert_eq!(api.read(&team.ada, &lead).await, before, "{mutation}");
        }
        table += &format!("{mutation}: {}\n", allowed.join(" "));
    }
    table
}

#[tokio::test]
async fn a_lead_is_changed_by_its_agent_the_agents_manager_and_administrators() {
    let team = Team::new().await;
    insta::assert_snapshot!(who_may_change(&team, Some(&team.ann)).await, @r"
    updateLead: ada mia ann
    archiveLead: ada mia ann
    restoreLead: ada mia ann
    addTag: ada mia ann
    removeTag: ada mia ann
    recordCallAttempt: ada mia ann
    updateScore: ada mia ann
    rescoreLead: ada mia ann
    addNote: ada mia ann
    deleteLead: ada
    ");
}

#[tokio::test]
async fn an_unassigned_lead_is_changed_by_any_manager_and_no_agent() {
    let team = Team::new().await;
    insta::assert_snapshot!(who_may_change(&team, None).await, @r"
    updateLead: ada mia max
    archiveLead: ada mia max
    restoreLead: ada mia max
    addTag: ada mia max
    removeTag: ada mia max
    recordCallAttempt: ada mia max
    updateScore: ada mia max
    rescoreLead: ada mia max
    addNote: ada mia max
    deleteLead: ada
    ");
}

#[tokio::test]
async fn a_managers_own_lead_is_not_the_agents() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.mia), "Kowalski").await;
    let update = json!({ "id": lead, "company": "Acme" });
    for who in [&team.ann, &team.max] {
        let refused = team
            .api
            .refused(who, "updateLead", update.clone(), "PERMISSION_DENIED");
        refused.await;
    }
    team.api.change(&team.mia, "updateLead", update).await;
}

#[tokio::test]
async fn a_lead_that_does_not_exist_is_not_found_whoever_asks() {
    let team = Team::new().await;
    for (mutation, more) in CHANGES {
        for who in [&team.ada, &team.mia, &team.ann] {
            let unknown = input(UNKNOWN, more);
            let refusal = team.api.refused(who, mutation, unknown, "LEAD_NOT_FOUND");
            let message = format!("there is no lead {UNKNOWN}");
            assert_eq!(refusal.await["message"], json!(message));
        }
        for (bad, code) in [
            ("1", "INVALID_DATA"),
            ("", "INVALID_DATA"),
            ("\0", "INVALID_DATA"),
            ("' OR 1=1 --", "INVALID_DATA"),
        ] {
            team.api
                .refused(&team.ada, mutation, input(bad, more), code)
                .await;
        }
    }
}

#[tokio::test]
async fn rights_follow_the_lead_when_it_is_handed_over() {
    let Team {
        api,
        ada,
        mia,
        ann,
        bea,
        ..
    } = &Team::new().await;
    let lead = api.lead_id(ann, json!({})).await;
    let hand_over = json!({ "leads": { "ids": [lead] }, "to": { "userId": bea.id } });
    let result = api.change(ada, "assignLeads", hand_over).await;
    assert_eq!(result["succeeded"], 1);
    let update = json!({ "id": lead, "company": "Acme" });
    for who in [ann, mia] {
        api.refused(who, "updateLead", update.clone(), "PERMISSION_DENIED")
            .await;
        let read = "query ($id: ID!) { lead(id: $id) { id } }";
        api.refusal(Some(who), read, json!({ "id": lead }), "PERMISSION_DENIED")
            .await;
    }
    api.change(bea, "updateLead", update).await;
}

#[tokio::test]
async fn rights_follow_the_agent_who_changes_teams() {
    let Team {
        api,
        ada,
        mia,
        max,
        ann,
        ..
    } = &Team::new().await;
    let lead = api.lead_id(ann, json!({})).await;
    let update = json!({ "id": lead, "company": "Acme" });
    api.refused(max, "updateLead", update.clone(), "PERMISSION_DENIED")
        .await;
    let input = json!({ "id": ann.id, "managerId": max.id });
    api.change(ada, "updateUser", input).await;
    api.refused(mia, "updateLead", update.clone(), "PERMISSION_DENIED")
        .await;
    api.change(max, "updateLead", update).await;
}
