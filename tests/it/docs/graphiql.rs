//! The examples of GraphiQL run as they stand, on the demo's data.

use chrono::Utc;
use serde_json::{Value, json};

use crm::config::DEVELOPMENT_EMAIL;
use crm::demo;
use crm::service::sessions::{PUBLISHED_PASSWORD, PasswordHash};
use crm::service::users::create_first_admin;

use crate::support::Api;

const EXAMPLES: &str = include_str!("../../../src/http/graphiql/web/examples.js");

/// The documents, each with its variables: what stands between backquotes, and begins with a comment or a
/// brace.
fn examples() -> Vec<(&'static str, Value)> {
    let mut examples: Vec<(&str, Value)> = Vec::new();
    for text in EXAMPLES.split('`').skip(1).step_by(2) {
        match examples.last_mut() {
            Some((_, variables)) if text.starts_with('{') => {
                *variables = serde_json::from_str(text).unwrap();
            }
            _ => examples.push((text, json!({}))),
        }
    }
    examples
}

#[tokio::test]
async fn every_example_of_graphiql_runs_as_it_stands() {
    let api = Api::with_pool(4).await;
    // Whose address and password the first example has, as at a first start.
    let (address, password) = (DEVELOPMENT_EMAIL, PUBLISHED_PASSWORD);
    let hash = PasswordHash::published().await.unwrap();
    let policy = crate::support::lasting(chrono::TimeDelta::hours(1));
    create_first_admin(api.db(), address, hash, (true, policy))
        .await
        .unwrap();
    let admin = api.sign_in(address, password).await;
    assert!(demo::fill_empty(api.db(), Utc::now()).await.unwrap());
    let lead = api.data(&admin, "{ leads(first: 1) { nodes { id } } }", json!({}));
    let lead = lead.await["leads"]["nodes"][0]["id"].clone();
    let examples = examples();
    assert_eq!(examples.len(), 8);
    for (document, mut variables) in examples {
        assert!(document.starts_with("# "), "{document}");
        if let Some(id) = variables.pointer_mut("/input/id") {
            *id = lead.clone();
        }
        let data = api.data(&admin, document, variables).await;
        let fields = data.as_object().unwrap();
        assert!(fields.values().all(|value| !value.is_null()), "{data:#}");
    }
}
