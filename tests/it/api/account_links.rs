//! Links with which users choose their passwords: `inviteUser`, `resetPassword`, `useLink`.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use crm::service::Result;
use crm::service::account_links::{self, UseLink, forget_expired};
use crm::service::sessions::NewSession;
use crm::service::users::UserRole;

use super::{Team, text};
use crate::support::{Api, PASSWORD, PUBLIC_URL, SignedIn, lasting};

const CHOSEN: &str = "chosen by oneself";

async fn invite(api: &Api, admin: &SignedIn) -> Value {
    let input = json!({ "email": "nina@example.com", "fullName": "Nina", "role": "AGENT" });
    api.change(admin, "inviteUser", input).await
}

async fn reset(api: &Api, admin: &SignedIn, id: &str) -> Value {
    let made = api
        .change(admin, "resetPassword", json!({ "id": id }))
        .await;
    made["link"].clone()
}

/// Uses a link without being signed in.
async fn accept(api: &Api, link: &Value, more: Value) -> Value {
    let input = super::with(json!({ "token": link, "password": CHOSEN }), more);
    let variables = json!({ "input": input });
    api.ask(None, &super::document("useLink"), variables).await
}

fn code(answer: &Value) -> Option<&str> {
    answer["errors"][0]["extensions"]["code"].as_str()
}

fn faults(answer: &Value) -> Vec<String> {
    super::fields_of(&answer["errors"][0])
}

async fn use_from(api: &Api, token: &str, address: Ipv4Addr) -> Result<NewSession> {
    let link = UseLink {
        token: token.to_owned(),
        email: None,
        full_name: None,
        password: CHOSEN.to_owned(),
    };
    let policy = lasting(chrono::TimeDelta::hours(1));
    account_links::use_link(api.db(), link, Some(IpAddr::V4(address)), policy).await
}

#[tokio::test]
async fn an_invited_user_is_active_once_they_have_chosen_a_password() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let made = invite(api, ada).await;
    let (link, user) = (&made["link"], &made["user"]);
    let expected = format!("{PUBLIC_URL}/welcome#crm_invitation_");
    assert!(text(link).starts_with(&expected), "{link}");
    assert_eq!(user["isActive"], json!(false));
    let lead = json!({ "lastName": "X", "email": "x@example.com", "assignedTo": user["id"] });
    assert_eq!(api.faults(ada, "createLead", lead).await, ["assignedTo"]);
    // The token is no credential.
    let token = text(link).rsplit_once('#').unwrap().1.to_owned();
    let bearer = SignedIn {
        token: token.clone(),
        ..ann.clone()
    };
    api.refusal(Some(&bearer), "{ me { id } }", json!({}), "UNAUTHENTICATED")
        .await;

    let typed = json!(format!(" {token}\n"));
    let answer = accept(api, &typed, json!({ "fullName": " Nina Berg " })).await;
    let login = &answer["data"]["useLink"];
    assert_eq!(
        login["user"],
        json!({ "id": user["id"], "email": "nina@example.com", "fullName": "Nina Berg",
            "isActive": true, "invitedAt": null })
    );
    let nina = SignedIn {
        token: text(&login["token"]),
        ..ann.clone()
    };
    api.data(&nina, "{ me { id } }", json!({})).await;
    api.sign_in("nina@example.com", CHOSEN).await;

    let again = accept(api, link, json!({})).await;
    assert_eq!(code(&again), Some("UNAUTHENTICATED"));
}

#[tokio::test]
async fn a_reset_ends_the_former_password_and_sessions_once_the_link_is_used() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let first = reset(api, ada, &ann.id).await;
    let link = reset(api, ada, &ann.id).await;
    assert!(text(&link).contains("#crm_reset_"), "{link}");
    let replaced = accept(api, &first, json!({})).await;
    assert_eq!(code(&replaced), Some("UNAUTHENTICATED"));
    api.data(ann, "{ me { id } }", json!({})).await;
    api.sign_in(&ann.email, PASSWORD).await;

    let answer = accept(api, &link, json!({})).await;
    assert_eq!(answer["data"]["useLink"]["user"]["id"], json!(ann.id));
    api.refusal(Some(ann), "{ me { id } }", json!({}), "UNAUTHENTICATED")
        .await;
    api.sign_in(&ann.email, CHOSEN).await;
}

#[tokio::test]
async fn what_is_wrong_with_the_input_is_said_and_the_link_stays_valid() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let invitation = invite(api, ada).await["link"].clone();
    let reset = reset(api, ada, &ann.id).await;
    for (link, input, wrong) in [
        (
            &invitation,
            json!({ "email": "n@example.com" }),
            vec!["email"],
        ),
        (&invitation, json!({ "fullName": " " }), vec!["fullName"]),
        (
            &invitation,
            json!({ "password": "NINA@example.com" }),
            vec!["password"],
        ),
        (
            &reset,
            json!({ "email": ann.email, "fullName": "Ann", "password": "short" }),
            vec!["email", "fullName", "password"],
        ),
    ] {
        let answer = accept(api, link, input).await;
        assert_eq!(code(&answer), Some("INVALID_DATA"), "{answer}");
        let wrong: Vec<String> = wrong.iter().map(|field| format!("input.{field}")).collect();
        assert_eq!(faults(&answer), wrong);
    }
    for link in [invitation, reset] {
        assert_eq!(code(&accept(api, &link, json!({})).await), None);
    }
}

#[tokio::test]
async fn what_is_guessed_first_is_no_password() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let link = reset(api, ada, &ann.id).await;
    let (long, composed) = ("x".repeat(201), "\u{1F980}".repeat(3));
    for password in [
        "",
        "123456789",
        "1234567890",
        "Password123",
        "P@ssw0rd123",
        "qwertyuiop",
        "myspace123",
        "Homelesspa",
        "passer2009",
        "q1w2e3r4t5",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijkl",
        "   password   ",
        "Development-Only",
        &ann.email.to_uppercase(),
        &format!(" {} ", ann.email),
        &long,
        &composed,
    ] {
        let answer = accept(api, &link, json!({ "password": password })).await;
        assert_eq!(faults(&answer), ["input.password"], "{password}");
        let update = json!({ "id": ann.id, "password": password });
        assert_eq!(api.faults(ada, "updateUser", update).await, ["password"]);
    }
    let moved = json!({ "id": ann.id, "email": "anna.other@example.com",
        "password": "Anna.Other@Example.com" });
    assert_eq!(api.faults(ada, "updateUser", moved).await, ["password"]);
    for password in ["kayak in the rain", "möwe-über-Łódź", &"wörter ".repeat(28)] {
        let update = json!({ "id": ann.id, "password": password });
        api.change(ada, "updateUser", update).await;
        api.sign_in(&ann.email, password).await;
    }
}

#[tokio::test]
async fn a_link_is_used_once_however_many_use_it_at_the_same_time() {
    let api = Api::with_pool(6).await;
    let ada = api.admin().await;
    let link = invite(&api, &ada).await["link"].clone();
    let uses = (0..6).map(|_| accept(&api, &link, json!({})));
    let answers = futures_util::future::join_all(uses).await;
    let used = answers.iter().filter(|answer| code(answer).is_none());
    assert_eq!(used.count(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_link_ends_with_its_time_and_with_what_an_administrator_does() {
    let Team {
        api, ada, ann, ben, ..
    } = &Team::new().await;
    let dead = async |link: &Value| {
        let answer = accept(api, link, json!({})).await;
        assert_eq!(code(&answer), Some("UNAUTHENTICATED"), "{answer}");
    };
    let made = invite(api, ada).await;
    let nina = text(&made["user"]["id"]);
    api.sql("UPDATE account_links SET expires_at = now() - interval '1 second'")
        .await;
    dead(&made["link"]).await;
    forget_expired(api.db(), chrono::Utc::now()).await.unwrap();
    assert_eq!(api.count("SELECT count(*) FROM account_links").await, 0);
    // Another one for somebody whose invitation is over, and who is still invited.
    let second = reset(api, ada, &nina).await;
    assert!(text(&second).contains("#crm_invitation_"), "{second}");
    let leave = json!({ "id": nina, "leads": { "keep": true } });
    api.change(ada, "deactivateUser", leave).await;
    dead(&second).await;
    assert_eq!(
        api.faults(ada, "resetPassword", json!({ "id": nina }))
            .await,
        ["id"]
    );

    for change in [
        json!({ "id": ann.id, "email": "other.ann@example.com" }),
        json!({ "id": ann.id, "password": "set for somebody" }),
    ] {
        let link = reset(api, ada, &ann.id).await;
        api.change(ada, "updateUser", change).await;
        dead(&link).await;
    }
    // What is said of others' links says nothing of this one.
    let link = reset(api, ada, &ben.id).await;
    api.change(
        ada,
        "updateUser",
        json!({ "id": ben.id, "fullName": "Benno" }),
    )
    .await;
    assert_eq!(code(&accept(api, &link, json!({})).await), None);
}

#[tokio::test]
async fn a_repeated_key_makes_no_other_link_and_shows_none() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let input = json!({ "id": ann.id, "idempotencyKey": "once" });
    let first = api.change(ada, "resetPassword", input.clone()).await;
    let again = api.change(ada, "resetPassword", input).await;
    assert_eq!(again["user"], first["user"]);
    assert_eq!(again["link"], json!(null));
    assert_eq!(again["linkExpiresAt"], json!(null));
    assert_eq!(code(&accept(api, &first["link"], json!({})).await), None);
    let invite = json!({ "email": "n@example.com", "fullName": "N", "role": "AGENT",
        "idempotencyKey": "invited" });
    let first = api.change(ada, "inviteUser", invite.clone()).await;
    let again = api.change(ada, "inviteUser", invite).await;
    assert_eq!(
        (&again["user"], &again["link"]),
        (&first["user"], &json!(null))
    );
}

#[tokio::test]
async fn invented_links_count_as_failed_attempts_of_their_address() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let link = text(&reset(&api, &ada, &ann.id).await);
    let (attacker, own) = (
        Ipv4Addr::new(203, 0, 113, 9),
        Ipv4Addr::new(198, 51, 100, 7),
    );
    for n in 0..20 {
        let refused = use_from(&api, &format!("crm_reset_{n}"), attacker).await;
        assert_eq!(refused.err().map(|e| e.code()), Some("UNAUTHENTICATED"));
    }
    let refused = use_from(&api, &link, attacker).await;
    assert_eq!(refused.err().map(|e| e.code()), Some("RATE_LIMITED"));
    assert!(use_from(&api, &link, own).await.is_ok());
}
