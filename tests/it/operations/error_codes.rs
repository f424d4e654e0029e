//! The error codes that a field's description names are the ones it has.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Team, UNKNOWN, document, jan, with};

const CODES: [&str; 10] = [
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "LEAD_NOT_FOUND",
    "USER_NOT_FOUND",
    "NOTE_NOT_FOUND",
    "INVALID_DATA",
    "CONFLICT",
    "IDEMPOTENCY_CONFLICT",
    "DATABASE_ERROR",
    "INTERNAL",
];

type Codes = BTreeSet<(String, &'static str)>;

/// What the descriptions of the root type's fields promise.
async fn described(team: &Team, root: &str) -> Codes {
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
struct Provoked<'a> {
    team: &'a Team,
    codes: Codes,
}

impl Provoked<'_> {
    async fn ask(&mut self, field: &str, document: &str, variables: Value, code: &'static str) {
        let who = match code {
            "UNAUTHENTICATED" => None,
            "PERMISSION_DENIED" => Some(&self.team.bea),
            _ => Some(&self.team.ada),
        };
        self.team.api.refusal(who, document, variables, code).await;
        self.codes.insert((field.to_owned(), code));
    }

    async fn change(&mut self, mutation: &str, input: Value, code: &'static str) {
        let variables = json!({ "input": input });
        self.ask(mutation, &document(mutation), variables, code)
            .await;
    }
}

/// Every mutation with an input that Ada could send, and what breaks it in which way.
async fn mutations(team: &Team) -> Vec<(&'static str, Value, Vec<(&'static str, Value)>)> {
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    let gone = team.lead_of(Some(&team.ann), "Gone").await;
    let api = &team.api;
    api.change(&team.ada, "archiveLead", json!({ "id": gone }))
        .await;
    let note = json!({ "leadId": lead, "content": "x" });
    let old = api.change(&team.ada, "addNote", note).await["note"]["id"].clone();
    let edit = json!({ "id": old, "content": "y" });
    let note = api.change(&team.ada, "editNote", edit).await["note"]["id"].clone();
    let user = json!({ "email": "n@example.com", "fullName": "N", "role": "AGENT",
        "password": "long enough" });
    let not_found = || ("LEAD_NOT_FOUND", json!({ "id": UNKNOWN }));
    let stale = || ("CONFLICT", json!({ "expectedVersion": 99 }));
    let foreign = || ("PERMISSION_DENIED", json!({}));
    let no_user = |field: &str| ("USER_NOT_FOUND", json!({ field: UNKNOWN }));
    let taken = || ("CONFLICT", json!({ "email": team.ann.email }));
    let of_a_lead = |more: Value| {
        let input = with(json!({ "id": lead }), more);
        (input, vec![foreign(), not_found(), stale()])
    };
    let mut all = vec![
        (
            "createLead",
            jan(json!({ "assignedToId": team.ann.id })),
            vec![foreign(), no_user("assignedToId")],
        ),
        ("createLeads", json!({ "leads": [] }), vec![]),
        (
            "bulkUpdateStatus",
            json!({ "ids": [], "status": "WON" }),
            vec![],
        ),
        (
            "assignLeads",
            json!({ "ids": [lead], "userId": team.ann.id }),
            vec![foreign(), no_user("userId")],
        ),
        ("bulkTag", json!({ "ids": [], "add": ["a"] }), vec![]),
        ("bulkArchive", json!({ "ids": [] }), vec![]),
        ("bulkRestore", json!({ "ids": [] }), vec![]),
        (
            "addNote",
            json!({ "leadId": lead, "content": "x" }),
            vec![
                foreign(),
                ("LEAD_NOT_FOUND", json!({ "leadId": UNKNOWN })),
                stale(),
            ],
        ),
        (
            "editNote",
            json!({ "id": note, "content": "z" }),
            vec![
                foreign(),
                ("NOTE_NOT_FOUND", json!({ "id": UNKNOWN })),
                ("CONFLICT", json!({ "id": old })),
            ],
        ),
        ("createUser", user, vec![foreign(), taken()]),
        (
            "updateUser",
            json!({ "id": team.ben.id }),
            vec![foreign(), no_user("id"), taken()],
        ),
        (
            "deactivateUser",
            json!({ "id": team.ben.id, "leads": "KEEP" }),
            vec![
                foreign(),
                no_user("id"),
                ("CONFLICT", json!({ "id": team.ada.id })),
            ],
        ),
        ("updateFreeEmailDomains", json!({}), vec![foreign()]),
    ];
    for (mutation, more) in [
        ("updateLead", json!({ "company": "Acme" })),
        ("archiveLead", json!({})),
        ("restoreLead", json!({ "id": gone })),
        ("deleteLead", json!({})),
        ("addTag", json!({ "tag": "a" })),
        ("removeTag", json!({ "tag": "a" })),
        ("recordCallAttempt", json!({})),
        ("updateScore", json!({ "score": 1 })),
        ("rescoreLead", json!({})),
    ] {
        let (input, faults) = of_a_lead(more);
        all.push((mutation, input, faults));
    }
    all
}

#[tokio::test]
async fn every_mutation_has_the_error_codes_that_its_description_names_and_no_others() {
    let team = Team::new().await;
    let mut provoked = Provoked {
        team: &team,
        codes: Codes::new(),
    };
    let used = json!({ "idempotencyKey": "used" });
    team.api.lead(&team.ada, used.clone()).await;
    for (mutation, input, faults) in mutations(&team).await {
        let bad_key = with(input.clone(), json!({ "idempotencyKey": "" }));
        provoked.change(mutation, bad_key, "INVALID_DATA").await;
        let used_key = with(input.clone(), used.clone());
        provoked
            .change(mutation, used_key, "IDEMPOTENCY_CONFLICT")
            .await;
        provoked
            .change(mutation, input.clone(), "UNAUTHENTICATED")
            .await;
        for (code, fault) in faults {
            provoked
                .change(mutation, with(input.clone(), fault), code)
                .await;
        }
    }
    let login = json!({ "email": "nobody", "password": "x" });
    provoked.change("login", login, "UNAUTHENTICATED").await;
    let logout = "mutation { logout { loggedOut } }";
    provoked
        .ask("logout", logout, json!({}), "UNAUTHENTICATED")
        .await;
    assert_eq!(described(&team, "Mutation").await, provoked.codes);
}

#[tokio::test]
async fn every_query_has_the_error_codes_that_its_description_names_and_no_others() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    let mut provoked = Provoked {
        team: &team,
        codes: Codes::new(),
    };
    for (field, arguments, faults) in [
        ("me { id }", String::new(), vec![]),
        (
            "lead",
            format!("(id: {lead:?}) {{ id }}"),
            vec![
                ("PERMISSION_DENIED", format!("(id: {lead:?}) {{ id }}")),
                ("LEAD_NOT_FOUND", format!("(id: {UNKNOWN:?}) {{ id }}")),
                ("INVALID_DATA", "(id: 1) { id }".to_owned()),
            ],
        ),
        (
            "leads",
            " { totalCount }".to_owned(),
            vec![("INVALID_DATA", "(first: 0) { totalCount }".to_owned())],
        ),
        (
            "duplicateLeads",
            " { id }".to_owned(),
            vec![("INVALID_DATA", "(email: \"x\") { id }".to_owned())],
        ),
        (
            "timeline",
            " { nodes { id } }".to_owned(),
            vec![("INVALID_DATA", "(first: 0) { nodes { id } }".to_owned())],
        ),
        (
            "leadStatistics",
            " { totalLeads }".to_owned(),
            vec![(
                "INVALID_DATA",
                "(search: \"\\u0000\") { totalLeads }".to_owned(),
            )],
        ),
        (
            "user",
            format!("(id: {:?}) {{ id }}", team.ann.id),
            vec![
                (
                    "PERMISSION_DENIED",
                    format!("(id: {:?}) {{ id }}", team.ann.id),
                ),
                ("USER_NOT_FOUND", format!("(id: {UNKNOWN:?}) {{ id }}")),
                ("INVALID_DATA", "(id: 1) { id }".to_owned()),
            ],
        ),
        (
            "users",
            " { totalCount }".to_owned(),
            vec![("INVALID_DATA", "(first: 0) { totalCount }".to_owned())],
        ),
        (
            "freeEmailDomains",
            String::new(),
            vec![("PERMISSION_DENIED", String::new())],
        ),
        (
            "node",
            format!("(id: {lead:?}) {{ id }}"),
            vec![
                ("PERMISSION_DENIED", format!("(id: {lead:?}) {{ id }}")),
                ("INVALID_DATA", "(id: 1) { id }".to_owned()),
            ],
        ),
    ] {
        let name = field.split(' ').next().unwrap();
        let anonymous = [("UNAUTHENTICATED", arguments)];
        for (code, arguments) in anonymous.into_iter().chain(faults) {
            let document = format!("{{ {field}{arguments} }}");
            provoked.ask(name, &document, json!({}), code).await;
        }
    }
    assert_eq!(described(&team, "Query").await, provoked.codes);
}
