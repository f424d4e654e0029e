//! A filter finds what a plain evaluation over the leads in memory finds, and it is the same set
//! of leads wherever the API takes a filter.

use serde_json::{Value, json};

use crm::service::LeadId;

use super::dataset::Dataset;
use super::{prove, reference_model, same, sample};

const ASK: &str = "query ($filter: LeadFilter, $search: String) {
    leads(filter: $filter, search: $search, first: 100) { totalCount nodes { id } }
    users(first: 100) { nodes { id leads(filter: $filter, search: $search) { totalCount } } }
    leadStatistics(filter: $filter, search: $search) { totalLeads } }";
const BULK: &str = "mutation ($leads: LeadSelection!) {
    bulkTag(input: { leads: $leads, add: [\"x\"], dryRun: true }) {
        total succeeded failed } }";

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_finds_what_a_plain_evaluation_finds_wherever_it_is_taken() {
    let data = Dataset::make(96, 1).await;
    let ids = data.leads.iter().map(|lead| lead.id).collect();
    let cases = (sample::filter(data.users.clone(), ids), sample::search());
    prove(192, 400, cases, async |(filter, search)| {
        let selected = data
            .leads
            .iter()
            .filter(|lead| reference_model::selects(&filter, &search, lead));
        let expected: Vec<LeadId> = selected.map(|lead| lead.id).collect();
        let order = json!({ "field": "CREATED_AT" });
        let listed = reference_model::list(&filter, &search, &order, &data.leads);
        let mistyped = listed[expected.len()..].iter().map(|lead| lead.id);
        let mut mistyped: Vec<LeadId> = mistyped.collect();
        mistyped.sort();
        let variables = json!({ "filter": filter, "search": search });
        let got = data.api.data(&data.admin, ASK, variables.clone()).await;
        let mut found: Vec<LeadId> = got["leads"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| LeadId(node["id"].as_str().unwrap().parse().unwrap()))
            .collect();
        let (_, near) = found.split_at_checked(expected.len()).unwrap_or_default();
        let mut near = near.to_vec();
        found.truncate(expected.len());
        found.sort();
        near.sort();
        same("leads", found, expected.clone())?;
        same("leads with mistyped names", near, mistyped)?;
        let total = json!(expected.len());
        same(
            "totalCount",
            got["leads"]["totalCount"].clone(),
            total.clone(),
        )?;
        same(
            "totalLeads",
            got["leadStatistics"]["totalLeads"].clone(),
            total.clone(),
        )?;
        for user in got["users"]["nodes"].as_array().unwrap() {
            let theirs = data.leads.iter().filter(|lead| {
                json!(lead.assigned_to) == user["id"]
                    && reference_model::selects(&filter, &search, lead)
            });
            let count = user["leads"]["totalCount"].clone();
            same("leads of a user", count, json!(theirs.count()))?;
        }
        let leads = reference_model::selection(&filter, &search);
        let bulk = json!({ "leads": leads });
        if !reference_model::narrows(&filter, &search) && leads != json!({ "all": true }) {
            let refusal = data.api.ask(Some(&data.admin), BULK, bulk).await;
            let code = refusal["errors"][0]["extensions"]["code"].clone();
            return same("what says nothing", code, json!("INVALID_DATA"));
        }
        let bulk = data.api.data(&data.admin, BULK, bulk).await["bulkTag"].clone();
        same("total of a dry run", bulk["total"].clone(), total)?;
        let sum = |a: &Value, b: &Value| a.as_i64().unwrap() + b.as_i64().unwrap();
        same(
            "its rows",
            json!(sum(&bulk["succeeded"], &bulk["failed"])),
            bulk["total"].clone(),
        )
    });
}
