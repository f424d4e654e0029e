//! Empty parts of a filter are refused: they could be forgotten values.

use serde_json::{Value, json};

use crate::support::{Api, SignedIn};

/// Filters of one part that says nothing, and where.
fn empty_parts() -> Vec<(Value, &'static str)> {
    let mut parts = vec![
        (json!({ "and": [] }), "and"),
        (json!({ "or": [] }), "or"),
        (json!({ "and": [{}] }), "and.0"),
        (json!({ "or": [{ "status": ["NEW"] }, {}] }), "or.1"),
        (json!({ "not": {} }), "not"),
        (json!({ "customFields": {} }), "customFields"),
        (json!({ "tags": {} }), "tags"),
        (json!({ "tags": { "all": [] } }), "tags.all"),
        (json!({ "tags": { "none": [] } }), "tags.none"),
        (json!({ "tags": { "all": [], "any": ["x"] } }), "tags.all"),
        (
            json!({ "company": { "startsWith": "" } }),
            "company.startsWith",
        ),
        (
            json!({ "email": { "startsWith": " " } }),
            "email.startsWith",
        ),
        (json!({ "phone": { "startsWith": "" } }), "phone.startsWith"),
        (
            json!({ "jobTitle": { "startsWith": "" } }),
            "jobTitle.startsWith",
        ),
    ];
    for field in [
        "company",
        "jobTitle",
        "email",
        "phone",
        "createdAt",
        "updatedAt",
        "lastContactDate",
        "nextFollowUp",
        "leadScore",
        "conversionProbability",
    ] {
        parts.push((json!({ field: {} }), field));
    }
    parts
}

/// Filters in which a value is null, and where.
fn nulls() -> Vec<(Value, &'static str)> {
    let mut parts = Vec::new();
    for field in [
        "ids",
        "status",
        "source",
        "assignedTo",
        "unassigned",
        "createdAt",
        "updatedAt",
        "lastContactDate",
        "nextFollowUp",
        "leadScore",
        "isHotLead",
        "tags",
        "conversionProbability",
        "company",
        "jobTitle",
        "email",
        "phone",
        "archived",
        "customFields",
        "and",
        "or",
        "not",
    ] {
        parts.push((json!({ field: null }), field));
    }
    for (field, members) in [
        ("company", &["equals", "in", "startsWith", "isSet"][..]),
        ("jobTitle", &["equals", "in", "startsWith", "isSet"]),
        ("email", &["equals", "in", "startsWith", "isSet"]),
        ("phone", &["equals", "in", "startsWith", "isSet"]),
        ("createdAt", &["from", "to"]),
        ("updatedAt", &["from", "to"]),
        ("lastContactDate", &["from", "to", "isSet"]),
        ("nextFollowUp", &["from", "to", "isSet"]),
        ("leadScore", &["min", "max"]),
        ("conversionProbability", &["min", "max"]),
        ("tags", &["all", "any", "none"]),
    ] {
        for member in members {
            let path: &str = format!("{field}.{member}").leak();
            parts.push((json!({ field: { *member: null } }), path));
        }
    }
    parts
}

const STATISTICS: &str = "query ($filter: LeadFilter) {
    leadStatistics(filter: $filter) { totalLeads } }";
const OF_USER: &str =
    "query ($filter: LeadFilter) { me { leads(filter: $filter) { totalCount } } }";

async fn check(api: &Api, who: &SignedIn, filter: Value, faults: &[String]) {
    let arguments = json!({ "filter": filter });
    let found = api.leads_faults(who, arguments.clone()).await;
    assert_eq!(found, faults, "{filter}");
    for query in [STATISTICS, OF_USER] {
        let refusal = api.refusal(Some(who), query, arguments.clone(), "INVALID_DATA");
        assert_eq!(super::fields_of(&refusal.await), faults, "{filter}");
    }
    let input = json!({ "leads": { "matching": arguments }, "add": ["x"] });
    let in_bulk: Vec<String> = faults
        .iter()
        .map(|fault| format!("leads.matching.{fault}"))
        .collect();
    assert_eq!(api.faults(who, "bulkTag", input).await, in_bulk, "{filter}");
}

#[tokio::test]
async fn null_and_what_is_empty_are_refused_wherever_they_stand() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (part, at) in empty_parts().into_iter().chain(nulls()) {
        for (filter, path) in [
            (part.clone(), format!("filter.{at}")),
            (
                json!({ "and": [{ "status": ["NEW"] }, part] }),
                format!("filter.and.1.{at}"),
            ),
            (json!({ "or": [part] }), format!("filter.or.0.{at}")),
            (
                json!({ "not": { "not": part } }),
                format!("filter.not.not.{at}"),
            ),
        ] {
            check(&api, &ada, filter, &[path]).await;
        }
    }
}

#[tokio::test]
async fn all_of_them_are_reported_together() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let filter = json!({
        "ids": ["x"], "status": null, "company": {}, "email": { "equals": null, "in": ["\0"] },
        "and": [{ "phone": { "equals": "1" } }, {}], "or": [], "not": { "tags": { "none": [] } },
        "lastContactDate": { "from": "1000-01-01T00:00:00Z", "isSet": null },
    });
    let faults = [
        "filter.and.0.phone.equals",
        "filter.and.1",
        "filter.company",
        "filter.email.equals",
        "filter.email.in.0",
        "filter.ids.0",
        "filter.lastContactDate.from",
        "filter.lastContactDate.isSet",
        "filter.not.tags.none",
        "filter.or",
        "filter.status",
    ];
    check(&api, &ada, filter, &faults.map(str::to_owned)).await;
    let both = json!({ "filter": { "status": null }, "search": "\0" });
    let faults = api.leads_faults(&ada, both).await;
    assert_eq!(faults, ["filter.status", "search"]);
}

#[tokio::test]
async fn arguments_may_be_null_which_is_as_not_given() {
    let api = Api::new().await;
    let ada = api.admin().await;
    api.lead(&ada, json!({})).await;
    for arguments in [
        json!({}),
        json!({ "filter": null, "search": null, "orderBy": null, "first": null, "after": null,
            "last": null, "before": null, "offset": null }),
        json!({ "filter": {} }),
    ] {
        assert_eq!(api.leads(&ada, arguments.clone()).await["totalCount"], 1);
        let filter = json!({ "filter": arguments["filter"] });
        let statistics = api.data(&ada, STATISTICS, filter.clone()).await;
        assert_eq!(statistics["leadStatistics"]["totalLeads"], 1);
        let of_user = api.data(&ada, OF_USER, filter).await;
        assert_eq!(of_user["me"]["leads"]["totalCount"], 0);
    }
}
