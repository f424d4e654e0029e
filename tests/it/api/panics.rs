//! A defect fails one request and nothing else.
//!
//! A resolver panics here because sessions are to end after the end of the calendar, which no
//! configuration says. Nothing in the program is made for this.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crm::graphql::{
    self, Caller, Credentials, Freshness, Limits, Operation, Outcome, Parameters, Request,
    RequestId, Settings,
};
use crm::service::Result;

use crate::support::{Api, PASSWORD};

struct Nobody;

impl Caller for Nobody {
    async fn authenticate(
        &mut self,
        _: Option<&Arc<Operation>>,
        _: Freshness,
    ) -> Result<Credentials> {
        Ok(Credentials::Nobody)
    }
}

#[tokio::test]
async fn a_panic_in_a_resolver_is_an_internal_error_with_the_requests_id() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let settings = Settings {
        public_url: crate::support::PUBLIC_URL.to_owned(),
        bulk_limit: 1,
        sign_in: crate::support::lasting(TimeDelta::MAX),
        limits: Limits::default(),
        request_timeout: Duration::from_secs(30),
        introspection_for_all: true,
    };
    let graphql = graphql::Api::new(api.pool().clone(), settings);
    let (email, password) = (&ada.email, PASSWORD);
    let login = format!(
        "mutation {{ login(input: {{ email: \"{email}\", password: \"{password}\" }}) {{ token }} }}"
    );
    for round in 0..3 {
        let request = Request {
            parameters: Parameters {
                query: Some(login.clone()),
                ..Parameters::default()
            },
            id: RequestId(format!("request-{round}")),
            client_address: None,
            queries_only: false,
        };
        let answer = graphql.handle(request, &mut Nobody).await;
        assert_eq!(answer.outcome, Outcome::Defect);
        assert_eq!(answer.codes, ["INTERNAL"]);
        let answer: Value = serde_json::from_slice(&answer.json).unwrap();
        let error = json!({
            "message": "something went wrong on the server",
            "extensions": { "code": "INTERNAL", "requestId": format!("request-{round}") },
        });
        assert_eq!(answer, json!({ "errors": [error] }));
    }
    // The pool of one connection is whole.
    api.data(&ada, "{ me { id } }", json!({})).await;
}
