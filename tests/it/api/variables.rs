//! Variables and literals, as the specification coerces them.

use serde_json::{Value, json};

use super::text;
use crate::support::{Api, ApiOptions, SignedIn};

pub(super) async fn lead(api: &Api, who: &SignedIn, email: &str) -> String {
    let query = "mutation ($input: CreateLeadInput!) { createLead(input: $input) { lead { id } } }";
    let input = json!({
        "firstName": "Vera",
        "lastName": "Vars",
        "email": email,
        "phone": "+48 602 000 111",
        "company": "Vars Ltd",
        "nextFollowUp": "2031-01-01T00:00:00Z",
    });
    let data = api.data(who, query, json!({ "input": input })).await;
    text(&data["createLead"]["lead"]["id"])
}

/// The message of the one error that refuses the whole request.
async fn refusal(api: &Api, who: &SignedIn, query: &str, variables: Value) -> String {
    let answer = api.ask(Some(who), query, variables).await;
    assert!(answer.get("data").is_none(), "{query}: {answer}");
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer}");
    let code = &errors[0]["extensions"]["code"];
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{answer}");
    text(&errors[0]["message"])
}

#[tokio::test]
async fn a_variable_that_is_not_given_changes_nothing_and_one_that_is_null_empties() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let id = lead(&api, ada, "vera@vars.example").await;
    let change = "mutation ($id: ID!, $first: String, $status: LeadStatus, $tags: [String!],
        $company: String, $phone: String, $email: String, $next: DateTime) {
        updateLead(input: {id: $id, firstName: $first, status: $status, tags: $tags,
            company: $company, phone: $phone, email: $email, nextFollowUp: $next}) {
            lead { firstName company email phone nextFollowUp } } }";
    let data = api
        .data(ada, change, json!({ "id": id, "company": "Vars GmbH" }))
        .await;
    let expected = json!({
        "firstName": "Vera",
        "company": "Vars GmbH",
        "email": "vera@vars.example",
        "phone": "+48602000111",
        "nextFollowUp": "2031-01-01T00:00:00+00:00",
    });
    assert_eq!(data["updateLead"]["lead"], expected);
    let data = api
        .data(ada, change, json!({ "id": id, "phone": null }))
        .await;
    let after = &data["updateLead"]["lead"];
    assert_eq!(
        (&after["phone"], &after["company"]),
        (&Value::Null, &json!("Vars GmbH"))
    );
}

#[tokio::test]
async fn null_for_a_variable_of_a_non_null_type_is_refused_before_anything_runs() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let id = lead(&api, ada, "vera@vars.example").await;
    for (query, variable, is) in [
        (
            "query ($v: LeadFilter!) { leads(filter: $v) { totalCount } }",
            "v",
            "LeadFilter!",
        ),
        (
            "query ($v: [ID!]!) { leads(filter: {assignedTo: $v}) { totalCount } }",
            "v",
            "[ID!]!",
        ),
        (
            "query ($v: String!) { leads(search: $v) { totalCount } }",
            "v",
            "String!",
        ),
        (
            "mutation ($id: ID!, $v: String!) { updateLead(input: {id: $id, company: $v}) { lead { id } } }",
            "v",
            "String!",
        ),
    ] {
        let variables = json!({ "id": id, variable: null });
        let message = refusal(&api, ada, query, variables).await;
        let expected =
            format!("Variable \"${variable}\" of non-null type \"{is}\" must not be null.");
        assert_eq!(message, expected);
        let message = refusal(&api, ada, query, json!({ "id": id })).await;
        let expected =
            format!("Variable \"${variable}\" of required type \"{is}\" was not provided.");
        assert_eq!(message, expected);
    }
    let kept = api
        .count("SELECT count(*) FROM leads WHERE company = 'Vars Ltd'")
        .await;
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_default_stands_for_a_variable_that_is_not_given_even_where_null_may_not() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let create = "mutation ($s: LeadStatus, $src: LeadSource, $t: [String!]) {
        createLead(input: {firstName: \"V\", lastName: \"D\", email: \"vd@x.example\",
            status: $s, source: $src, tags: $t}) { lead { status source tags } } }";
    let data = api.data(ada, create, json!({})).await;
    let expected = json!({ "status": "NEW", "source": "OTHER", "tags": [] });
    assert_eq!(data["createLead"]["lead"], expected);
    let counted = "query ($m: Int) { leads(first: 1) { totalCountUpTo(most: $m) { value } } }";
    let data = api.data(ada, counted, json!({})).await;
    assert_eq!(data["leads"]["totalCountUpTo"]["value"], 1);
    lead(&api, ada, "second@vars.example").await;
    let own_default = "query ($n: Int = 1) { leads(first: $n) { nodes { id } } }";
    let data = api.data(ada, own_default, json!({})).await;
    assert_eq!(data["leads"]["nodes"].as_array().unwrap().len(), 1);
    // Null was given, and the place of use does not take it.
    let message = refusal(&api, ada, counted, json!({ "m": null })).await;
    assert_eq!(
        message,
        "\"most\" of non-null type \"Int!\" must not be null."
    );
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_named_with_its_path_and_what_is_wanted() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let query = "mutation ($i: CreateLeadInput!) { createLead(input: $i) { lead { id } } }";
    let input = |field: &str, value: Value| {
        let mut input = json!({ "firstName": "A", "lastName": "B", "email": "a@b.example" });
        input[field] = value;
        json!({ "i": input })
    };
    for (field, value, expected) in [
        (
            "status",
            json!("SOLD"),
            "Variable \"$i\" got invalid value \"SOLD\" at \"i.status\"; Value \"SOLD\" does not exist in \"LeadStatus\" enum. It has ",
        ),
        (
            "tags",
            json!(["a", 5]),
            "Variable \"$i\" got invalid value 5 at \"i.tags.1\"; String cannot represent a non string value: 5",
        ),
        (
            "tags",
            json!([null]),
            "Variable \"$i\" got invalid value null at \"i.tags.0\"; Expected non-nullable type \"String!\" not to be null.",
        ),
        (
            "nextFollowUp",
            json!("tomorrow"),
            "Variable \"$i\" got invalid value \"tomorrow\" at \"i.nextFollowUp\"; DateTime cannot represent value: \"tomorrow\"; wanted is a moment as RFC 3339 writes it: 2031-05-02T10:00:00+02:00",
        ),
        (
            "surname",
            json!("C"),
            "Variable \"$i\" got invalid value an object; Field \"surname\" is not defined by type \"CreateLeadInput\".",
        ),
    ] {
        let message = refusal(&api, ada, query, input(field, value)).await;
        assert!(message.starts_with(expected), "{message}");
    }
    let note = "mutation ($i: AddNoteInput!) { addNote(input: $i) { note { id } } }";
    let message = refusal(&api, ada, note, json!({ "i": { "id": "x" } })).await;
    assert_eq!(
        message,
        "Variable \"$i\" got invalid value an object; Field \"AddNoteInput.content\" of required type \"String!\" was not provided."
    );
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 0);
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_fraction_of_zero_in_variables_only() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    lead(&api, ada, "vera@vars.example").await;
    let page = "query ($n: Int) { leads(first: $n) { nodes { company } } }";
    for whole in ["1", "1.0", "1e0", "10e-1"] {
        let body = format!("{{\"query\": {page:?}, \"variables\": {{\"n\": {whole}}}}}");
        let answer: Value = serde_json::from_str(&api.post(Some(ada), body).await).unwrap();
        let nodes = &answer["data"]["leads"]["nodes"];
        assert_eq!(*nodes, json!([{ "company": "Vars Ltd" }]), "{answer}");
    }
    let message = refusal(&api, ada, page, json!({ "n": 1.5 })).await;
    assert!(
        message.ends_with("Int cannot represent non-integer value: 1.5"),
        "{message}"
    );
    let message = refusal(&api, ada, page, json!({ "n": 3e9 })).await;
    assert!(
        message.contains("non 32-bit signed integer value"),
        "{message}"
    );
    refusal(&api, ada, "{ leads(first: 1.0) { totalCount } }", json!({})).await;
}

#[tokio::test]
async fn one_value_stands_for_a_list_of_it() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    lead(&api, ada, "vera@vars.example").await;
    let query = "query ($s: [LeadStatus!]) { leads(filter: {status: $s}) { totalCount } }";
    for (status, count) in [(json!("NEW"), 1), (json!(["LOST"]), 0)] {
        let data = api.data(ada, query, json!({ "s": status })).await;
        assert_eq!(data["leads"]["totalCount"], count);
    }
}

#[tokio::test]
async fn characters_may_be_written_as_escapes_of_any_kind_in_a_document() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    for (written, read) in [
        (r"\uD83D\uDE80", "🚀"),
        (r"\u{1F680}", "🚀"),
        (r"\u{1f680}\u00e9", "🚀é"),
    ] {
        let query = format!(
            "mutation {{ createLead(input: {{firstName: \"A\", lastName: \"B\", email: \"a@b.example\", company: \"{written}\"}}) {{ lead {{ company }} }} }}"
        );
        let data = api.data(ada, &query, json!({})).await;
        assert_eq!(data["createLead"]["lead"]["company"], read);
    }
    for half in [r"\uD83D", r"\uDE80\uD83D", r"\u{D83D}"] {
        let query = format!("{{ leads(search: \"{half}\") {{ totalCount }} }}");
        let message = refusal(&api, ada, &query, json!({})).await;
        assert!(
            message.starts_with("Syntax Error: Invalid Unicode escape sequence"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn operations_fragments_and_variables_may_be_described() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let query = "\"Mine.\" query A(\"How many.\" $n: Int = 1) { leads(first: $n) { ...f } }
        \"\"\"
        A page.
        \"\"\"
        fragment f on LeadConnection { nodes { id } }";
    let data = api.data(ada, query, json!({})).await;
    assert_eq!(data["leads"]["nodes"], json!([]));
    refusal(&api, ada, "\"Not here.\" { me { id } }", json!({})).await;
}

#[tokio::test]
async fn a_string_is_no_enum_value_in_a_document_and_names_near_it_are_suggested() {
    let api = Api::new().await;
    let ada = &api.admin().await;
    let query = "{ leads(filter: {status: [\"NEW\"]}) { totalCount } }";
    let message = refusal(&api, ada, query, json!({})).await;
    assert_eq!(
        message,
        "Enum \"LeadStatus\" cannot represent non-enum value: \"NEW\". Did you mean the enum value NEW?"
    );
    let message = refusal(
        &api,
        ada,
        "mutation { creatLead { lead { id } } }",
        json!({}),
    )
    .await;
    assert!(
        message.starts_with(
            "Cannot query field \"creatLead\" on type \"Mutation\". Did you mean \"createLead\""
        ),
        "{message}"
    );
}

#[tokio::test]
async fn where_the_schema_is_hidden_no_name_of_it_is_suggested() {
    let options = ApiOptions {
        introspection_for_all: false,
        ..ApiOptions::default()
    };
    let api = Api::with(options).await;
    let ada = &api.admin().await;
    let near = [
        "mutation { creatLead { id } }",
        "{ me { fulName } }",
        "{ leads(firs: 1) { totalCount } }",
        "{ leads(filter: {emai: 1}) { totalCount } }",
        "{ leads(filter: {status: [NE]}) { totalCount } }",
        "query ($a: LeadFilte) { leads(filter: $a) { totalCount } }",
    ];
    for query in near {
        let answer = api.ask(None, query, json!({})).await;
        let message = text(&answer["errors"][0]["message"]);
        assert!(!message.contains("Did you mean"), "{message}");
        let answer = api.ask(Some(ada), query, json!({})).await;
        let message = text(&answer["errors"][0]["message"]);
        assert!(message.contains("Did you mean"), "{message}");
    }
    // Nor are the values of an enumeration told that a variable could have had.
    let query = "query ($s: [LeadStatus!]) { leads(filter: {status: $s}) { totalCount } }";
    let answer = api.ask(None, query, json!({ "s": "NE" })).await;
    let message = text(&answer["errors"][0]["message"]);
    assert!(!message.contains("NEW"), "{message}");
}
