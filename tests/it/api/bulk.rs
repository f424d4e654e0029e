//! Changes of many leads that account for every row.

use serde_json::{Value, json};

use super::{Team, UNKNOWN, with};

/// The changes of leads that are there, with what each needs beside the selection.
fn changes() -> [(&'static str, Value); 3] {
    [
        ("bulkUpdateStatus", json!({ "status": "WON" })),
        ("bulkTag", json!({ "add": ["vip"] })),
        ("bulkArchive", json!({})),
    ]
}

/// Index, id and code of each row, `null` for a row that succeeded.
fn rows(result: &Value) -> Vec<(u64, Value, Value)> {
    let rows = result["results"].as_array().unwrap().iter();
    let row = |row: &Value| {
        (
            row["index"].as_u64().unwrap(),
            row["id"].clone(),
            row["error"]["code"].clone(),
        )
    };
    rows.map(row).collect()
}

fn codes(result: &Value) -> Vec<Value> {
    rows(result).into_iter().map(|(_, _, code)| code).collect()
}

fn sums(result: &Value) -> (u64, u64, u64) {
    let number = |field: &str| result[field].as_u64().unwrap();
    let sums = (number("total"), number("succeeded"), number("failed"));
    assert_eq!(sums.0, sums.1 + sums.2);
    sums
}

struct Mixed {
    team: Team,
    own: String,
    foreign: String,
    archived: String,
}

impl Mixed {
    async fn new() -> Mixed {
        let team = Team::new().await;
        let own = team.lead_of(Some(&team.ann), "Own").await;
        let foreign = team.lead_of(Some(&team.bea), "Foreign").await;
        let archived = team.lead_of(Some(&team.ann), "Archived").await;
        let input = json!({ "id": archived });
        team.api.change(&team.ada, "archiveLead", input).await;
        Mixed {
            team,
            own,
            foreign,
            archived,
        }
    }

    fn ids(&self, more: Value) -> Value {
        let ids = json!([self.foreign, self.own, UNKNOWN, self.archived]);
        with(json!({ "leads": { "ids": ids } }), more)
    }

    async fn all(&self) -> Vec<Value> {
        let mut leads = Vec::new();
        for id in [&self.own, &self.foreign, &self.archived] {
            leads.push(self.team.api.read(&self.team.ada, id).await);
            leads.push(json!(self.team.api.timeline(&self.team.ada, id).await));
        }
        leads
    }
}

#[tokio::test]
async fn each_row_of_mixed_ids_gets_its_own_verdict_in_the_order_given() {
    for (mutation, more) in changes() {
        let mixed = Mixed::new().await;
        let (api, ann) = (&mixed.team.api, &mixed.team.ann);
        let result = api.change(ann, mutation, mixed.ids(more)).await;
        assert_eq!(sums(&result), (4, 1, 3), "{mutation}");
        assert_eq!(
            rows(&result),
            [
                (0, json!(mixed.foreign), json!("PERMISSION_DENIED")),
                (1, json!(mixed.own), json!(null)),
                (2, json!(UNKNOWN), json!("LEAD_NOT_FOUND")),
                (3, json!(mixed.archived), json!("CONFLICT")),
            ]
        );
        let leads = |index: usize| result["results"][index]["lead"].clone();
        assert_eq!(leads(0), json!(null));
        assert_eq!(leads(1)["version"], 2);
        assert_eq!(leads(2), json!(null));
        let own = api.read(ann, &mixed.own).await;
        let (field, value) = match mutation {
            "bulkUpdateStatus" => ("status", json!("WON")),
            "bulkTag" => ("tags", json!(["vip"])),
            _ => ("isArchived", json!(true)),
        };
        assert_eq!((&own[field], &own["version"]), (&value, &json!(2)));
        let foreign = api.read(&mixed.team.ada, &mixed.foreign).await;
        assert_eq!(foreign["version"], 1);
    }
}

#[tokio::test]
async fn all_or_nothing_leaves_nothing_changed_and_marks_the_rows_that_could_have_been() {
    for (mutation, more) in changes() {
        let mixed = Mixed::new().await;
        let before = mixed.all().await;
        let input = with(mixed.ids(more), json!({ "mode": "ALL_OR_NOTHING" }));
        let result = mixed
            .team
            .api
            .change(&mixed.team.ann, mutation, input)
            .await;
        assert_eq!(sums(&result), (4, 0, 4));
        assert_eq!(
            codes(&result),
            [
                "PERMISSION_DENIED",
                "NOT_APPLIED",
                "LEAD_NOT_FOUND",
                "CONFLICT"
            ]
        );
        assert_eq!(mixed.all().await, before);
    }
}

#[tokio::test]
async fn all_or_nothing_changes_all_when_all_can_be() {
    let Team { api, ada, .. } = &Team::new().await;
    let (one, two) = (
        api.lead_id(ada, json!({})).await,
        api.lead_id(ada, json!({})).await,
    );
    let input =
        json!({ "leads": { "ids": [one, two] }, "status": "WON", "mode": "ALL_OR_NOTHING" });
    let result = api.change(ada, "bulkUpdateStatus", input).await;
    assert_eq!(sums(&result), (2, 2, 0));
    for id in [one, two] {
        assert_eq!(api.read(ada, &id).await["status"], "WON");
    }
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_and_changes_nothing() {
    for mode in ["PARTIAL", "ALL_OR_NOTHING"] {
        for (mutation, more) in changes() {
            let mixed = Mixed::new().await;
            let before = mixed.all().await;
            let dry = json!({ "dryRun": true, "mode": mode });
            let input = with(mixed.ids(more), dry);
            let result = mixed
                .team
                .api
                .change(&mixed.team.ann, mutation, input)
                .await;
            assert_eq!(result["dryRun"], true);
            let succeeded = u64::from(mode == "PARTIAL");
            assert_eq!(sums(&result), (4, succeeded, 4 - succeeded));
            assert_eq!(mixed.all().await, before);
        }
    }
}

#[tokio::test]
async fn a_dry_run_shows_twenty_rows_that_would_succeed_and_all_that_would_not() {
    let Team { api, ada, .. } = &Team::new().await;
    let leads = super::called(&["A"; 25]);
    let created = api
        .change(ada, "createLeads", json!({ "leads": leads }))
        .await;
    let mut ids = super::strings(&created["results"], "id");
    ids.extend([UNKNOWN.to_owned(), UNKNOWN.replace('0', "1")]);
    let input = json!({ "leads": { "ids": ids }, "status": "WON", "dryRun": true });
    let result = api.change(ada, "bulkUpdateStatus", input).await;
    assert_eq!(sums(&result), (27, 25, 2));
    assert_eq!(result["results"].as_array().unwrap().len(), 22);
    assert_eq!(rows(&result)[20].0, 25);
}

#[tokio::test]
async fn what_is_archived_is_restored_and_what_is_not_is_a_conflict() {
    let mixed = Mixed::new().await;
    let (api, mia) = (&mixed.team.api, &mixed.team.mia);
    let result = api.change(mia, "bulkRestore", mixed.ids(json!({}))).await;
    assert_eq!(
        codes(&result),
        [
            json!("PERMISSION_DENIED"),
            json!("CONFLICT"),
            json!("LEAD_NOT_FOUND"),
            json!(null)
        ]
    );
    let restored = api.read(mia, &mixed.archived).await;
    assert_eq!(
        (&restored["status"], &restored["tags"]),
        (&json!("NEW"), &json!([]))
    );
}

#[tokio::test]
async fn tags_are_added_and_taken_away_in_one_go() {
    let Team { api, ada, .. } = &Team::new().await;
    let id = api.lead_id(ada, json!({ "tags": ["old", "kept"] })).await;
    let full: Vec<String> = (0..50).map(|n| format!("t{n}")).collect();
    let full = api.lead_id(ada, json!({ "tags": full })).await;
    let input = json!({ "leads": { "ids": [id, full] }, "add": [" NEW ", "kept"], "remove": ["OLD", "other"] });
    let result = api.change(ada, "bulkTag", input).await;
    assert_eq!(codes(&result), [json!(null), json!("INVALID_DATA")]);
    assert_eq!(
        result["results"][1]["error"]["fields"],
        json!([{ "field": "input.add" }])
    );
    assert_eq!(api.read(ada, &id).await["tags"], json!(["kept", "new"]));
    let bad = json!({ "leads": { "ids": [id] }, "add": ["archived"], "remove": [" "] });
    assert_eq!(api.faults(ada, "bulkTag", bad).await, ["add", "remove"]);
}

#[tokio::test]
async fn a_row_that_is_as_it_should_be_succeeds_without_a_new_version() {
    let Team { api, ada, .. } = &Team::new().await;
    let id = api.lead_id(ada, json!({ "status": "WON" })).await;
    let input = json!({ "leads": { "ids": [id, id] }, "status": "WON" });
    let result = api.change(ada, "bulkUpdateStatus", input).await;
    assert_eq!(sums(&result), (2, 2, 0));
    assert_eq!(api.read(ada, &id).await["version"], 1);
    assert_eq!(api.timeline(ada, &id).await.len(), 1);
    let input = json!({ "leads": { "ids": [id, id] }, "status": "LOST" });
    let result = api.change(ada, "bulkUpdateStatus", input).await;
    assert_eq!(sums(&result), (2, 2, 0));
    assert_eq!(api.read(ada, &id).await["version"], 2);
}
