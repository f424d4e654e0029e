//! `inviteUser`, `updateUser`, `deactivateUser`: for administrators.

use serde_json::{Value, json};

use super::{Team, UNKNOWN, text, with};
use crate::support::Api;

fn new_user(more: Value) -> Value {
    let user = json!({ "email": "new@example.com", "fullName": "Nadia New", "role": "AGENT" });
    with(user, more)
}

#[tokio::test]
async fn a_new_user_is_active_and_can_sign_in_at_once() {
    let Team { api, ada, mia, .. } = &Team::new().await;
    let input = new_user(
        json!({ "email": " New@Example.COM ", "fullName": " Nadia 🦀 ",
        "managerId": mia.id }),
    );
    let user = api.change(ada, "inviteUser", input).await["user"].clone();
    let id = text(&user["id"]);
    assert_eq!(
        user,
        json!({ "id": id, "email": "new@example.com", "fullName": "Nadia 🦀", "role": "AGENT",
            "isActive": false, "invitedAt": user["invitedAt"], "manager": { "id": mia.id } })
    );
    assert!(user["invitedAt"].is_string());
}

#[tokio::test]
async fn managers_and_agents_manage_no_users_not_even_themselves() {
    let Team {
        api, ada, mia, ann, ..
    } = &Team::new().await;
    for who in [mia, ann] {
        for (mutation, input) in [
            ("inviteUser", new_user(json!({}))),
            ("resetPassword", json!({ "id": who.id })),
            ("updateUser", json!({ "id": who.id, "fullName": "X" })),
            ("updateUser", json!({ "id": who.id, "role": "ADMIN" })),
            ("updateUser", json!({ "id": UNKNOWN, "fullName": "X" })),
            (
                "deactivateUser",
                json!({ "id": ann.id, "leads": { "keep": true } }),
            ),
        ] {
            api.refused(who, mutation, input, "PERMISSION_DENIED").await;
        }
    }
    let users = api.data(ada, "{ users { totalCount } }", json!({})).await;
    assert_eq!(users["users"]["totalCount"], 7);
}

#[tokio::test]
async fn all_faults_of_a_new_user_are_reported_together() {
    let Team {
        api, ada, ann, ben, ..
    } = &Team::new().await;
    let input = json!({ "email": "x", "fullName": " ", "role": "AGENT", "managerId": ann.id });
    assert_eq!(
        api.faults(ada, "inviteUser", input).await,
        ["email", "fullName", "managerId"]
    );
    let update = json!({ "id": ben.id, "email": "x", "fullName": " ", "password": "short",
        "managerId": ann.id, "isActive": false });
    assert_eq!(
        api.faults(ada, "updateUser", update).await,
        ["email", "fullName", "isActive", "managerId", "password"]
    );
}

#[tokio::test]
async fn each_bad_value_of_a_user_is_refused() {
    let Team {
        api, ada, ann, ben, ..
    } = &Team::new().await;
    let deactivate = json!({ "id": ben.id, "leads": { "keep": true } });
    api.change(ada, "deactivateUser", deactivate).await;
    for (field, bad) in [
        ("email", json!("")),
        ("email", json!("a\0@b.com")),
        ("email", json!("a@b")),
        ("fullName", json!("")),
        ("fullName", json!("a\0b")),
        ("fullName", json!("x".repeat(201))),
        ("managerId", json!(UNKNOWN)),
        ("managerId", json!(ann.id)),
        ("managerId", json!(ben.id)),
        ("managerId", json!("x")),
        ("idempotencyKey", json!("")),
    ] {
        let mut input = new_user(json!({}));
        input[field] = bad.clone();
        assert_eq!(api.faults(ada, "inviteUser", input).await, [field], "{bad}");
        let mut input = json!({ "id": ann.id });
        input[field] = bad.clone();
        assert_eq!(api.faults(ada, "updateUser", input).await, [field], "{bad}");
    }
    let input = new_user(json!({ "fullName": "ß".repeat(200) }));
    api.change(ada, "inviteUser", input).await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_a_conflict_however_it_is_written() {
    let Team {
        api, ada, ann, abe, ..
    } = &Team::new().await;
    let input = new_user(json!({ "email": ann.email.to_uppercase() }));
    api.refused(ada, "inviteUser", input, "CONFLICT").await;
    let input = json!({ "id": abe.id, "email": ann.email });
    let refusal = api.refused(ada, "updateUser", input, "CONFLICT").await;
    assert_eq!(
        refusal["message"],
        "a user with this e-mail address exists already"
    );
    let own = json!({ "id": ann.id, "email": ann.email.to_uppercase() });
    let user = api.change(ada, "updateUser", own).await["user"].clone();
    assert_eq!(user["email"], json!(ann.email));
}

#[tokio::test]
async fn the_named_fields_of_a_user_are_changed_and_the_others_stay() {
    let Team {
        api,
        ada,
        ann,
        max,
        mia,
        ..
    } = &Team::new().await;
    let change = async |more: Value| {
        let input = with(json!({ "id": ann.id }), more);
        api.change(ada, "updateUser", input).await["user"].clone()
    };
    let before = json!({ "id": ann.id, "email": ann.email, "fullName": "Ann Agent",
        "role": "AGENT", "isActive": true, "manager": { "id": mia.id } });
    assert_eq!(change(json!({})).await, before);
    let nulls = json!({ "email": null, "fullName": null, "role": null, "isActive": null });
    assert_eq!(change(nulls).await, before);
    assert_eq!(
        change(json!({ "fullName": "Anna" })).await["fullName"],
        "Anna"
    );
    let moved = change(json!({ "managerId": max.id, "role": "MANAGER" })).await;
    let manager = json!({ "id": max.id });
    assert_eq!(
        (&moved["manager"], &moved["role"]),
        (&manager, &json!("MANAGER"))
    );
    assert_eq!(moved["fullName"], "Anna");
    let alone = change(json!({ "managerId": null })).await;
    assert_eq!(alone["manager"], json!(null));
    let other = change(json!({ "email": "anna@example.com" })).await;
    assert_eq!(other["email"], "anna@example.com");
}

#[tokio::test]
async fn unknown_users_are_not_found_and_nobody_is_their_own_manager() {
    let Team { api, ada, mia, .. } = &Team::new().await;
    for (mutation, more) in [
        ("updateUser", json!({ "fullName": "X" })),
        ("deactivateUser", json!({ "leads": { "keep": true } })),
    ] {
        let input = with(json!({ "id": UNKNOWN }), more.clone());
        api.refused(ada, mutation, input, "USER_NOT_FOUND").await;
        let input = with(json!({ "id": "x" }), more);
        assert_eq!(api.faults(ada, mutation, input).await, ["id"]);
    }
    let input = json!({ "id": mia.id, "managerId": mia.id });
    assert_eq!(api.faults(ada, "updateUser", input).await, ["managerId"]);
}

#[tokio::test]
async fn somebody_always_stays_who_can_administer_and_every_team_keeps_its_manager() {
    let Team { api, ada, mia, .. } = &Team::new().await;
    let demote = json!({ "id": ada.id, "role": "MANAGER" });
    api.refused(ada, "updateUser", demote.clone(), "CONFLICT")
        .await;
    let leave = json!({ "id": ada.id, "leads": { "keep": true } });
    api.refused(ada, "deactivateUser", leave, "CONFLICT").await;
    let demote_mia = json!({ "id": mia.id, "role": "AGENT" });
    api.refused(ada, "updateUser", demote_mia, "CONFLICT").await;
    let promote = json!({ "id": mia.id, "role": "ADMIN" });
    api.change(ada, "updateUser", promote).await;
    let user = api.change(ada, "updateUser", demote).await["user"].clone();
    assert_eq!(user["role"], "MANAGER");
}

#[tokio::test]
async fn passwords_are_never_shown() {
    let api = Api::new().await;
    let ada = api.admin().await;
    api.refusal(
        Some(&ada),
        "{ me { password } }",
        json!({}),
        "GRAPHQL_VALIDATION_FAILED",
    )
    .await;
}
