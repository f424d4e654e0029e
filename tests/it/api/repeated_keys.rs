//! A repeated idempotency key asks permission again, and stores nothing of a person.

use serde_json::{Value, json};

use super::api_keys::key_of;
use super::{Team, document, jan, text, with};
use crate::support::{Api, SignedIn};

fn once(input: Value) -> Value {
    with(input, json!({ "idempotencyKey": "key" }))
}

async fn service(team: &Team, user: &SignedIn, role: &str) -> SignedIn {
    let made = team
        .api
        .change(&team.ada, "createApiKey", key_of(user, role));
    SignedIn {
        token: text(&made.await["secret"]),
        ..user.clone()
    }
}

/// A count over the stored keys.
async fn stored(api: &Api, what: &str) -> i64 {
    let query = "SELECT count(*) FROM idempotency_keys WHERE done::text ILIKE";
    api.count(&format!("{query} '%{what}%'")).await
}

#[tokio::test]
async fn a_key_with_a_lower_role_is_not_answered_with_a_lead_out_of_its_reach() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.bea), "Kowalski").await;
    let input = once(json!({ "id": lead, "company": "Acme" }));
    let first = team.api.edit(&team.ada, "updateLead", input.clone()).await;
    assert_eq!(first["company"], "Acme");
    for (role, sees) in [("ADMIN", true), ("MANAGER", false), ("AGENT", false)] {
        let service = service(&team, &team.ada, role).await;
        let again = team.api.change(&service, "updateLead", input.clone()).await;
        let expected = if sees { first.clone() } else { json!(null) };
        assert_eq!(again, json!({ "lead": expected }), "{role}");
    }
    assert_eq!(team.api.read(&team.ada, &lead).await["version"], 2);
}

#[tokio::test]
async fn who_lost_the_lead_or_the_role_gets_nothing_of_it_and_no_second_effect() {
    let team = Team::new().await;
    let Team {
        api,
        ada,
        mia,
        ann,
        bea,
        ..
    } = &team;
    let lead = team.lead_of(Some(ann), "Kowalski").await;
    let input = once(json!({ "id": lead, "tag": "vip" }));
    for who in [ann, mia] {
        let lead = api.edit(who, "addTag", input.clone()).await;
        assert_eq!(lead["tags"], json!(["vip"]));
    }
    let note = once(json!({ "id": lead, "content": "secret" }));
    let note = with(note, json!({ "idempotencyKey": "note" }));
    api.change(ann, "addNote", note.clone()).await;
    let hand_over = json!({ "leads": { "ids": [lead] }, "to": { "userId": bea.id } });
    api.change(ada, "assignLeads", hand_over).await;
    for who in [ann, mia] {
        let again = api.change(who, "addTag", input.clone()).await;
        assert_eq!(again, json!({ "lead": null }));
    }
    let again = api.change(ann, "addNote", note).await;
    assert_eq!(again, json!({ "note": null }));
    assert_eq!(api.read(ada, &lead).await["version"], 3);
    // A demoted administrator: what needs no lead at all is refused, as it would be afresh.
    let second = api
        .user("Zoe", crm::service::users::UserRole::Admin, None)
        .await;
    let gone = api.lead_id(ada, json!({})).await;
    let delete = once(json!({ "id": gone }));
    let user = with(
        once(json!({ "id": bea.id, "fullName": "Bea" })),
        json!({ "idempotencyKey": "user" }),
    );
    assert_eq!(
        api.change(&second, "deleteLead", delete.clone()).await,
        json!({ "deletedLeadId": gone })
    );
    api.change(&second, "updateUser", user.clone()).await;
    assert_eq!(
        api.change(&second, "deleteLead", delete.clone()).await,
        json!({ "deletedLeadId": gone })
    );
    api.change(
        ada,
        "updateUser",
        json!({ "id": second.id, "role": "AGENT" }),
    )
    .await;
    for (mutation, input) in [("deleteLead", delete), ("updateUser", user)] {
        api.refused(&second, mutation, input, "PERMISSION_DENIED")
            .await;
    }
}

#[tokio::test]
async fn of_a_deleted_lead_a_repeated_key_gives_null_and_the_database_has_nothing() {
    let team = Team::new().await;
    let Team { api, ada, .. } = &team;
    let person = json!({ "firstName": "Xaverina", "lastName": "Quintero", "company": "Zyxo",
        "email": "xaverina@zyxo.example", "customFields": { "pet": "Wolpertinger" } });
    let create = once(person.clone());
    let lead = text(&api.edit(ada, "createLead", create.clone()).await["id"]);
    let rows = json!({ "leads": [person, with(person.clone(), json!({ "tags": ["Quintero".repeat(9)] }))],
        "idempotencyKey": "rows" });
    let rows = api.change(ada, "createLeads", rows).await;
    let note = json!({ "id": lead, "content": "likes Wolpertinger", "idempotencyKey": "note" });
    api.change(ada, "addNote", note.clone()).await;
    let row = &rows["results"][0]["id"];
    for (id, key) in [(json!(lead), "first"), (row.clone(), "second")] {
        let delete = json!({ "id": id, "idempotencyKey": key });
        api.change(ada, "deleteLead", delete).await;
    }
    assert_eq!(
        api.change(ada, "createLead", create).await,
        json!({ "lead": null })
    );
    assert_eq!(
        api.change(ada, "addNote", note).await,
        json!({ "note": null })
    );
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 0);
    for what in ["Xaverina", "Quintero", "Zyxo", "Wolpertinger"] {
        assert_eq!(stored(api, what).await, 0, "{what}");
    }
    assert_eq!(api.count("SELECT count(*) FROM idempotency_keys").await, 5);
}

#[tokio::test]
async fn a_repeated_bulk_change_keeps_its_counts_and_rows_and_shows_leads_as_they_may_be_seen() {
    let team = Team::new().await;
    let Team {
        api,
        ada,
        mia,
        ann,
        bea,
        ..
    } = &team;
    let lead = team.lead_of(Some(ann), "Kowalski").await;
    let input = once(json!({ "leads": { "ids": [lead, super::UNKNOWN] }, "status": "WON" }));
    let first = api.change(mia, "bulkUpdateStatus", input.clone()).await;
    assert_eq!(first["results"][0]["lead"]["status"], "WON");
    api.change(
        ada,
        "assignLeads",
        json!({ "leads": { "ids": [lead] }, "to": { "userId": bea.id } }),
    )
    .await;
    let again = api.change(mia, "bulkUpdateStatus", input).await;
    let mut expected = first.clone();
    expected["results"][0]["lead"] = Value::Null;
    assert_eq!(again, expected);
    let assign = once(json!({ "leads": { "ids": [lead] }, "to": { "userId": ann.id } }));
    let assign = with(assign, json!({ "idempotencyKey": "assign" }));
    api.change(ada, "assignLeads", assign.clone()).await;
    let agent = service(&team, ada, "AGENT").await;
    api.refused(&agent, "assignLeads", assign, "PERMISSION_DENIED")
        .await;
}

#[tokio::test]
async fn what_administrators_alone_do_is_not_answered_to_a_key_of_theirs() {
    let team = Team::new().await;
    let Team { api, ada, ann, .. } = &team;
    let key = once(key_of(ann, "AGENT"));
    let made = api.change(ada, "createApiKey", key.clone()).await;
    let user = json!({ "email": "new@example.com", "fullName": "New", "role": "AGENT",
        "idempotencyKey": "user" });
    api.change(ada, "inviteUser", user.clone()).await;
    let domains = json!({ "add": ["free.example"], "idempotencyKey": "domains" });
    api.change(ada, "updateFreeEmailDomains", domains.clone())
        .await;
    let admin = service(&team, ada, "ADMIN").await;
    let agent = service(&team, ada, "AGENT").await;
    for who in [&admin, &agent] {
        api.refused(who, "createApiKey", key.clone(), "PERMISSION_DENIED")
            .await;
    }
    for (mutation, input) in [("inviteUser", user), ("updateFreeEmailDomains", domains)] {
        api.change(&admin, mutation, input.clone()).await;
        api.refused(&agent, mutation, input, "PERMISSION_DENIED")
            .await;
    }
    let revoke = json!({ "id": made["apiKey"]["id"] });
    api.change(ada, "revokeApiKey", revoke).await;
    let again = api.change(ada, "createApiKey", key).await;
    assert_eq!(again["apiKey"]["isActive"], false);
    assert_eq!(again["secret"], json!(null));
}

#[tokio::test]
async fn two_requests_with_one_key_at_a_time_have_one_effect_and_one_lead() {
    let api = Api::with_pool(4).await;
    let ada = api.admin().await;
    let create = document("createLead");
    let input = json!({ "input": once(jan(json!({}))) });
    let (one, other) = tokio::join!(
        api.data(&ada, &create, input.clone()),
        api.data(&ada, &create, input.clone())
    );
    assert_eq!(
        one["createLead"]["lead"]["id"],
        other["createLead"]["lead"]["id"]
    );
    assert!(one["createLead"]["lead"]["id"].is_string());
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 1);
    assert_eq!(stored(&api, "Kowalski").await, 0);
}
