//! The table of free mail providers.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use super::Team;
use crate::support::Api;

#[tokio::test]
async fn the_table_begins_with_a_hundred_well_known_providers_in_alphabetical_order() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let data = api.data(&ada, "{ freeEmailDomains }", json!({})).await;
    let domains = data["freeEmailDomains"].as_array().unwrap();
    assert!(domains.len() >= 100, "{}", domains.len());
    for known in [
        "gmail.com",
        "outlook.com",
        "yahoo.com",
        "icloud.com",
        "gmx.de",
        "wp.pl",
    ] {
        assert!(domains.contains(&json!(known)), "{known}");
    }
    assert!(domains.is_sorted_by_key(|domain| domain.as_str()));
}

#[tokio::test]
async fn administrators_add_and_remove_providers_and_others_do_not_even_see_them() {
    let Team {
        api, ada, mia, ann, ..
    } = &Team::new().await;
    let edit = json!({ "add": ["Zzz.Example", "zzz.example", " aaa.example "],
        "remove": ["gmail.com", "never.example"] });
    for who in [mia, ann] {
        let refused = api.refused(
            who,
            "updateFreeEmailDomains",
            edit.clone(),
            "PERMISSION_DENIED",
        );
        refused.await;
        api.refusal(
            Some(who),
            "{ freeEmailDomains }",
            json!({}),
            "PERMISSION_DENIED",
        )
        .await;
    }
    let before = api.data(ada, "{ freeEmailDomains }", json!({})).await["freeEmailDomains"].clone();
    let after = api.change(ada, "updateFreeEmailDomains", edit).await["freeEmailDomains"].clone();
    let after = after.as_array().unwrap();
    assert_eq!(after.len(), before.as_array().unwrap().len() + 1);
    assert_eq!(after.iter().filter(|d| *d == "zzz.example").count(), 1);
    assert!(after.contains(&json!("aaa.example")));
    assert!(!after.contains(&json!("gmail.com")));
    let read = api.data(ada, "{ freeEmailDomains }", json!({})).await;
    assert_eq!(read["freeEmailDomains"].as_array().unwrap(), after);
    let nothing = api.change(ada, "updateFreeEmailDomains", json!({})).await;
    assert_eq!(nothing["freeEmailDomains"].as_array().unwrap(), after);
}

#[tokio::test]
async fn what_is_no_domain_is_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for bad in [
        "",
        " ",
        "localhost",
        "a b.com",
        "@gmail.com",
        "a@gmail.com",
        "a\0.com",
        "🦀",
    ] {
        let input = json!({ "add": ["good.example", bad], "remove": [bad] });
        assert_eq!(
            api.faults(&ada, "updateFreeEmailDomains", input).await,
            ["add", "remove"],
            "{bad:?}"
        );
    }
    let good = "SELECT count(*) FROM free_email_domains WHERE domain = 'good.example'";
    assert_eq!(api.count(good).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_judged_by_the_table_as_it_is_when_it_is_stored() {
    let api = Arc::new(Api::with_pool(3).await);
    let ada = api.admin().await;
    // Somebody is editing the table, as `updateFreeEmailDomains` does, and is not done yet.
    let mut editor = api.db().connection().await.unwrap();
    let edit = "BEGIN; LOCK TABLE free_email_domains IN EXCLUSIVE MODE;
        INSERT INTO free_email_domains (domain) VALUES ('turning.example')";
    editor.batch_execute(edit).await.unwrap();
    let creating = tokio::spawn({
        let api = Arc::clone(&api);
        async move {
            let create = "mutation { createLead(input: {
                firstName: \"Jan\", lastName: \"Late\", email: \"jan@turning.example\"
            }) { lead { hasBusinessEmail leadScore } } }";
            api.data(&ada, create, json!({})).await["createLead"]["lead"].clone()
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!creating.is_finished(), "it did not wait");
    editor.batch_execute("COMMIT").await.unwrap();
    let lead = creating.await.unwrap();
    assert_eq!(lead, json!({ "hasBusinessEmail": false, "leadScore": 50 }));
}
