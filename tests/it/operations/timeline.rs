//! Who changed what, when, from what, to what.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Team, text};
use crate::support::{Api, SignedIn};

/// The changes of the newest entry, which must be `who`'s and of this moment.
async fn newest(api: &Api, who: &SignedIn, lead: &str) -> Value {
    let note = api.notes(who, lead).await[0].clone();
    assert_eq!(note["type"], "CHANGE");
    assert_eq!(note["author"]["id"], json!(who.id));
    let at: DateTime<Utc> = text(&note["createdAt"]).parse().unwrap();
    assert!((Utc::now() - at).abs() < TimeDelta::minutes(1));
    note["changes"].clone()
}

fn change(field: &str, old: Value, new: Value) -> Value {
    json!({ "field": field, "old": old, "new": new })
}

#[tokio::test]
async fn a_new_lead_has_an_entry_with_all_it_began_with() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({ "company": "Acme" })).await;
    let changes = newest(&api, &ada, &id).await;
    let changes = changes.as_array().unwrap();
    for (field, new) in [
        ("firstName", json!("Jan")),
        ("company", json!("Acme")),
        ("status", json!("NEW")),
        ("leadScore", json!(60)),
    ] {
        assert!(
            changes.contains(&change(field, json!(null), new)),
            "{field}"
        );
    }
    assert!(changes.iter().all(|change| change["old"].is_null()));
    assert!(changes.iter().all(|change| change["field"] != "phone"));
}

#[tokio::test]
async fn each_change_says_which_field_was_what_and_is_what() {
    let api = &Api::new().await;
    let ada = &api.admin().await;
    let id = api.lead_id(ada, json!({ "tags": ["a"] })).await;
    let by_id = |more: Value| super::with(json!({ "id": id }), more);
    let changes = async |mutation: &str, input: Value| {
        api.change(ada, mutation, input).await;
        newest(api, ada, &id).await
    };
    let update = by_id(json!({ "company": "Acme", "lastName": "Nowak", "firstName": "Jan" }));
    let old = json!("Kowalski");
    assert_eq!(
        changes("updateLead", update).await,
        json!([
            change("company", json!(null), json!("Acme")),
            change("lastName", old, json!("Nowak")),
            change("leadScore", json!(50), json!(60)),
        ])
    );
    let tags = change("tags", json!(["a"]), json!(["a", "b"]));
    let tag = by_id(json!({ "tag": "b" }));
    assert_eq!(changes("addTag", tag.clone()).await, json!([tags]));
    let tags = change("tags", json!(["a", "b"]), json!(["a"]));
    assert_eq!(changes("removeTag", tag).await, json!([tags]));
    let score = by_id(json!({ "score": 7 }));
    let by_hand = change("scoreIsManual", json!(false), json!(true));
    let expected = json!([change("leadScore", json!(60), json!(7)), by_hand]);
    assert_eq!(changes("updateScore", score).await, expected);
    let by_rule = change("scoreIsManual", json!(true), json!(false));
    let expected = json!([change("leadScore", json!(7), json!(60)), by_rule]);
    assert_eq!(changes("rescoreLead", by_id(json!({}))).await, expected);
}

#[tokio::test]
async fn a_value_that_is_not_there_may_be_null_as_the_schema_says() {
    let api = &Api::new().await;
    let ada = &api.admin().await;
    let id = api.lead_id(ada, json!({ "company": "Acme" })).await;
    let input = json!({ "id": id, "company": null });
    api.change(ada, "updateLead", input).await;
    let changes = newest(api, ada, &id).await;
    assert_eq!(changes[0], change("company", json!("Acme"), json!(null)));
    let query = "{ __type(name: \"FieldChange\") { fields { name type { kind name } } } }";
    let fields = api.data(ada, query, json!({})).await["__type"]["fields"].clone();
    let nullable = json!({ "kind": "SCALAR", "name": "JSON" });
    assert_eq!(fields[1], json!({ "name": "old", "type": nullable }));
    assert_eq!(fields[2], json!({ "name": "new", "type": nullable }));
}

#[tokio::test]
async fn assignment_status_calls_and_the_archive_leave_their_traces() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let id = api.lead_id(ada, json!({})).await;
    let by_id = json!({ "id": id });
    let changes = async |mutation: &str, input: Value| {
        api.change(ada, mutation, input).await;
        newest(api, ada, &id).await
    };
    let assign = json!({ "ids": [id], "userId": ann.id });
    let expected = json!([change("assignedTo", json!(null), json!(ann.id))]);
    assert_eq!(changes("assignLeads", assign).await, expected);
    let status = json!({ "ids": [id], "status": "WON" });
    let expected = json!([change("status", json!("NEW"), json!("WON"))]);
    assert_eq!(changes("bulkUpdateStatus", status).await, expected);
    let call = changes("recordCallAttempt", by_id.clone()).await;
    assert_eq!(call[0], change("callAttempts", json!(0), json!(1)));
    assert_eq!(call[1]["field"], "lastContactDate");
    let archived = changes("archiveLead", by_id.clone()).await;
    let fields = super::strings(&archived, "field");
    assert_eq!(
        fields,
        ["archivedAt", "status", "statusBeforeArchive", "tags"]
    );
    let restored = changes("restoreLead", by_id.clone()).await;
    assert_eq!(restored[1], change("status", json!("LOST"), json!("WON")));
    let deactivate = json!({ "id": ann.id, "leads": "REASSIGN" });
    let expected = json!([change("assignedTo", json!(ann.id), json!(null))]);
    assert_eq!(changes("deactivateUser", deactivate).await, expected);
}

#[tokio::test]
async fn a_timeline_can_be_narrowed_to_types() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    for kind in ["NOTE", "CALL", "EMAIL", "CALL"] {
        let input = json!({ "id": id, "content": kind, "type": kind });
        api.change(&ada, "addNote", input).await;
    }
    let query = "query ($id: ID!, $types: [NoteType!]) { lead(id: $id) {
        notes(types: $types) { nodes { type } } } }";
    for (types, expected) in [
        (json!(null), vec!["CALL", "EMAIL", "CALL", "NOTE", "CHANGE"]),
        (json!(["CALL"]), vec!["CALL", "CALL"]),
        (json!(["NOTE", "CHANGE"]), vec!["NOTE", "CHANGE"]),
        (json!(["MEETING"]), vec![]),
        (json!([]), vec![]),
    ] {
        let data = api
            .data(&ada, query, json!({ "id": id, "types": types }))
            .await;
        let nodes = &data["lead"]["notes"]["nodes"];
        assert_eq!(super::strings(nodes, "type"), expected);
    }
}

#[tokio::test]
async fn a_timeline_is_paged_by_cursor_newest_first() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    for number in 1..=6 {
        let input = json!({ "id": id, "content": number.to_string() });
        api.change(&ada, "addNote", input).await;
    }
    let query = "query ($id: ID!, $first: Int, $after: String) { lead(id: $id) {
        notes(first: $first, after: $after) { nodes { content }
            pageInfo { endCursor hasNextPage hasPreviousPage } } } }";
    let mut after = json!(null);
    let mut pages = Vec::new();
    loop {
        let page = json!({ "id": id, "first": 3, "after": after });
        let notes = api.data(&ada, query, page).await["lead"]["notes"].clone();
        assert_eq!(notes["pageInfo"]["hasPreviousPage"], !after.is_null());
        pages.push(super::strings(&notes["nodes"], "content").join(" "));
        after = notes["pageInfo"]["endCursor"].clone();
        if notes["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(pages, ["6 5 4", "3 2 1", "created the lead"]);
    for (argument, bad) in [
        ("first", json!(0)),
        ("first", json!(-1)),
        ("first", json!(101)),
        ("after", json!("x")),
        ("after", json!("")),
        ("after", json!("🦀")),
    ] {
        let mut page = json!({ "id": id });
        page[argument] = bad;
        let refusal = api.refusal(Some(&ada), query, page, "INVALID_DATA").await;
        assert_eq!(super::fields_of(&refusal), [argument]);
        assert_eq!(refusal["path"], json!(["lead", "notes"]));
    }
}

#[tokio::test]
async fn the_notes_of_many_leads_come_in_one_answer_each_with_its_own_page() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for name in ["A", "B", "C"] {
        let id = api.lead_id(&ada, json!({ "lastName": name })).await;
        for number in 1..=2 {
            let input = json!({ "id": id, "content": format!("{name}{number}") });
            api.change(&ada, "addNote", input).await;
        }
    }
    let query = "{ leads(orderBy: { field: LAST_NAME }) { nodes {
        notes(first: 1) { nodes { content } pageInfo { hasNextPage } }
        calls: notes(types: [CALL]) { nodes { content } } } } }";
    let data = api.data(&ada, query, json!({})).await;
    let leads = data["leads"]["nodes"].as_array().unwrap();
    for (lead, content) in leads.iter().zip(["A2", "B2", "C2"]) {
        assert_eq!(
            lead,
            &json!({ "notes": { "nodes": [{ "content": content }],
                "pageInfo": { "hasNextPage": true } }, "calls": { "nodes": [] } })
        );
    }
}
