//! A defect in what looks rows up for many fields at once fails those fields and nothing else.
//!
//! The driver panics here because PostgreSQL's answer to its question for a type lacks a value. Only
//! the look-up of notes asks it, in the task of its own that it runs in. Nothing in the program is
//! made for this.

use serde_json::{Value, json};

use crm::db::PoolOptions;

use crate::api::Team;
use crate::support::Faults;

use super::other_copy::Copy;

/// The number of columns in the answer to the look-up of a type, by which that is recognised.
const TYPE: u16 = 2;

/// Queries, and where their fields fail.
const QUERIES: [(&str, &[&str]); 2] = [
    (
        "query ($lead: ID!) { lead(id: $lead) { id notes { nodes { id } } } freeEmailDomains }",
        &["/lead/notes"],
    ),
    (
        "{ leads { nodes { id assignedTo { id } notes { nodes { id } } } } }",
        &["/leads/nodes/0/notes", "/leads/nodes/1/notes"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_loader_is_an_internal_error_of_the_fields_that_wait_for_it() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    team.lead_of(Some(&team.ann), "Nowak").await;
    let faults = Faults::before(team.api.url()).await;
    let alone = PoolOptions {
        size: 1,
        ..PoolOptions::default()
    };
    let variables = json!({ "lead": lead });
    for (query, failing) in QUERIES {
        for _ in 0..3 {
            // A connection asks for each type once.
            let copy = Copy::at(faults.url(), &team.ada, &alone).await;
            let signed_in = copy.data("{ me { id } }", json!({})).await;
            faults.empty_value_in_rows_of(TYPE);
            let asked = copy.clone().ask(query, variables.clone());
            // It waits for the same connection, and is answered.
            let another = copy.data("{ me { id } }", json!({}));
            let (broken, another) = tokio::join!(asked, another);
            faults.empty_value_in_rows_of(0);
            assert_eq!(another, signed_in);
            let whole = copy.data(query, variables.clone()).await;
            check(&broken, &whole, failing);
            assert_eq!(copy.pool.status().in_use, 0);
        }
    }
}

/// Checks that a failed field is null with its own error, and that everything else is there.
fn check(broken: &Value, whole: &Value, failing: &[&str]) {
    let errors = broken["errors"].as_array().expect("errors");
    let mut expected = whole.clone();
    for place in failing {
        *expected.pointer_mut(place).expect(place) = Value::Null;
    }
    assert_eq!(broken["data"], expected, "{broken:#}");
    let paths: Vec<String> = errors.iter().map(path).collect();
    assert_eq!(paths, failing);
    for error in errors {
        assert_eq!(
            error["message"], "something went wrong on the server",
            "{broken:#}"
        );
        assert_eq!(error["extensions"]["code"], "INTERNAL");
        let id = error["extensions"]["requestId"].as_str().unwrap();
        assert!(!id.is_empty());
    }
}

fn path(error: &Value) -> String {
    let steps = error["path"].as_array().unwrap().iter();
    let step = |step: &Value| match step.as_str() {
        Some(name) => format!("/{name}"),
        None => format!("/{step}"),
    };
    steps.map(step).collect()
}
