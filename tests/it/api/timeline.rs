//! The timeline: author, time, field, and the values before and after.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Team, text};
use crate::support::{Api, SignedIn};

/// The values of the newest entry, which must be `who`'s change and of this moment.
async fn newest(api: &Api, who: &SignedIn, lead: &str) -> Value {
    let entry = api.timeline(who, lead).await[0].clone();
    assert_eq!(entry["__typename"], "Change");
    assert_eq!(entry["by"]["id"], json!(who.id));
    let at: DateTime<Utc> = text(&entry["at"]).parse().unwrap();
    assert!((Utc::now() - at).abs() < TimeDelta::minutes(1));
    let changes = entry["changes"].as_array().unwrap().iter();
    let value = |side: &Value| side["value"].clone();
    changes
        .map(|one| {
            let field = text(&one["field"]);
            change(&field, value(&one["before"]), value(&one["after"]))
        })
        .collect()
}

fn change(field: &str, before: Value, after: Value) -> Value {
    json!({ "field": field, "before": before, "after": after })
}

#[tokio::test]
async fn a_new_lead_has_an_entry_with_all_it_began_with() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api
        .lead_id(&ada, json!({ "company": "Acme", "jobTitle": "CTO" }))
        .await;
    let changes = newest(&api, &ada, &id).await;
    let changes = changes.as_array().unwrap();
    for (field, new) in [
        ("firstName", json!("Jan")),
        ("company", json!("Acme")),
        ("jobTitle", json!("CTO")),
        ("status", json!("NEW")),
        ("leadScore", json!(60)),
    ] {
        assert!(
            changes.contains(&change(field, json!(null), new)),
            "{field}"
        );
    }
    assert!(changes.iter().all(|change| change["before"].is_null()));
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
    for (before, after) in [
        (json!(null), json!("Buyer")),
        (json!("Buyer"), json!("Head of Purchasing")),
        (json!("Head of Purchasing"), json!(null)),
    ] {
        let title = by_id(json!({ "jobTitle": after }));
        let expected = json!([change("jobTitle", before, after)]);
        assert_eq!(changes("updateLead", title).await, expected);
    }
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

/// The changes of the newest entry, as texts to show.
async fn shown(api: &Api, who: &SignedIn, lead: &str) -> Vec<(String, Value, Value)> {
    let entry = api.timeline(who, lead).await[0].clone();
    let changes = entry["changes"].as_array().unwrap().iter();
    let side = |side: &Value| match side.is_null() {
        true => Value::Null,
        false => side["display"].clone(),
    };
    changes
        .map(|one| {
            let (before, after) = (side(&one["before"]), side(&one["after"]));
            (text(&one["field"]), before, after)
        })
        .collect()
}

#[tokio::test]
async fn a_value_that_was_not_there_is_null_before_and_one_that_is_gone_is_null_after() {
    let api = &Api::new().await;
    let ada = &api.admin().await;
    let id = api.lead_id(ada, json!({ "company": "Acme" })).await;
    let input = json!({ "id": id, "company": null, "phone": "+48601777888" });
    api.change(ada, "updateLead", input).await;
    let entry = api.timeline(ada, &id).await[0].clone();
    let given = |value: &str| json!({ "value": value, "display": value });
    let changes = &entry["changes"];
    let expected = json!({ "field": "company", "before": given("Acme"), "after": null });
    assert_eq!(changes[0], expected);
    let phone = json!({ "field": "phone", "before": null, "after": given("+48601777888") });
    assert!(changes.as_array().unwrap().contains(&phone), "{changes}");
}

#[tokio::test]
async fn every_value_is_shown_as_a_text_and_a_user_by_name_also_to_who_may_not_open_them() {
    let Team {
        api, ada, ann, bea, ..
    } = &Team::new().await;
    let id = api.lead_id(ada, json!({ "assignedTo": bea.id })).await;
    let hand_over = json!({ "leads": { "ids": [id] }, "to": { "userId": ann.id } });
    api.change(ada, "assignLeads", hand_over).await;
    let user = "query ($id: ID!) { user(id: $id) { id } }";
    api.refusal(
        Some(ann),
        user,
        json!({ "id": bea.id }),
        "PERMISSION_DENIED",
    )
    .await;
    let row = |field: &str, before: Value, after: Value| (field.to_owned(), before, after);
    assert_eq!(
        shown(api, ann, &id).await,
        [row("assignedTo", json!("Bea Agent"), json!("Ann Agent"))]
    );
    let entry = api.timeline(ann, &id).await[0].clone();
    assert_eq!(entry["changes"][0]["before"]["value"], json!(bea.id));
    let update = json!({ "id": id, "status": "NEGOTIATION", "tags": ["b", "a"],
        "conversionProbability": 0.25, "nextFollowUp": "2150-01-02T03:04:05Z",
        "customFields": { "trucks": 40 } });
    api.change(ann, "updateLead", update).await;
    assert_eq!(
        shown(api, ann, &id).await,
        [
            row("conversionProbability", json!("0.0"), json!("0.25")),
            row("customFields", json!("{}"), json!(r#"{"trucks":40}"#)),
            row("nextFollowUp", json!(null), json!("2150-01-02T03:04:05Z")),
            row("status", json!("NEW"), json!("NEGOTIATION")),
            row("tags", json!(""), json!("b, a")),
        ]
    );
}

#[tokio::test]
async fn a_user_who_is_not_known_is_shown_by_the_id() {
    let api = &Api::new().await;
    let ada = &api.admin().await;
    let id = api.lead_id(ada, json!({})).await;
    let changes = json!({ "assignedTo": [super::UNKNOWN, ada.id] });
    api.sql(&format!(
        "INSERT INTO lead_notes (id, lead_id, note_type, content, changes, created_at)
         VALUES (gen_random_uuid(), '{id}', 'CHANGE', '', '{changes}', now())"
    ))
    .await;
    let row = (
        "assignedTo".to_owned(),
        json!(super::UNKNOWN),
        json!("Ada Admin"),
    );
    assert_eq!(shown(api, ada, &id).await, [row]);
    assert_eq!(api.timeline(ada, &id).await[0]["by"], json!(null));
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
    let assign = json!({ "leads": { "ids": [id] }, "to": { "userId": ann.id } });
    let expected = json!([change("assignedTo", json!(null), json!(ann.id))]);
    assert_eq!(changes("assignLeads", assign).await, expected);
    let status = json!({ "leads": { "ids": [id] }, "status": "WON" });
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
    let deactivate = json!({ "id": ann.id, "leads": { "unassign": true } });
    let expected = json!([change("assignedTo", json!(ann.id), json!(null))]);
    assert_eq!(changes("deactivateUser", deactivate).await, expected);
}

#[tokio::test]
async fn a_timeline_and_the_notes_of_it_can_be_narrowed_to_types() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    for kind in ["NOTE", "CALL", "EMAIL", "CALL"] {
        let input = json!({ "id": id, "content": kind, "type": kind });
        api.change(&ada, "addNote", input).await;
    }
    let query = "query ($id: ID!, $types: [TimelineEntryType!]) { lead(id: $id) {
        timeline(types: $types) { nodes { ... on Note { type } ... on Change { changes { field } } } } } }";
    for (types, expected) in [
        (json!(null), vec!["CALL", "EMAIL", "CALL", "NOTE", "-"]),
        (json!(["CALL"]), vec!["CALL", "CALL"]),
        (json!(["NOTE", "CHANGE"]), vec!["NOTE", "-"]),
        (json!(["CHANGE"]), vec!["-"]),
        (json!(["MEETING"]), vec![]),
        (json!([]), vec![]),
    ] {
        let variables = json!({ "id": id, "types": types });
        let data = api.data(&ada, query, variables).await;
        let nodes = data["lead"]["timeline"]["nodes"].as_array().unwrap().iter();
        let kinds: Vec<_> = nodes
            .map(|node| node["type"].as_str().unwrap_or("-"))
            .collect();
        assert_eq!(kinds, expected);
    }
    let query = "query ($id: ID!, $types: [NoteType!]) { lead(id: $id) {
        notes(types: $types) { nodes { type } } } }";
    for (types, expected) in [
        (json!(null), vec!["CALL", "EMAIL", "CALL", "NOTE"]),
        (json!(["CALL"]), vec!["CALL", "CALL"]),
        (json!(["NOTE", "EMAIL"]), vec!["EMAIL", "NOTE"]),
        (json!(["MEETING"]), vec![]),
        (json!([]), vec![]),
    ] {
        let variables = json!({ "id": id, "types": types });
        let data = api.data(&ada, query, variables).await;
        let nodes = &data["lead"]["notes"]["nodes"];
        assert_eq!(super::strings(nodes, "type"), expected);
    }
    let change = json!({ "id": id, "types": ["CHANGE"] });
    api.refusal(Some(&ada), query, change, "GRAPHQL_VALIDATION_FAILED")
        .await;
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
        timeline(first: $first, after: $after) { nodes { __typename ... on Note { content } }
            pageInfo { endCursor hasNextPage hasPreviousPage } } } }";
    let mut after = json!(null);
    let mut pages = Vec::new();
    loop {
        let page = json!({ "id": id, "first": 3, "after": after });
        let notes = api.data(&ada, query, page).await["lead"]["timeline"].clone();
        assert_eq!(notes["pageInfo"]["hasPreviousPage"], !after.is_null());
        let nodes = notes["nodes"].as_array().unwrap().iter();
        let contents = nodes.map(|node| node["content"].as_str().unwrap_or("change"));
        pages.push(contents.collect::<Vec<_>>().join(" "));
        after = notes["pageInfo"]["endCursor"].clone();
        if notes["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(pages, ["6 5 4", "3 2 1", "change"]);
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
        for (field, query) in [
            ("timeline", query.to_owned()),
            ("notes", query.replace("timeline(", "notes(")),
        ] {
            let page = page.clone();
            let refusal = api.refusal(Some(&ada), &query, page, "INVALID_DATA").await;
            assert_eq!(super::fields_of(&refusal), [argument]);
            assert_eq!(refusal["path"], json!(["lead", field]));
        }
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
