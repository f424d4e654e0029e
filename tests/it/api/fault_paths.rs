//! Faults of an input: all together, each by its path.

use serde_json::{Value, json};

use super::{Team, UNKNOWN, document, fields_of, jan, with};

/// The fields of a mutation's refusal, with their whole paths.
async fn paths(team: &Team, mutation: &str, input: Value) -> Vec<String> {
    let variables = json!({ "input": with(input, json!({ "idempotencyKey": "" })) });
    let query = document(mutation);
    let refusal = team
        .api
        .refusal(Some(&team.ada), &query, variables, "INVALID_DATA");
    fields_of(&refusal.await)
}

#[tokio::test]
async fn a_malformed_id_an_address_and_a_key_are_reported_together() {
    let team = Team::new().await;
    let cases = [
        (
            "createLead",
            jan(json!({ "email": "x", "assignedTo": "1" })),
            vec!["assignedTo", "email"],
        ),
        (
            "updateLead",
            json!({ "id": "1", "email": "x", "firstName": " " }),
            vec!["email", "firstName", "id"],
        ),
        (
            "updateLead",
            json!({ "id": UNKNOWN, "phone": "x" }),
            vec!["phone"],
        ),
        (
            "addTag",
            json!({ "id": "1", "tag": " " }),
            vec!["id", "tag"],
        ),
        (
            "recordCallAttempt",
            json!({ "id": "1", "note": "\u{1}" }),
            vec!["id", "note"],
        ),
        (
            "updateScore",
            json!({ "id": "1", "score": 101 }),
            vec!["id", "score"],
        ),
        (
            "addNote",
            json!({ "id": "1", "content": " " }),
            vec!["content", "id"],
        ),
        (
            "editNote",
            json!({ "id": "1", "content": " " }),
            vec!["content", "id"],
        ),
        (
            "inviteUser",
            json!({ "email": "x", "fullName": " ", "role": "AGENT", "managerId": "1" }),
            vec!["email", "fullName", "managerId"],
        ),
        ("resetPassword", json!({ "id": "1" }), vec!["id"]),
        (
            "updateUser",
            json!({ "id": "1", "email": "x", "isActive": false, "managerId": "1", "oidcSubject": "" }),
            vec!["email", "id", "isActive", "managerId", "oidcSubject"],
        ),
        (
            "createApiKey",
            json!({ "name": " ", "userId": "1", "role": "AGENT", "expiresInDays": 0 }),
            vec!["expiresInDays", "name", "userId"],
        ),
        ("revokeApiKey", json!({ "id": "1" }), vec!["id"]),
        (
            "bulkTag",
            json!({ "leads": { "ids": ["1"] }, "add": [" "], "remove": [""] }),
            vec!["add", "leads.ids.0", "remove"],
        ),
        (
            "assignLeads",
            json!({ "leads": { "all": false }, "to": { "userId": "1" } }),
            vec!["leads.all", "to.userId"],
        ),
        (
            "deactivateUser",
            json!({ "id": "1", "leads": { "assignTo": "1" } }),
            vec!["id", "leads.assignTo"],
        ),
        (
            "updateFreeEmailDomains",
            json!({ "add": ["@"] }),
            vec!["add"],
        ),
    ];
    for (mutation, input, fields) in cases {
        let mut expected: Vec<String> = fields
            .iter()
            .map(|field| format!("input.{field}"))
            .collect();
        expected.push("input.idempotencyKey".to_owned());
        expected.sort();
        assert_eq!(paths(&team, mutation, input).await, expected, "{mutation}");
    }
}

#[tokio::test]
async fn a_row_names_its_fields_by_their_path_in_the_input() {
    let team = Team::new().await;
    let rows = json!({ "leads": [
        jan(json!({})),
        jan(json!({ "email": "x", "assignedTo": "1" })),
        jan(json!({ "lastName": " " })),
    ] });
    let result = team.api.change(&team.ada, "createLeads", rows).await;
    assert_eq!(
        (&result["succeeded"], &result["failed"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        result["results"][1]["error"]["fields"],
        json!([{ "field": "input.leads.1.assignedTo" }, { "field": "input.leads.1.email" }])
    );
    assert_eq!(result["results"][1]["error"]["code"], "INVALID_DATA");
    assert_eq!(
        result["results"][2]["error"]["fields"],
        json!([{ "field": "input.leads.2.lastName" }])
    );
}

#[tokio::test]
async fn the_arguments_of_a_list_are_judged_together() {
    let team = Team::new().await;
    let query = "{ users(managerId: \"1\", first: 0, after: \"?\") { totalCount } }";
    let refusal = team
        .api
        .refusal(Some(&team.ada), query, json!({}), "INVALID_DATA");
    assert_eq!(fields_of(&refusal.await), ["after", "first", "managerId"]);
}

#[tokio::test]
async fn an_inactive_assignee_and_a_bad_address_are_reported_together() {
    let team = Team::new().await;
    let gone = team
        .api
        .user("Gone", crm::service::users::UserRole::Agent, None)
        .await;
    let leave = json!({ "id": gone.id, "leads": { "keep": true } });
    team.api.change(&team.ada, "deactivateUser", leave).await;
    let input = jan(json!({ "email": "x", "assignedTo": gone.id }));
    assert_eq!(
        team.api.faults(&team.ada, "createLead", input).await,
        ["assignedTo", "email"]
    );
    let key = json!({ "name": " ", "userId": gone.id, "role": "AGENT", "expiresInDays": 1 });
    assert_eq!(
        team.api.faults(&team.ada, "createApiKey", key).await,
        ["name", "userId"]
    );
}

#[tokio::test]
async fn a_fault_of_an_address_speaks_of_the_address() {
    let team = Team::new().await;
    for (email, said) in [
        ("nobody", "the @ is missing"),
        ("@example.com", "nothing stands before the @"),
        ("ann@localhost", "the domain has no dot"),
        ("Ann <ann@example.com>", "without a name and brackets"),
    ] {
        let input = jan(json!({ "email": email }));
        let refusal = team
            .api
            .refused(&team.ada, "createLead", input, "INVALID_DATA")
            .await;
        let message = refusal["extensions"]["fields"][0]["message"]
            .as_str()
            .unwrap();
        assert!(
            message.starts_with("is not an e-mail address: ") && message.contains(said),
            "{email}: {message}"
        );
    }
}

#[tokio::test]
async fn a_leap_second_is_refused_wherever_a_moment_is_stored() {
    let team = Team::new().await;
    let lead = team.lead_of(None, "Kowalski").await;
    for (mutation, input) in [
        (
            "createLead",
            jan(json!({ "nextFollowUp": "2031-12-31T23:59:60Z" })),
        ),
        (
            "updateLead",
            json!({ "id": lead, "lastContactDate": "2016-12-31T23:59:60Z" }),
        ),
        (
            "recordCallAttempt",
            json!({ "id": lead, "nextFollowUp": "2031-12-31T23:59:60Z" }),
        ),
    ] {
        let variables = json!({ "input": input });
        let answer = team
            .api
            .ask(Some(&team.ada), &document(mutation), variables)
            .await;
        assert!(answer["data"][mutation].is_null(), "{answer:#}");
        let said = answer["errors"].to_string();
        assert!(said.contains("RFC 3339"), "{said}");
    }
}
