//! One line for each request, and nothing in it that is a secret or about a person.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::program::{EMAIL, PASSWORD, Program, lock, until_it_waits};

/// The data that clients send and receive here, which must not be in the log.
const SECRETS: [&str; 8] = [
    EMAIL,
    PASSWORD,
    "Kowalski",
    "jan.kowalski@kowalski-transport.example",
    "601234567",
    "601 234 567",
    "wants forty trucks",
    "surname-searched",
];

const CREATE: &str = "mutation New($lead: CreateLeadInput!) {
    createLead(input: $lead) { lead { id fullName email phone } } }";

/// Signs in and asks what has names, addresses and mistakes in it. Returns the token.
async fn ask_everything(program: &Program) -> String {
    let header = program.sign_in().await;
    let lead = json!({
        "firstName": "Jan", "lastName": "Kowalski", "phone": "+48 601 234 567",
        "email": "jan.kowalski@kowalski-transport.example",
    });
    let create = json!({ "query": CREATE, "variables": { "lead": lead } });
    let answer = program.ask(&header, &create).await;
    let id = answer["data"]["createLead"]["lead"]["id"].clone();
    assert!(id.is_string(), "{answer}");
    let note = "mutation ($id: ID!) { addNote(input: { id: $id, content: \"wants forty trucks\" }) \
                { note { content } } }";
    let search = "{ leads(search: \"surname-searched\") { nodes { email } } me { fullName } }";
    let wrong = format!(
        "mutation {{ login(input: {{ email: \"{EMAIL}\", password: \"x\" }}) {{ token }} }}"
    );
    let own_id = format!("{header}x-request-id: given-4711\r\n");
    let no_id = format!("{header}x-request-id: {EMAIL}\r\n");
    for (headers, body) in [
        (&header, json!({ "query": note, "variables": { "id": id } })),
        (&own_id, json!({ "query": search })),
        (&header, json!({ "query": "{ Kowalski }" })),
        (
            &header,
            json!({ "query": "{ me", "operationName": "Kowalski" }),
        ),
        (
            &header,
            json!({ "query": "{ me { id } }", "operationName": EMAIL }),
        ),
        (
            &header,
            json!({ "query": CREATE, "variables": { "lead": "Kowalski" } }),
        ),
        (&no_id, json!({ "query": wrong })),
    ] {
        program.ask(headers, &body).await;
    }
    program.post(&header, "{\"query\": Kowalski").await;
    header
}

/// The line of the only request of which this is true.
fn line(lines: &[Value], is_it: impl Fn(&Value) -> bool) -> &Value {
    let found: Vec<&Value> = lines.iter().filter(|line| is_it(line)).collect();
    assert_eq!(found.len(), 1, "{lines:#?}");
    found[0]
}

fn check_secrets(log: &str, header: &str) {
    let token = header.trim().rsplit(' ').next().unwrap();
    for secret in SECRETS.iter().chain([&token]) {
        assert!(!log.contains(secret), "{secret} is in\n{log}");
    }
}

#[tokio::test]
async fn each_request_is_one_line_of_json_that_names_nobody() {
    let program = Program::start(&[("CRM_LOG_FORMAT", "json")]).await;
    let header = ask_everything(&program).await;
    let log = program.stop().await;
    check_secrets(&log, &header);
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .filter(|line: &Value| line["message"] == "request")
        .collect();
    assert_eq!(lines.len(), 10, "{lines:#?}");
    for line in &lines {
        assert!(
            line["milliseconds"].is_f64() && line["request_id"].is_string(),
            "{line}"
        );
        assert!(
            line["statements"].is_u64() && line["status"].is_u64(),
            "{line}"
        );
    }
    let made = line(&lines, |line| {
        line["operation"] == "New" && line["codes"] == ""
    });
    assert_eq!(made["operation_type"], "mutation");
    assert_eq!(
        (&made["field"], &made["status"]),
        (&json!("createLead"), &json!(200))
    );
    let user = made["user"].as_str().unwrap();
    assert_eq!(user.len(), 36);
    // The token's, the transaction's two, what the change reads and writes in between.
    assert!(made["statements"].as_u64() >= Some(5), "{made}");
    assert!(made["rows"].as_u64() >= Some(3), "{made}");
    assert!(made["database_milliseconds"].as_f64() > Some(0.0), "{made}");
    let searched = line(&lines, |line| line["request_id"] == "given-4711");
    assert_eq!(
        (&searched["field"], &searched["user"]),
        (&json!("several"), &json!(user))
    );
    let signed_in = line(&lines, |line| line["operation"] == "SignIn");
    assert_eq!(
        (&signed_in["field"], &signed_in["user"]),
        (&json!("login"), &Value::Null)
    );
    for (codes, status, how_many) in [
        ("GRAPHQL_VALIDATION_FAILED", 200, 4),
        ("UNAUTHENTICATED", 200, 1),
        ("BAD_REQUEST", 400, 1),
    ] {
        let alike = lines
            .iter()
            .filter(|line| line["codes"] == codes && line["status"] == status);
        assert_eq!(alike.count(), how_many, "{codes}: {lines:#?}");
    }
}

#[tokio::test]
async fn each_request_is_one_line_of_text_that_names_nobody_however_much_is_logged() {
    for level in ["info", "trace"] {
        one_line_each(level).await;
    }
}

async fn one_line_each(level: &str) {
    let program = Program::start(&[("CRM_LOG", level)]).await;
    let header = ask_everything(&program).await;
    let log = program.stop().await;
    check_secrets(&log, &header);
    let requests: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(" request request_id="))
        .collect();
    assert_eq!(requests.len(), 10, "{log}");
    let made = requests
        .iter()
        .find(|line| line.contains("operation=\"New\""))
        .unwrap();
    for part in [
        "operation_type=mutation",
        "field=\"createLead\"",
        "user=",
        "milliseconds=",
        "statements=",
        "rows=",
    ] {
        assert!(made.contains(part), "{part} is not in {made}");
    }
}

#[tokio::test]
async fn a_slow_statement_is_logged_by_its_name_and_the_request_and_never_with_its_values() {
    let variables = [("CRM_LOG_FORMAT", "json"), ("CRM_SLOW_STATEMENT_MS", "200")];
    let program = Program::start(&variables).await;
    let token = program.sign_in().await;
    let header = format!("{token}x-request-id: slow-1\r\n");
    let mut held = lock(&program).await;
    let query =
        json!({ "query": "{ duplicateLeads(email: \"Kowalski@kowalski.example\") { id } }" });
    let asking = program.ask(&header, &query);
    let releasing = async {
        until_it_waits(&program).await;
        tokio::time::sleep(Duration::from_millis(250)).await;
        held.batch_execute("COMMIT").await.unwrap();
    };
    let (answer, ()) = tokio::join!(asking, releasing);
    assert_eq!(answer["data"], json!({ "duplicateLeads": [] }));
    let log = program.stop().await;
    check_secrets(&log, &token);
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let slow = line(&lines, |line| {
        line["message"] == "slow statement" && line["request_id"] == "slow-1"
    });
    assert_eq!(slow["statement"], "service::leads::duplicates SELECT leads");
    assert!(slow["milliseconds"].as_f64() >= Some(200.0), "{slow}");
    assert!(slow["line"].is_u64(), "{slow}");
    let whole = line(&lines, |line| {
        line["message"] == "request" && line["request_id"] == "slow-1"
    });
    assert!(
        whole["database_milliseconds"].as_f64() >= slow["milliseconds"].as_f64(),
        "{whole}"
    );
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_a_line_too() {
    let program = Program::start(&[("CRM_LOG_FORMAT", "json")]).await;
    let header = program.sign_in().await;
    let mut held = lock(&program).await;
    let body = json!({ "query": "query Gone { leads { nodes { id } } }" }).to_string();
    let length = body.len();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{header}\r\n{body}"
    );
    let mut stream = TcpStream::connect(program.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    until_it_waits(&program).await;
    drop(stream);
    program.says("client_gone").await;
    held.batch_execute("COMMIT").await.unwrap();
    let log = program.stop().await;
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let gone = line(&lines, |line| line["operation"] == "Gone");
    assert_eq!(
        (&gone["codes"], &gone["status"]),
        (&json!("client_gone"), &json!(499))
    );
}

#[tokio::test]
async fn what_cannot_be_read_of_a_proxys_word_is_said_once() {
    let program = Program::start(&[("CRM_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    for written in ["203.0.113.1", "unknown", "unknown", "192.0.2.1, _hidden"] {
        let header = format!("x-forwarded-for: {written}\r\n");
        let answer = program
            .ask(&header, &json!({ "query": "{ me { id } }" }))
            .await;
        assert_eq!(answer["data"], json!({ "me": null }));
    }
    let said = program.stop().await;
    let lines = said.lines().filter(|line| line.contains("X-Forwarded-For"));
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(lines[0].contains("proxy=127.0.0.1"), "{said}");
}

#[tokio::test]
async fn variables_that_are_no_settings_any_more_are_one_line_of_warning() {
    let set = [
        ("CRM_LIMIT_NESTING", "10"),
        ("CRM_LIMIT_VALUES", "7"),
        ("CRM_LIMIT_ERROR_LENGTH", ""),
    ];
    let log = Program::start(&set).await.stop().await;
    let warning = "no longer settings, and without effect: CRM_LIMIT_NESTING, CRM_LIMIT_VALUES (";
    assert_eq!(log.matches(warning).count(), 1, "{log}");
    assert_eq!(log.matches("no longer settings").count(), 1, "{log}");
}
