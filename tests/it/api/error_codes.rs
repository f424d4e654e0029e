//! The error codes that a field's description names are the ones it has.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Team, UNKNOWN, document};

const CODES: [&str; 14] = [
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "LEAD_NOT_FOUND",
    "USER_NOT_FOUND",
    "NOTE_NOT_FOUND",
    "API_KEY_NOT_FOUND",
    "NOT_FOUND",
    "INVALID_DATA",
    "CONFLICT",
    "IDEMPOTENCY_CONFLICT",
    "RATE_LIMITED",
    "TIMEOUT",
    "DATABASE_ERROR",
    "INTERNAL",
];

pub(super) type Codes = BTreeSet<(String, &'static str)>;

/// The error codes that the descriptions of the root type's fields list.
pub(super) async fn described(team: &Team, root: &str) -> Codes {
    let query = "query ($root: String!) { __type(name: $root) { fields { name description } } }";
    let data = team.api.data(&team.ada, query, json!({ "root": root }));
    let fields = data.await["__type"]["fields"].clone();
    let mut codes = Codes::new();
    for field in fields.as_array().unwrap() {
        let description = super::text(&field["description"]);
        let (_, errors) = description.split_once("Errors:").unwrap_or_default();
        let words: Vec<&str> = errors
            .split(|c: char| !c.is_ascii_uppercase() && c != '_')
            .collect();
        for code in CODES.into_iter().filter(|code| words.contains(code)) {
            codes.insert((super::text(&field["name"]), code));
        }
    }
    codes
}

/// Asks, and notes the code that comes back.
pub(super) struct Provoked<'a> {
    team: &'a Team,
    pub(super) codes: Codes,
}

impl<'a> Provoked<'a> {
    pub(super) fn new(team: &'a Team) -> Provoked<'a> {
        Provoked {
            team,
            codes: Codes::new(),
        }
    }

    pub(super) async fn ask(
        &mut self,
        field: &str,
        document: &str,
        variables: Value,
        code: &'static str,
    ) {
        let who = match code {
            "UNAUTHENTICATED" => None,
            "PERMISSION_DENIED" => Some(&self.team.bea),
            _ => Some(&self.team.ada),
        };
        self.team.api.refusal(who, document, variables, code).await;
        self.codes.insert((field.to_owned(), code));
    }

    pub(super) async fn change(&mut self, mutation: &str, input: Value, code: &'static str) {
        let variables = json!({ "input": input });
        self.ask(mutation, &document(mutation), variables, code)
            .await;
    }
}

/// Calls of queries, each with the code it is answered with.
fn queries(lead: &str, user: &str) -> Vec<(&'static str, String)> {
    let mut calls = Vec::new();
    for (name, id, not_found) in [
        ("lead", lead, Some("LEAD_NOT_FOUND")),
        ("user", user, Some("USER_NOT_FOUND")),
        ("node", lead, None),
    ] {
        let call = |id: &str| format!("{name}(id: {id:?}) {{ id }}");
        calls.push(("UNAUTHENTICATED", call(id)));
        calls.push(("PERMISSION_DENIED", call(id)));
        calls.push(("INVALID_DATA", call("1")));
        calls.extend(not_found.map(|code| (code, call(UNKNOWN))));
    }
    for (code, id) in [
        ("UNAUTHENTICATED", lead),
        ("PERMISSION_DENIED", lead),
        ("INVALID_DATA", "1"),
        ("NOT_FOUND", UNKNOWN),
    ] {
        calls.push((code, format!("nodes(ids: [{id:?}]) {{ id }}")));
    }
    for (name, bad, selection) in [
        ("leads", "(first: 0)", " { totalCount }"),
        ("users", "(first: 0)", " { totalCount }"),
        ("apiKeys", "(first: 0)", " { totalCount }"),
        ("timeline", "(first: 0)", " { nodes { id } }"),
        ("duplicateLeads", "(email: \"x\")", " { id }"),
        ("leadStatistics", "(search: \"\\u0000\")", " { totalLeads }"),
        ("leadTags", "(first: 0)", " { tag }"),
    ] {
        calls.push(("UNAUTHENTICATED", format!("{name}{selection}")));
        calls.push(("INVALID_DATA", format!("{name}{bad}{selection}")));
    }
    for (code, call) in [
        ("UNAUTHENTICATED", "me { id }"),
        ("UNAUTHENTICATED", "freeEmailDomains"),
        ("PERMISSION_DENIED", "freeEmailDomains"),
        ("PERMISSION_DENIED", "apiKeys { totalCount }"),
    ] {
        calls.push((code, call.to_owned()));
    }
    calls
}

#[tokio::test]
async fn every_query_has_the_error_codes_that_its_description_names_and_no_others() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    let mut provoked = Provoked::new(&team);
    for (code, call) in queries(&lead, &team.ann.id) {
        let name = call.split([' ', '(']).next().unwrap().to_owned();
        let document = format!("{{ {call} }}");
        provoked.ask(&name, &document, json!({}), code).await;
    }
    assert_eq!(described(&team, "Query").await, provoked.codes);
}
