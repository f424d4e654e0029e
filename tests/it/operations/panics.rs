//! A defect fails one request and nothing else.
//!
//! A resolver panics here because the request reaches the schema without what the HTTP layer puts
//! into each one: the address that a sign-in comes from. Nothing in the program is made for this.

use std::time::Duration;

use async_graphql::Request;
use chrono::TimeDelta;

use crm::graphql::{self, Credentials, Limits, RequestId, Settings, code_of};

use crate::support::Api;

#[tokio::test]
async fn a_panic_in_a_resolver_is_an_internal_error_with_the_requests_id() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let settings = Settings {
        bulk_limit: 1,
        session_lifetime: TimeDelta::hours(1),
        limits: Limits::default(),
        request_timeout: Duration::from_secs(30),
    };
    let schema = graphql::build(api.db().clone(), settings);
    let login = "mutation { login(input: { email: \"a@b.com\", password: \"x\" }) { token } }";
    let query = "{ a: __typename me { id } }";
    for document in [login, query] {
        for round in 0..3 {
            let id = format!("request-{round}");
            let mut request = Request::new(document);
            schema.read(&mut request).unwrap();
            if document == login {
                request = request.data(RequestId(id.clone()));
            }
            let answer = schema.execute(request, Credentials::Nobody).await;
            let answer = answer.unwrap().response;
            assert_eq!(answer.errors.len(), 1);
            let error = &answer.errors[0];
            assert_eq!(code_of(error), Some("INTERNAL"));
            assert_eq!(error.message, "something went wrong on the server");
            let named = error.extensions.as_ref().unwrap().get("requestId").unwrap();
            let expected = if document == login { id } else { String::new() };
            assert_eq!(*named, async_graphql::Value::from(expected));
            assert!(answer.extensions.contains_key("cost"));
        }
    }
    // The pool of one connection is whole.
    api.data(&ada, "{ me { id } }", serde_json::json!({})).await;
}
