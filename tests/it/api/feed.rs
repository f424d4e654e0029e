//! `timeline`: the log over all leads, for clients that follow along.

use serde_json::{Value, json};

use super::{Team, text};
use crate::support::{Api, SignedIn};

const FEED: &str =
    "query ($after: Position, $first: Int) { timeline(after: $after, first: $first) {
    edges { cursor } nodes { position lead { lastName } }
    pageInfo { endCursor hasNextPage } } }";

#[tokio::test]
async fn the_feed_goes_on_after_a_position_and_shows_each_viewer_their_leads() {
    let Team {
        api,
        ada,
        mia,
        ann,
        bea,
        ..
    } = &Team::new().await;
    for (who, name) in [(ann, "One"), (bea, "Two"), (ann, "Three")] {
        api.lead(who, json!({ "lastName": name })).await;
    }
    let leads_after = async |who: &SignedIn, after: Value| {
        let page = json!({ "after": after });
        let feed = api.data(who, FEED, page).await["timeline"].clone();
        let nodes = feed["nodes"].as_array().unwrap();
        let cursors = super::strings(&feed["edges"], "cursor");
        assert_eq!(cursors, super::strings(&feed["nodes"], "position"));
        let names = nodes.iter().map(|node| text(&node["lead"]["lastName"]));
        (names.collect::<Vec<_>>().join(" "), cursors)
    };
    let (all, positions) = leads_after(ada, json!(null)).await;
    assert_eq!(all, "One Two Three");
    assert_eq!(leads_after(ada, json!(positions[0])).await.0, "Two Three");
    assert_eq!(leads_after(ada, json!(positions[2])).await.0, "");
    assert_eq!(leads_after(ada, json!("0")).await.0, "One Two Three");
    for who in [mia, ann] {
        assert_eq!(leads_after(who, json!(null)).await.0, "One Three");
    }
    assert_eq!(leads_after(bea, json!(positions[0])).await.0, "Two");
    let update = json!({ "leads": { "ids": [] }, "status": "WON" });
    api.change(ada, "bulkUpdateStatus", update).await;
    assert_eq!(leads_after(ada, json!(positions[2])).await.0, "");
}

#[tokio::test]
async fn the_feed_is_paged_and_refuses_what_is_no_position() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for name in ["A", "B", "C"] {
        api.lead(&ada, json!({ "lastName": name })).await;
    }
    let page = json!({ "first": 2 });
    let feed = api.data(&ada, FEED, page).await["timeline"].clone();
    assert_eq!(feed["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(feed["pageInfo"]["hasNextPage"], true);
    let page = json!({ "first": 2, "after": feed["pageInfo"]["endCursor"] });
    let feed = api.data(&ada, FEED, page).await["timeline"].clone();
    assert_eq!(feed["nodes"][0]["lead"]["lastName"], "C");
    assert_eq!(feed["pageInfo"]["hasNextPage"], false);
    for (argument, bad) in [("first", json!(0)), ("first", json!(101))] {
        let mut page = json!({});
        page[argument] = bad;
        let refusal = api.refusal(Some(&ada), FEED, page, "INVALID_DATA").await;
        assert_eq!(super::fields_of(&refusal), [argument]);
    }
    for bad in [
        json!("x"),
        json!(""),
        json!("-5"),
        json!(" 1"),
        json!("99999999999999999999"),
        json!(5),
    ] {
        let page = json!({ "after": bad });
        let refusal = api
            .refusal(Some(&ada), FEED, page, "GRAPHQL_VALIDATION_FAILED")
            .await;
        assert!(text(&refusal["message"]).contains("Position"), "{refusal}");
    }
}
