//! The filter's `and`, `or`, `not`, and what no filter can be.

use serde_json::{Value, json};

use super::{Team, jan};
use crate::support::Api;

/// Filters, and which of three leads they find: A is with Acme, WON and tagged x; B with Bolt and
/// WON; C with nobody, NEW and tagged x.
fn combinations() -> Vec<(Value, &'static str)> {
    let acme = json!({ "company": { "equals": "acme" } });
    let won = json!({ "status": ["WON"] });
    let tagged = json!({ "tags": { "all": ["x"] } });
    vec![
        (json!({ "and": [won, tagged] }), "A"),
        (json!({}), "ABC"),
        (json!({ "or": [acme, tagged] }), "AC"),
        (json!({ "or": [{ "status": [] }, acme] }), "A"),
        (json!({ "not": acme }), "BC"),
        (json!({ "not": { "not": acme } }), "A"),
        (json!({ "not": { "status": [] } }), "ABC"),
        (json!({ "not": { "or": [acme, tagged] } }), "B"),
        (
            json!({ "not": { "status": ["WON"], "tags": { "any": ["x"] } } }),
            "BC",
        ),
        (
            json!({ "status": ["WON"], "or": [tagged, acme], "not": { "status": ["NEW"] } }),
            "A",
        ),
        (
            json!({ "or": [{ "and": [won, { "not": acme }] }, { "status": ["NEW"] }] }),
            "BC",
        ),
        (json!({ "not": { "company": { "startsWith": "b" } } }), "AC"),
        (
            json!({ "not": { "lastContactDate": { "from": "2000-01-01T00:00:00Z" } } }),
            "ABC",
        ),
        (json!({ "not": { "unassigned": true } }), ""),
        (json!({ "not": { "tags": { "none": ["x"] } } }), "AC"),
    ]
}

#[tokio::test]
async fn conditions_combine_as_logic_has_it_and_not_finds_leads_without_a_value_too() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (name, more) in [
        (
            "A",
            json!({ "company": "Acme", "status": "WON", "tags": ["x"] }),
        ),
        ("B", json!({ "company": "Bolt", "status": "WON" })),
        ("C", json!({ "status": "NEW", "tags": ["x"] })),
    ] {
        api.lead(&ada, super::with(more, json!({ "lastName": name })))
            .await;
    }
    for (filter, expected) in combinations() {
        assert_eq!(
            api.found(&ada, filter.clone()).await.concat(),
            expected,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn no_logic_widens_what_the_viewer_may_see() {
    let team = Team::new().await;
    let Team { api, ann, bea, .. } = &team;
    for (owner, name) in [(Some(ann), "A"), (Some(bea), "B"), (None, "C")] {
        team.lead_of(owner, name).await;
    }
    for filter in [
        json!({}),
        json!({ "or": [{ "leadScore": { "min": 0 } }, { "assignedTo": [bea.id] }, { "unassigned": true }] }),
        json!({ "or": [{ "email": { "isSet": true } }, { "phone": { "isSet": false } }] }),
        json!({ "not": { "assignedTo": [bea.id] } }),
        json!({ "not": { "status": ["WON"] } }),
        json!({ "archived": "INCLUDE", "or": [{ "archived": "INCLUDE" }] }),
    ] {
        assert_eq!(api.found(ann, filter.clone()).await, ["A"], "{filter}");
        let query = "query ($f: LeadFilter) { leadStatistics(filter: $f) { totalLeads } }";
        let data = api.data(ann, query, json!({ "f": filter })).await;
        assert_eq!(data["leadStatistics"]["totalLeads"], 1);
    }
}

#[tokio::test]
async fn a_nested_archived_narrows_and_does_not_lift_the_default() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({ "lastName": "Gone" })).await;
    api.change(&ada, "archiveLead", json!({ "id": id })).await;
    api.lead(&ada, json!({ "lastName": "Here" })).await;
    for (filter, expected) in [
        (json!({ "and": [{ "archived": "ONLY" }] }), vec![]),
        (
            json!({ "archived": "INCLUDE", "and": [{ "archived": "ONLY" }] }),
            vec!["Gone"],
        ),
        (
            json!({ "archived": "INCLUDE", "not": { "archived": "ONLY" } }),
            vec!["Here"],
        ),
        (json!({ "or": [{ "archived": "EXCLUDE" }] }), vec!["Here"]),
    ] {
        assert_eq!(api.found(&ada, filter.clone()).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn a_filter_nests_five_deep_and_has_fifty_parts() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let nested = |depth: usize| {
        (1..depth).fold(
            json!({ "isHotLead": true }),
            |inner, _| json!({ "not": inner }),
        )
    };
    let parts = |number: usize| json!({ "or": vec![json!({ "isHotLead": true }); number] });
    for good in [nested(5), parts(49)] {
        api.leads(&ada, json!({ "filter": good })).await;
    }
    for (bad, fault) in [
        (nested(6), "filter.not.not.not.not.not"),
        (parts(50), "filter"),
    ] {
        let faults = api.leads_faults(&ada, json!({ "filter": bad })).await;
        assert_eq!(faults, [fault]);
    }
}

#[tokio::test]
async fn what_no_filter_can_be_is_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let many: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
    let users: Vec<&str> = vec![super::UNKNOWN; 1001];
    for (filter, field) in [
        (json!({ "tags": { "any": many } }), "filter.tags.any"),
        (json!({ "assignedTo": users }), "filter.assignedTo"),
        (json!({ "status": vec!["NEW"; 1001] }), "filter.status"),
        (json!({ "tags": { "none": ["a\0"] } }), "filter.tags.none.0"),
        (
            json!({ "company": { "equals": "a\0" } }),
            "filter.company.equals",
        ),
        (
            json!({ "company": { "startsWith": "x".repeat(255) } }),
            "filter.company.startsWith",
        ),
        (
            json!({ "company": { "in": vec!["x"; 501] } }),
            "filter.company.in",
        ),
        (
            json!({ "email": { "in": ["x", "\0"] } }),
            "filter.email.in.1",
        ),
        (
            json!({ "email": { "startsWith": "\0" } }),
            "filter.email.startsWith",
        ),
        (
            json!({ "email": { "equals": "\0" } }),
            "filter.email.equals",
        ),
        (
            json!({ "nextFollowUp": { "to": "9999-01-01T00:00:00Z" } }),
            "filter.nextFollowUp.to",
        ),
        (json!({ "customFields": [] }), "filter.customFields"),
        (json!({ "customFields": 1 }), "filter.customFields"),
        (
            json!({ "customFields": { "a": "\0" } }),
            "filter.customFields",
        ),
        (
            json!({ "customFields": { "a": "x".repeat(17_000) } }),
            "filter.customFields",
        ),
        (
            json!({ "not": { "or": [{ "unassigned": true }, { "company": { "equals": "\0" } }] } }),
            "filter.not.or.1.company.equals",
        ),
    ] {
        let arguments = json!({ "filter": filter });
        let refused = api.leads_faults(&ada, arguments.clone()).await;
        assert_eq!(refused, [field]);
        let statistics = "query ($filter: LeadFilter) {
            leadStatistics(filter: $filter) { totalLeads } }";
        api.refusal(Some(&ada), statistics, arguments, "INVALID_DATA")
            .await;
    }
}

#[tokio::test]
async fn all_faults_of_a_filter_are_reported_together() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let filter = json!({ "company": { "equals": "\0" }, "tags": { "all": ["\0"] },
        "updatedAt": { "to": "9999-01-01T00:00:00Z" }, "customFields": [],
        "or": [{ "email": { "startsWith": "\0" } }], "not": { "status": vec!["NEW"; 1001] } });
    assert_eq!(
        api.leads_faults(&ada, json!({ "filter": filter })).await,
        [
            "filter.company.equals",
            "filter.customFields",
            "filter.not.status",
            "filter.or.0.email.startsWith",
            "filter.tags.all.0",
            "filter.updatedAt.to",
        ]
    );
}

#[tokio::test]
async fn what_the_schema_does_not_know_is_no_filter() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for no_filter in [
        json!({ "status": ["UNKNOWN"] }),
        json!({ "leadScore": { "min": "1" } }),
        json!({ "createdAt": { "from": "yesterday" } }),
        json!({ "nothing": 1 }),
    ] {
        let query = "query ($filter: LeadFilter) { leads(filter: $filter) { totalCount } }";
        let variables = json!({ "filter": no_filter });
        api.refusal(Some(&ada), query, variables, "GRAPHQL_VALIDATION_FAILED")
            .await;
    }
}

#[tokio::test]
async fn values_mean_the_same_written_out_and_as_variables() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead: Value = jan(json!({ "customFields": { "a": [1, { "b": "ü\"\\" }] } }));
    api.change(&ada, "createLead", lead).await;
    let query = r#"{ leads(filter: { customFields: { a: [{ b: "ü\"\\" }] }, status: [NEW] }) {
        nodes { customFields } } }"#;
    let data = api.data(&ada, query, json!({})).await;
    let fields = json!({ "a": [1, { "b": "ü\"\\" }] });
    assert_eq!(data["leads"]["nodes"], json!([{ "customFields": fields }]));
}
