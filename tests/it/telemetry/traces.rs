//! Traces, as a collector gets them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::program::{EMAIL, PASSWORD, Program};

/// A collector: what it was sent, as it came.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Bytes>>>);

impl Collector {
    async fn start() -> (Collector, SocketAddr) {
        let collector = Collector::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::clone(&collector.0);
        let take = async move |headers: HeaderMap, body: Bytes| {
            assert_eq!(headers["content-type"], "application/x-protobuf");
            sent.lock().unwrap().push(body);
        };
        let routes = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (collector, address)
    }

    fn spans(&self) -> Vec<Span> {
        let sent = self.0.lock().unwrap();
        let exports = sent
            .iter()
            .map(|body| ExportTraceServiceRequest::decode(body.clone()).unwrap());
        let resources = exports.flat_map(|export| export.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|pair| pair.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text.clone()),
        Any::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

/// Each step's name behind the names of the steps that it is part of.
fn paths(spans: &[Span]) -> Vec<String> {
    let by_id: HashMap<&[u8], &Span> = spans.iter().map(|span| (&span.span_id[..], span)).collect();
    let path = |span: &Span| {
        let mut names = vec![span.name.clone()];
        let mut parent = by_id.get(&span.parent_span_id[..]);
        while let Some(span) = parent {
            names.push(span.name.clone());
            parent = by_id.get(&span.parent_span_id[..]);
        }
        names.reverse();
        names.join(" > ")
    };
    spans.iter().map(path).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

#[tokio::test]
async fn a_request_is_traced_from_http_to_each_statement_within_the_clients_own_trace() {
    let (collector, address) = Collector::start().await;
    let endpoint = format!("http://{address}");
    let program = Program::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).await;
    let token = program.sign_in().await;
    let header = format!("{token}traceparent: 00-{TRACE}-{PARENT}-01\r\n");
    let create = "mutation New { createLead(input: { firstName: \"Jan\", lastName: \"Kowalski\",
        email: \"jan.kowalski@kowalski-transport.example\" }) { lead { id } } }";
    let list = "query List { leads(search: \"Kowalsk\") { nodes { id timeline { nodes { by { id } } } } } }";
    for query in [
        create,
        list,
        "{ lead(id: \"01a205ab-4692-70ff-b508-28242d99cd42\") { id } }",
    ] {
        program.ask(&header, &json!({ "query": query })).await;
    }
    // What was not sent yet is sent at the end.
    program.stop().await;
    let spans = collector.spans();
    let (ours, others): (Vec<Span>, Vec<Span>) = spans
        .into_iter()
        .partition(|span| hex(&span.trace_id) == TRACE);
    let login = paths(&others);
    let hashing = "/graphql > mutation login > sessions::login > sessions::hash_password";
    assert!(
        login
            .iter()
            .any(|path| path.starts_with("/graphql > mutation login > sessions::login > ")),
        "{login:#?}"
    );
    assert!(
        !login.iter().any(|path| path == hashing),
        "nothing is hashed to sign in"
    );
    let steps = paths(&ours);
    for step in [
        "/graphql > sessions::authenticate > SELECT sessions",
        "/graphql > mutation createLead > createLead > BEGIN",
        "/graphql > mutation createLead > createLead > INSERT leads",
        "/graphql > mutation createLead > createLead > COMMIT",
        "/graphql > query leads > leads::list > SELECT leads",
        "/graphql > query leads > users::named > SELECT users",
        "/graphql > query lead > leads::read > SELECT leads",
    ] {
        assert!(
            steps.iter().any(|path| path == step),
            "{step} is not in {steps:#?}"
        );
    }
    let requests: Vec<&Span> = ours.iter().filter(|span| span.name == "/graphql").collect();
    assert_eq!(requests.len(), 3);
    assert!(
        requests
            .iter()
            .all(|span| hex(&span.parent_span_id) == PARENT)
    );
    assert_eq!(
        attribute(requests[0], "http.response.status_code").as_deref(),
        Some("200")
    );
    let failed = requests
        .iter()
        .filter(|span| attribute(span, "error.type").as_deref() == Some("LEAD_NOT_FOUND"));
    assert_eq!(failed.count(), 1);
    let insert = ours
        .iter()
        .find(|span| span.name == "INSERT leads")
        .unwrap();
    let text = attribute(insert, "db.query.text").unwrap();
    assert!(
        text.starts_with("INSERT INTO \"leads\"") && text.contains("$1"),
        "{text}"
    );
    let function = attribute(insert, "code.function.name").unwrap();
    assert!(function.starts_with("service::leads::"), "{function}");
    check_secrets(&collector, &token);
}

fn check_secrets(collector: &Collector, token: &str) {
    let token = token.trim().rsplit(' ').next().unwrap();
    for body in collector.0.lock().unwrap().iter() {
        let text = String::from_utf8_lossy(body);
        for secret in [EMAIL, PASSWORD, token, "Kowalsk", "kowalsk"] {
            assert!(!text.contains(secret), "{secret} was sent");
        }
    }
}

#[tokio::test]
async fn nobody_misses_a_collector_that_is_not_there_or_never_answers() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // A port below 1024 is given to nobody who asks for any.
    let absent = "127.0.0.1:1".parse().unwrap();
    for collector in [absent, silent.local_addr().unwrap()] {
        let endpoint = format!("http://{collector}");
        let program = Program::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).await;
        program.sign_in().await;
        let began = Instant::now();
        let log = program.stop().await;
        assert!(log.contains("field=\"login\""), "{log}");
        // The collector alone has five seconds for an answer.
        let took = began.elapsed();
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
}
