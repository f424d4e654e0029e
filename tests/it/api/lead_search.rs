//! `lead_search`, the copy of leads that is searched, and the words of names: kept with every change.

use serde_json::{Value, json};
use std::time::Duration;

use super::{Team, text};
use crate::support::Api;

/// Rows of one table that the other lacks, or has otherwise.
const DIFFERENT: &str = "SELECT count(*) AS count FROM leads AS l \
    FULL JOIN lead_search AS s ON s.lead_id = l.id \
    WHERE (s.lead_id, s.text, s.assigned_to, s.tags, s.custom_fields, s.is_archived) IS DISTINCT FROM \
        (l.id, l.search_text, l.assigned_to, l.tag_keys, l.custom_fields, l.archived_at IS NOT NULL)";

/// The transaction that wrote the copy last.
async fn written_by(api: &Api) -> i64 {
    let newest = "SELECT max(xmin::text::bigint) AS count FROM lead_search";
    api.count(newest).await
}

async fn knows(api: &Api, word: &str) -> bool {
    let known = format!("SELECT count(*) AS count FROM name_words WHERE word = '{word}'");
    api.count(&known).await == 1
}

#[tokio::test]
async fn each_change_of_what_is_searched_is_copied_and_no_other() {
    let team = Team::new().await;
    let Team { api, ada, ann, .. } = &team;
    let fields = json!({ "lastName": "Before", "tags": ["Źle"], "customFields": { "size": "L" } });
    let id = api.lead_id(ada, fields).await;
    api.lead(ada, json!({ "lastName": "Other" })).await;
    let bulk = |more: Value| super::with(json!({ "leads": { "ids": [id] } }), more);
    let one = |more: Value| super::with(json!({ "id": id }), more);
    for (mutation, input, is_copied) in [
        ("updateLead", one(json!({ "firstName": "Jolanta" })), true),
        ("updateLead", one(json!({ "lastName": "Afterwards" })), true),
        (
            "updateLead",
            one(json!({ "email": "new@acme.example" })),
            true,
        ),
        ("updateLead", one(json!({ "phone": "+48601234567" })), true),
        ("updateLead", one(json!({ "company": "Acme" })), true),
        ("updateLead", one(json!({ "tags": ["vip"] })), true),
        (
            "updateLead",
            one(json!({ "customFields": { "size": "M" } })),
            true,
        ),
        ("updateLead", one(json!({ "status": "QUALIFIED" })), false),
        ("updateLead", one(json!({ "source": "REFERRAL" })), false),
        (
            "updateLead",
            one(json!({ "conversionProbability": 0.7 })),
            false,
        ),
        (
            "updateLead",
            one(json!({ "nextFollowUp": "2150-01-02T03:04:05Z" })),
            false,
        ),
        (
            "updateLead",
            one(json!({ "lastContactDate": "2020-01-02T03:04:05Z" })),
            false,
        ),
        ("updateScore", one(json!({ "score": 7 })), false),
        ("rescoreLead", one(json!({})), false),
        ("recordCallAttempt", one(json!({})), false),
        (
            "bulkUpdateStatus",
            bulk(json!({ "status": "PROPOSAL" })),
            false,
        ),
        ("addTag", one(json!({ "tag": "hot" })), true),
        ("removeTag", one(json!({ "tag": "hot" })), true),
        ("bulkTag", bulk(json!({ "add": ["cold"] })), true),
        (
            "assignLeads",
            bulk(json!({ "to": { "userId": ann.id } })),
            true,
        ),
        ("archiveLead", one(json!({})), true),
        ("restoreLead", one(json!({})), true),
        ("bulkArchive", bulk(json!({})), true),
    ] {
        let before = written_by(api).await;
        api.change(ada, mutation, input.clone()).await;
        assert_eq!(api.count(DIFFERENT).await, 0, "{mutation} {input}");
        assert_eq!(
            written_by(api).await > before,
            is_copied,
            "{mutation} {input}"
        );
    }
    api.change(ada, "deleteLead", json!({ "id": id })).await;
    assert_eq!(api.count(DIFFERENT).await, 0);
    assert_eq!(
        api.count("SELECT count(*) AS count FROM lead_search").await,
        1
    );
    api.sql("TRUNCATE leads CASCADE").await;
    assert_eq!(
        api.count("SELECT count(*) AS count FROM lead_search").await,
        0
    );
}

#[tokio::test]
async fn a_lead_is_found_by_what_it_was_called_before() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({ "lastName": "Married" })).await;
    let former = "UPDATE leads SET also_known_as = '{\"Panieńska Łucja\",old@mail.example}'";
    api.sql(former).await;
    let change = json!({ "id": id, "company": "Acme" });
    api.change(&ada, "updateLead", change).await;
    for search in ["lucja panienska", "old@mail", "acme married"] {
        let found = api.names(&ada, json!({ "search": search })).await;
        assert_eq!(found, ["Married"], "{search}");
    }
    assert_eq!(api.count(DIFFERENT).await, 0);
}

#[tokio::test]
async fn a_word_that_no_lead_has_any_more_is_forgotten() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let one = api.lead_id(&ada, json!({ "lastName": "Quetzal" })).await;
    let other = api.lead_id(&ada, json!({ "lastName": "Quetzal" })).await;
    assert!(knows(&api, "quetzal").await);
    api.change(&ada, "deleteLead", json!({ "id": one })).await;
    assert!(knows(&api, "quetzal").await);
    let rename = json!({ "id": other, "lastName": "Tucan" });
    api.change(&ada, "updateLead", rename).await;
    assert!(!knows(&api, "quetzal").await);
    assert!(knows(&api, "tucan").await && knows(&api, "jan").await);
    api.change(&ada, "deleteLead", json!({ "id": other })).await;
    assert!(!knows(&api, "tucan").await && !knows(&api, "jan").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_stays_that_a_lead_gets_while_the_last_other_one_is_deleted() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let old = api.lead_id(&ada, json!({ "lastName": "Quetzal" })).await;
    let (client, connection) = tokio_postgres::connect(api.url(), tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let new = "BEGIN; INSERT INTO leads (id, last_name, phone, source, status, lead_score, \
        conversion_probability, created_at, updated_at, search_text, last_name_key) \
        VALUES (gen_random_uuid(), 'Quetzal', '+48601234567', 'OTHER', 'NEW', 1, 0, now(), now(), \
            E'quetzal\\n\\n\\n48601234567', 'quetzal')";
    client.batch_execute(new).await.unwrap();
    let deleting = api.change(&ada, "deleteLead", json!({ "id": old }));
    let commit = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        // Whoever deletes waits for the word.
        let waiting = "SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let waiting: i64 = client.query_one(waiting, &[]).await.unwrap().get(0);
        client.batch_execute("COMMIT").await.unwrap();
        waiting
    };
    let (deleted, waiting) = tokio::join!(deleting, commit);
    assert_eq!(text(&deleted["deletedLeadId"]), old);
    assert_eq!(waiting, 1);
    assert!(knows(&api, "quetzal").await);
    let found = api.names(&ada, json!({ "search": "quetzol" })).await;
    assert_eq!(found, ["Quetzal"]);
    drop(client);
    connection.await.unwrap().unwrap();
}
