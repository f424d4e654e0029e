//! The error codes that a mutation's description names are the ones it has.

use serde_json::{Value, json};

use super::error_codes::{Provoked, described};
use super::{Team, UNKNOWN, jan, with};

/// A mutation, an input that Ada could send, and what breaks it in which way.
type Case = (&'static str, Value, Vec<(&'static str, Value)>);

/// Bea may not do with Ann's things what Ada may.
fn foreign() -> (&'static str, Value) {
    ("PERMISSION_DENIED", json!({}))
}

fn stale() -> (&'static str, Value) {
    ("CONFLICT", json!({ "expectedVersion": 99 }))
}

fn no_user(field: &str) -> (&'static str, Value) {
    ("USER_NOT_FOUND", json!({ field: UNKNOWN }))
}

async fn changes_of_one_lead(team: &Team, lead: &str) -> Vec<Case> {
    let gone = team.lead_of(Some(&team.ann), "Gone").await;
    let archive = json!({ "id": gone });
    team.api.change(&team.ada, "archiveLead", archive).await;
    let changes = [
        ("updateLead", json!({ "company": "Acme" })),
        ("archiveLead", json!({})),
        ("restoreLead", json!({ "id": gone })),
        ("deleteLead", json!({})),
        ("addTag", json!({ "tag": "a" })),
        ("removeTag", json!({ "tag": "a" })),
        ("recordCallAttempt", json!({})),
        ("updateScore", json!({ "score": 1 })),
        ("rescoreLead", json!({})),
    ];
    let case = |(mutation, more)| {
        let not_found = ("LEAD_NOT_FOUND", json!({ "id": UNKNOWN }));
        let input = with(json!({ "id": lead }), more);
        (mutation, input, vec![foreign(), not_found, stale()])
    };
    changes.into_iter().map(case).collect()
}

fn changes_of_many_leads(team: &Team, lead: &str) -> Vec<Case> {
    let ann = &team.ann.id;
    vec![
        (
            "createLead",
            jan(json!({ "assignedTo": ann })),
            vec![foreign(), no_user("assignedTo")],
        ),
        (
            "assignLeads",
            json!({ "leads": { "ids": [lead] }, "to": { "userId": ann } }),
            vec![
                foreign(),
                ("USER_NOT_FOUND", json!({ "to": { "userId": UNKNOWN } })),
            ],
        ),
        ("createLeads", json!({ "leads": [] }), vec![]),
        (
            "bulkUpdateStatus",
            json!({ "leads": { "ids": [] }, "status": "WON" }),
            vec![],
        ),
        (
            "bulkTag",
            json!({ "leads": { "ids": [] }, "add": ["a"] }),
            vec![],
        ),
        ("bulkArchive", json!({ "leads": { "ids": [] } }), vec![]),
        ("bulkRestore", json!({ "leads": { "ids": [] } }), vec![]),
    ]
}

async fn notes(team: &Team, lead: &str) -> Vec<Case> {
    let api = &team.api;
    let note = json!({ "id": lead, "content": "x" });
    let old = api.change(&team.ada, "addNote", note.clone()).await["note"]["id"].clone();
    let edit = json!({ "id": old, "content": "y" });
    let new = api.change(&team.ada, "editNote", edit).await["note"]["id"].clone();
    let no_lead = ("LEAD_NOT_FOUND", json!({ "id": UNKNOWN }));
    let no_note = ("NOTE_NOT_FOUND", json!({ "id": UNKNOWN }));
    let edited = ("CONFLICT", json!({ "id": old }));
    let edit = json!({ "id": new, "content": "z" });
    vec![
        ("addNote", note, vec![foreign(), no_lead, stale()]),
        ("editNote", edit, vec![foreign(), no_note, edited]),
    ]
}

fn users(team: &Team) -> Vec<Case> {
    let user = json!({ "email": "n@example.com", "fullName": "N", "role": "AGENT" });
    let taken = || ("CONFLICT", json!({ "email": team.ann.email }));
    let the_last = ("CONFLICT", json!({ "id": team.ada.id }));
    let ben = json!({ "id": team.ben.id });
    let leave = with(ben.clone(), json!({ "leads": { "keep": true } }));
    vec![
        ("inviteUser", user, vec![foreign(), taken()]),
        ("resetPassword", ben.clone(), vec![foreign(), no_user("id")]),
        ("updateUser", ben, vec![foreign(), no_user("id"), taken()]),
        (
            "deactivateUser",
            leave,
            vec![foreign(), no_user("id"), the_last],
        ),
        ("updateFreeEmailDomains", json!({}), vec![foreign()]),
    ]
}

async fn api_keys(team: &Team) -> Vec<Case> {
    let key = super::api_keys::key_of(&team.ann, "AGENT");
    let made = team.api.change(&team.ada, "createApiKey", key.clone());
    let made = json!({ "id": made.await["apiKey"]["id"] });
    let no_key = ("API_KEY_NOT_FOUND", json!({ "id": UNKNOWN }));
    vec![
        ("createApiKey", key, vec![foreign(), no_user("userId")]),
        ("revokeApiKey", made, vec![foreign(), no_key]),
    ]
}

/// A session of Ada's that goes on while each of these is refused.
async fn own_sessions(team: &Team) -> Vec<Case> {
    let own = "{ me { sessions { nodes { id } } } }";
    let own = team.api.data(&team.ada, own, json!({})).await["me"]["sessions"].clone();
    let input = json!({ "id": own["nodes"][0]["id"] });
    let unknown = ("NOT_FOUND", json!({ "id": UNKNOWN }));
    vec![("endSession", input, vec![unknown])]
}

#[tokio::test]
async fn every_mutation_has_the_error_codes_that_its_description_names_and_no_others() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    let mut cases = changes_of_one_lead(&team, &lead).await;
    cases.extend(changes_of_many_leads(&team, &lead));
    cases.extend(notes(&team, &lead).await);
    cases.extend(users(&team));
    cases.extend(api_keys(&team).await);
    cases.extend(own_sessions(&team).await);
    let used = json!({ "idempotencyKey": "used" });
    team.api.lead(&team.ada, used.clone()).await;
    let mut provoked = Provoked::new(&team);
    for (mutation, input, faults) in cases {
        let everywhere = [
            ("INVALID_DATA", json!({ "idempotencyKey": "" })),
            ("IDEMPOTENCY_CONFLICT", used.clone()),
            ("UNAUTHENTICATED", json!({})),
        ];
        for (code, fault) in everywhere.into_iter().chain(faults) {
            let input = with(input.clone(), fault);
            provoked.change(mutation, input, code).await;
        }
    }
    let login = json!({ "email": "nobody", "password": "x" });
    for _ in 0..5 {
        provoked
            .change("login", login.clone(), "UNAUTHENTICATED")
            .await;
    }
    provoked.change("login", login, "RATE_LIMITED").await;
    let logout = "mutation { logout { loggedOut } }";
    provoked
        .ask("logout", logout, json!({}), "UNAUTHENTICATED")
        .await;
    let mut described = described(&team, "Mutation").await;
    // These are provoked in change_password.rs, account_links.rs and own_sessions.rs.
    described.retain(|(mutation, code)| {
        !matches!(mutation.as_str(), "changePassword" | "useLink")
            && (mutation.as_str(), *code) != ("endSession", "PERMISSION_DENIED")
    });
    assert_eq!(described, provoked.codes);
}
