//! Exports: `createExport`, and the download of its address.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};

use crm::service::exports::{self, forget_expired};

use super::{Team, strings, text, with};
use crate::support::{Api, PUBLIC_URL, SignedIn, lasting};

const COLUMNS: [&str; 6] = [
    "LAST_NAME",
    "EMAIL",
    "PHONE",
    "COMPANY",
    "TAGS",
    "CUSTOM_FIELDS",
];

async fn make(api: &Api, who: &SignedIn, more: Value) -> String {
    let input = with(json!({ "format": "CSV", "columns": ["LAST_NAME"] }), more);
    let made = api.change(who, "createExport", input).await;
    let url = text(&made["url"]);
    assert!(
        url.starts_with(&format!("{PUBLIC_URL}/exports/crm_export_")),
        "{url}"
    );
    url
}

async fn get(api: &Api, url: &str) -> (StatusCode, HeaderMap, String) {
    let path = url.strip_prefix(PUBLIC_URL).unwrap();
    api.send(Request::get(path).body(Body::empty()).unwrap())
        .await
}

async fn download(api: &Api, url: &str) -> String {
    let (status, _, body) = get(api, url).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// The records after the line of names.
fn records(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let records = reader.records().map(|record| record.unwrap());
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

async fn names(api: &Api, url: &str) -> Vec<String> {
    let mut names: Vec<String> = records(&download(api, url).await)
        .into_iter()
        .flatten()
        .collect();
    names.sort();
    names
}

async fn gone(api: &Api, url: &str) {
    let (status, _, body) = get(api, url).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn every_value_comes_out_as_it_went_in_in_both_formats() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let hostile = json!({ "lastName": "O'\"Neill\",\r\nline; two", "email": "a@b.example",
        "phone": "+48601234567", "company": "=HYPERLINK(\"x\")", "tags": ["a;b", "-c", "\"d\""],
        "customFields": { "n": 12345678901234567890_u64, "a, b": [null, "ü"] } });
    let lead = api.lead(&ada, hostile).await;
    let csv = make(&api, &ada, json!({ "columns": COLUMNS })).await;
    let (_, headers, csv) = get(&api, &csv).await;
    assert_eq!(
        headers["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    let disposition = headers["content-disposition"].to_str().unwrap();
    assert!(
        disposition.starts_with("attachment; filename=\"leads-20"),
        "{disposition}"
    );
    assert!(
        csv.starts_with("lastName,email,phone,company,tags,customFields\r\n"),
        "{csv}"
    );
    let record = &records(&csv)[0];
    assert_eq!(record[0], text(&lead["lastName"]));
    assert_eq!(record[2], "+48601234567");
    assert_eq!(record[3], format!("'{}", text(&lead["company"])));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .has_headers(false)
        .from_reader(record[4].trim_start_matches('\'').as_bytes());
    let tags: Vec<String> = reader
        .records()
        .next()
        .unwrap()
        .unwrap()
        .iter()
        .map(Into::into)
        .collect();
    assert_eq!(json!(tags), lead["tags"]);
    assert!(record[5].contains("12345678901234567890"), "{}", record[5]);

    let lines = make(&api, &ada, json!({ "format": "NDJSON", "columns": null })).await;
    let (_, headers, lines) = get(&api, &lines).await;
    assert_eq!(
        headers["content-type"],
        "application/x-ndjson; charset=utf-8"
    );
    assert_eq!(lines.lines().count(), 1);
    let line: Value = serde_json::from_str(&lines).unwrap();
    for field in [
        "id",
        "firstName",
        "lastName",
        "fullName",
        "email",
        "phone",
        "company",
        "jobTitle",
        "source",
        "status",
        "leadScore",
        "isHotLead",
        "conversionProbability",
        "lastContactDate",
        "nextFollowUp",
        "callAttempts",
        "tags",
        "customFields",
        "archivedAt",
    ] {
        assert_eq!(line[field], lead[field], "{field}");
    }
    for field in ["createdAt", "updatedAt"] {
        let at = |value: &Value| {
            text(value)
                .parse::<chrono::DateTime<chrono::Utc>>()
                .unwrap()
        };
        assert_eq!(at(&line[field]), at(&lead[field]), "{field}");
    }
    assert_eq!(line.as_object().unwrap().len(), 22);
}

#[tokio::test]
async fn the_rows_are_those_that_the_maker_may_see_when_they_are_read() {
    let team = Team::new().await;
    let Team {
        api,
        ada,
        ann,
        mia,
        abe,
        ..
    } = &team;
    for (owner, name) in [(Some(ann), "Anns"), (Some(abe), "Abes"), (None, "Nobodys")] {
        team.lead_of(owner, name).await;
    }
    let all =
        json!({ "orderBy": { "field": "LAST_NAME" }, "columns": ["LAST_NAME", "ASSIGNED_TO"] });
    for (who, seen) in [
        (ada, "Abes Anns Nobodys"),
        (mia, "Abes Anns Nobodys"),
        (ann, "Anns"),
    ] {
        let url = make(api, who, all.clone()).await;
        let rows = records(&download(api, &url).await);
        let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(names.join(" "), seen, "{}", who.email);
        for row in rows {
            let expected = match row[0].as_str() {
                "Anns" => ann.email.as_str(),
                "Abes" => abe.email.as_str(),
                _ => "",
            };
            assert_eq!(row[1], expected);
        }
    }
    let url = make(api, ann, json!({})).await;
    let moved = json!({ "leads": { "all": true }, "to": { "userId": abe.id } });
    api.change(ada, "assignLeads", moved).await;
    assert_eq!(names(api, &url).await, [""; 0]);
    let promoted = json!({ "id": ann.id, "role": "ADMIN" });
    api.change(ada, "updateUser", promoted).await;
    assert_eq!(names(api, &url).await, ["Abes", "Anns", "Nobodys"]);
}

#[tokio::test]
async fn filter_search_and_order_select_what_leads_lists() {
    let team = Team::new().await;
    let Team { api, ada, .. } = &team;
    for (name, company) in [("Adams", "Acme"), ("Brown", "Acme"), ("Clark", "Other")] {
        api.lead(ada, json!({ "lastName": name, "company": company }))
            .await;
    }
    let archived = api
        .lead_id(ada, json!({ "lastName": "Davis", "company": "Acme" }))
        .await;
    api.change(ada, "archiveLead", json!({ "id": archived }))
        .await;
    let descending = json!({ "field": "LAST_NAME", "direction": "DESC" });
    let acme = json!({ "filter": { "company": { "equals": "acme" } }, "orderBy": descending });
    let url = make(api, ada, acme).await;
    assert_eq!(records(&download(api, &url).await), [["Brown"], ["Adams"]]);
    let url = make(api, ada, json!({ "search": "acme brown" })).await;
    assert_eq!(names(api, &url).await, ["Brown"]);
    let url = make(api, ada, json!({ "filter": { "archived": "ONLY" } })).await;
    assert_eq!(names(api, &url).await, ["Davis"]);
}

#[tokio::test]
async fn notes_come_along_if_they_are_asked_for_in_their_last_version() {
    let team = Team::new().await;
    let Team { api, ann, .. } = &team;
    let lead = team.lead_of(Some(ann), "Noted").await;
    let first = api
        .change(
            ann,
            "addNote",
            json!({ "id": lead, "content": "first, wrong" }),
        )
        .await;
    let edit = json!({ "id": first["note"]["id"], "content": "first" });
    api.change(ann, "editNote", edit).await;
    let call = json!({ "id": lead, "content": "=second", "type": "CALL" });
    api.change(ann, "addNote", call).await;
    let notes = json!({ "notes": true });
    let csv = download(api, &make(api, ann, notes.clone()).await).await;
    assert!(csv.starts_with("lastName,notes\r\n"), "{csv}");
    let column: Value = serde_json::from_str(&records(&csv)[0][1]).unwrap();
    let lines = make(api, ann, with(notes, json!({ "format": "NDJSON" }))).await;
    let line: Value = serde_json::from_str(&download(api, &lines).await).unwrap();
    assert_eq!(line["notes"], column);
    assert_eq!(strings(&column, "content"), ["first", "=second"]);
    assert_eq!(strings(&column, "type"), ["NOTE", "CALL"]);
    assert_eq!(strings(&column, "by"), [ann.id.as_str(); 2]);
}

#[tokio::test]
async fn an_export_ends_with_its_time_and_with_whatever_its_maker_was_signed_in_by() {
    let Team {
        api, ada, ann, ben, ..
    } = &Team::new().await;
    let url = make(api, ada, json!({})).await;
    api.sql("UPDATE exports SET expires_at = now() - interval '1 second'")
        .await;
    gone(api, &url).await;
    forget_expired(api.db(), chrono::Utc::now()).await.unwrap();
    assert_eq!(api.count("SELECT count(*) FROM exports").await, 0);

    let url = make(api, ann, json!({})).await;
    download(api, &url).await;
    download(api, &url).await;
    api.data(ann, "mutation { logout { loggedOut } }", json!({}))
        .await;
    gone(api, &url).await;

    let url = make(api, ben, json!({})).await;
    let leave = json!({ "id": ben.id, "leads": { "keep": true } });
    api.change(ada, "deactivateUser", leave).await;
    gone(api, &url).await;

    let key = super::api_keys::key_of(ada, "AGENT");
    let key = api.change(ada, "createApiKey", key).await;
    let service = SignedIn {
        token: text(&key["secret"]),
        ..ada.clone()
    };
    let url = make(api, &service, json!({})).await;
    download(api, &url).await;
    api.change(ada, "revokeApiKey", json!({ "id": key["apiKey"]["id"] }))
        .await;
    gone(api, &url).await;

    for token in [
        "",
        "x",
        "crm_export_x",
        "crm_session_x",
        "%00",
        ada.token.as_str(),
    ] {
        let (status, ..) = get(api, &format!("{PUBLIC_URL}/exports/{token}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{token}");
    }
    let url = make(api, ada, json!({})).await;
    let token = url.rsplit_once('/').unwrap().1.to_owned();
    let bearer = SignedIn {
        token,
        ..ada.clone()
    };
    api.refusal(Some(&bearer), "{ me { id } }", json!({}), "UNAUTHENTICATED")
        .await;
}

#[tokio::test]
async fn what_is_wrong_with_the_input_is_said_before_a_download() {
    let Team { api, ada, .. } = &Team::new().await;
    let faults = async |more: Value| {
        let input = with(json!({ "format": "CSV" }), more);
        api.faults(ada, "createExport", input).await
    };
    assert_eq!(faults(json!({ "columns": [] })).await, ["columns"]);
    assert_eq!(
        faults(json!({ "columns": ["ID", "EMAIL", "ID"] })).await,
        ["columns"]
    );
    let wrong = json!({ "filter": { "ids": ["x"] }, "search": "a\0" });
    let wrong = faults(wrong).await;
    assert!(
        wrong.iter().any(|field| field.starts_with("filter.ids")),
        "{wrong:?}"
    );
    assert!(wrong.contains(&"search".to_owned()), "{wrong:?}");

    let input = json!({ "format": "CSV", "idempotencyKey": "once" });
    let first = api.change(ada, "createExport", input.clone()).await;
    let again = api.change(ada, "createExport", input).await;
    assert_eq!(
        (&again["url"], &again["expiresAt"]),
        (&json!(null), &first["expiresAt"])
    );
    assert_eq!(api.count("SELECT count(*) FROM exports").await, 1);
}

struct Sink(Vec<u8>);

impl exports::Chunks for Sink {
    async fn send(&mut self, bytes: Vec<u8>) -> bool {
        self.0.extend(bytes);
        true
    }
}

#[tokio::test]
async fn whoever_is_lowered_or_gone_between_the_look_up_and_the_rows_gets_no_more_than_then() {
    let team = Team::new().await;
    let Team {
        api, ada, ann, abe, ..
    } = &team;
    team.lead_of(Some(ann), "Anns").await;
    team.lead_of(Some(abe), "Abes").await;
    let policy = lasting(chrono::TimeDelta::hours(1));
    api.change(ada, "updateUser", json!({ "id": ann.id, "role": "ADMIN" }))
        .await;
    let url = make(api, ann, json!({})).await;
    let token = url.rsplit_once('/').unwrap().1;
    let found = exports::open(api.db(), token, policy)
        .await
        .unwrap()
        .unwrap();
    api.change(ada, "updateUser", json!({ "id": ann.id, "role": "AGENT" }))
        .await;
    let mut sink = Sink(Vec::new());
    exports::read(api.db(), &found, &mut sink).await.unwrap();
    assert_eq!(String::from_utf8(sink.0).unwrap(), "lastName\r\nAnns\r\n");

    api.data(ann, "mutation { logout { loggedOut } }", json!({}))
        .await;
    let mut sink = Sink(Vec::new());
    let read = exports::read(api.db(), &found, &mut sink).await;
    assert_eq!(
        read.err().map(|error| error.code()),
        Some("UNAUTHENTICATED")
    );
    assert!(sink.0.is_empty());
}
