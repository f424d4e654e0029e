//! The user of a token, and the user's permissions.

use serde_json::{Value, json};

use crm::http::{OidcSettings, Provider, UserClaim};
use crm::service::users::UserRole;

use super::{Key, Local, api, refused, who};
use crate::api::with;
use crate::support::SignedIn;

const NOTE: &str = "mutation ($id: ID!, $subject: String) {
    updateUser(input: { id: $id, oidcSubject: $subject }) { user { oidcSubject } } }";

#[tokio::test]
async fn by_subject_the_user_is_found_whom_an_administrator_noted() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    let settings = OidcSettings {
        user_claim: UserClaim::Sub,
        ..local.settings()
    };
    let api = api(Some(Provider::new(settings).unwrap())).await;
    let ada = api.admin().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let bea = api.user("Bea", UserRole::Agent, None).await;
    let claims = with(local.claims(&bea.email), json!({ "sub": "auth0|Ann" }));
    let token = rsa.token("rsa", &claims);
    assert_eq!(who(&api, &token).await, refused());
    let note = async |user: &SignedIn, subject: Value| {
        let variables = json!({ "id": user.id, "subject": subject });
        api.ask(Some(&ada), NOTE, variables).await
    };
    let noted = note(&ann, json!("auth0|Ann")).await;
    assert_eq!(
        noted["data"]["updateUser"]["user"]["oidcSubject"],
        "auth0|Ann"
    );
    assert_eq!(who(&api, &token).await, Ok(ann.id.clone()));
    let lower = with(claims, json!({ "sub": "auth0|ann" }));
    assert_eq!(who(&api, &rsa.token("rsa", &lower)).await, refused());
    let code = |answer: Value| answer["errors"][0]["extensions"]["code"].clone();
    assert_eq!(code(note(&bea, json!("auth0|Ann")).await), "CONFLICT");
    for bad in [json!(""), json!("x".repeat(256)), json!("a\0")] {
        assert_eq!(code(note(&bea, bad).await), "INVALID_DATA");
    }
    note(&ann, json!(null)).await;
    assert_eq!(who(&api, &token).await, refused());
}

#[tokio::test]
async fn administrators_alone_see_the_subject() {
    let api = api(None).await;
    let ada = api.admin().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let variables = json!({ "id": ann.id, "subject": "auth0|Ann" });
    api.data(&ada, NOTE, variables).await;
    let user = "query ($id: ID!) { user(id: $id) { oidcSubject } }";
    for (viewer, seen) in [(&ada, json!("auth0|Ann")), (&ann, json!(null))] {
        let data = api.data(viewer, user, json!({ "id": ann.id })).await;
        assert_eq!(data["user"]["oidcSubject"], seen);
    }
}

#[tokio::test]
async fn a_demotion_and_a_deactivation_count_from_the_next_request_on() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    let api = api(local.known()).await;
    let ada = api.admin().await;
    let eve = api.user("Eve", UserRole::Admin, None).await;
    let outside = SignedIn {
        token: rsa.token("rsa", &local.claims(&eve.email)),
        ..eve.clone()
    };
    let domains = "{ freeEmailDomains }";
    api.data(&outside, domains, json!({})).await;
    let lower = json!({ "id": eve.id, "role": "AGENT" });
    api.change(&ada, "updateUser", lower).await;
    api.refusal(Some(&outside), domains, json!({}), "PERMISSION_DENIED")
        .await;
    let leave = json!({ "id": eve.id, "leads": { "keep": true } });
    api.change(&ada, "deactivateUser", leave).await;
    assert_eq!(who(&api, &outside.token).await, refused());
}

#[tokio::test]
async fn a_manager_from_outside_sees_the_team_and_has_no_session_but_those_of_a_password() {
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    let api = api(local.known()).await;
    let mia = api.user("Mia", UserRole::Manager, None).await;
    let ann = api.user("Ann", UserRole::Agent, Some(&mia)).await;
    let lead = api.lead_id(&ann, json!({})).await;
    let outside = SignedIn {
        token: rsa.token("rsa", &local.claims(&mia.email)),
        ..mia.clone()
    };
    let edited = api.change(
        &outside,
        "updateLead",
        json!({ "id": lead, "company": "Acme" }),
    );
    assert_eq!(edited.await["lead"]["company"], "Acme");
    let notes = api.timeline(&outside, &lead).await;
    assert_eq!(notes[0]["by"], json!({ "id": mia.id }));
    let logout = "mutation { logout { loggedOut } }";
    let answer = api.data(&outside, logout, json!({})).await;
    assert_eq!(answer["logout"]["loggedOut"], false);
    let own = "{ me { sessions { nodes { id isCurrent } } } }";
    let own = api.data(&outside, own, json!({})).await["me"]["sessions"]["nodes"].clone();
    assert_eq!(own[0]["isCurrent"], false);
    let end = json!({ "id": own[0]["id"] });
    api.change(&outside, "endSession", end).await;
    assert!(who(&api, &mia.token).await.is_err());
    assert_eq!(who(&api, &outside.token).await, Ok(mia.id));
}
