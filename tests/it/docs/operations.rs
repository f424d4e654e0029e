//! The operations of the README and of each page of the guide, run in their order as the users that
//! their comments name; each page on a database of its own.

use std::collections::{HashMap, HashSet};

use chrono::Utc;
use serde_json::{Map, Value, json};

use crm::demo;
use crm::service::users::UserRole;

use crate::docs::page::{Block, Page};
use crate::support::{Api, SignedIn};

/// An operation, and what its comments and the blocks after it say.
#[derive(Default)]
struct Operation {
    /// Page and line.
    place: String,
    text: String,
    /// `# As piotr.nowak@example.com`; without it nobody is signed in.
    by: Option<String>,
    /// `# Keep createLead.lead.id as $leadId`: path and name.
    keep: Vec<(String, String)>,
    /// `# Answers CONFLICT`: the code of the only error.
    code: Option<String>,
    /// A block `json variables`.
    variables: Map<String, Value>,
    /// A block `json answer`: what the data must contain.
    answer: Option<Value>,
}

#[tokio::test]
async fn every_operation_runs_as_it_stands() {
    let pages = pages();
    let operations: usize = pages.iter().map(|page| operations(page).len()).sum();
    assert!(operations > 50, "{operations} operations");
    for page in &pages {
        run_page(page).await;
    }
}

async fn run_page(page: &Page) {
    let api = Api::with_pool(4).await;
    let mut sessions = Sessions::open(&api).await;
    let mut kept = Map::new();
    for operation in &operations(page) {
        run(&api, &mut sessions, &mut kept, operation).await;
    }
}

#[tokio::test]
async fn every_root_field_has_an_operation_in_the_guide() {
    let api = Api::new().await;
    let roots = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }";
    let schema = api.ask(None, roots, json!({})).await["data"]["__schema"].clone();
    let guide = Page::all_in("docs/guide");
    let documents: String = guide.iter().flat_map(operations).map(|o| o.text).collect();
    let words: HashSet<&str> = documents.split(|c: char| !c.is_alphanumeric()).collect();
    for root in ["queryType", "mutationType"] {
        for field in schema[root]["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            assert!(
                words.contains(name),
                "the guide has no operation with {name}"
            );
        }
    }
}

/// The pages with operations.
fn pages() -> Vec<Page> {
    let mut pages = vec![Page::read("README.md")];
    pages.extend(Page::all_in("docs/guide"));
    pages.extend(Page::all_in("docs/operate"));
    pages.retain(|page| !operations(page).is_empty());
    pages
}

async fn run(
    api: &Api,
    sessions: &mut Sessions,
    kept: &mut Map<String, Value>,
    operation: &Operation,
) {
    let place = &operation.place;
    let who = match &operation.by {
        Some(email) => Some(sessions.of(api, email).await),
        None => None,
    };
    let mut variables = kept.clone();
    variables.extend(operation.variables.clone());
    let variables = Value::from(variables);
    if let Some(code) = &operation.code {
        api.refusal(who.as_ref(), &operation.text, variables, code)
            .await;
        return;
    }
    let response = api.ask(who.as_ref(), &operation.text, variables).await;
    assert!(response.get("errors").is_none(), "{place}: {response:#}");
    let data = &response["data"];
    assert_counts_add_up(data, place);
    if let Some(answer) = &operation.answer {
        assert!(
            contains(data, answer),
            "{place} answers {data:#}\nand not {answer:#}"
        );
    }
    for (path, name) in &operation.keep {
        let value = data.pointer(&format!("/{}", path.replace('.', "/")));
        let value = value.filter(|value| !value.is_null());
        let value = value.unwrap_or_else(|| panic!("{place}: no {path} in {data:#}"));
        kept.insert(name.clone(), value.clone());
    }
}

/// The users of the examples, each signed in once, on the demo data set of a first start.
struct Sessions(HashMap<String, SignedIn>);

impl Sessions {
    async fn open(api: &Api) -> Sessions {
        let admin = api.user("admin", UserRole::Admin, None).await;
        assert!(demo::fill_empty(api.db(), Utc::now()).await.unwrap());
        Sessions(HashMap::from([(admin.email.clone(), admin)]))
    }

    async fn of(&mut self, api: &Api, email: &str) -> SignedIn {
        if let Some(known) = self.0.get(email) {
            return known.clone();
        }
        let login = "mutation ($email: String!, $password: String!) {
            login(input: {email: $email, password: $password}) { token user { id } } }";
        let variables =
            json!({ "email": email, "password": crm::service::sessions::PUBLISHED_PASSWORD });
        let session = api.ask(None, login, variables).await["data"]["login"].clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let user = SignedIn {
            id: text(&session["user"]["id"]),
            email: email.to_owned(),
            token: text(&session["token"]),
        };
        self.0.insert(email.to_owned(), user.clone());
        user
    }
}

/// The operations with what the blocks after them say. Blocks of other kinds are passed over.
fn operations(page: &Page) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    for block in page.blocks() {
        let place = format!("{}:{}", page.path, block.line);
        let parsed = || {
            let value = serde_json::from_str(&block.text);
            value.unwrap_or_else(|error| panic!("{place}: {error}"))
        };
        match (block.kind.as_str(), operations.last_mut()) {
            ("graphql", _) => operations.push(operation(place, &block)),
            ("json variables", Some(last)) => {
                let value: Value = parsed();
                last.variables = value.as_object().expect("an object").clone();
            }
            ("json answer", Some(last)) => last.answer = Some(parsed()),
            _ => {}
        }
    }
    operations
}

fn operation(place: String, block: &Block) -> Operation {
    let mut operation = Operation {
        place,
        text: block.text.clone(),
        ..Operation::default()
    };
    let comments = block
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("# "));
    for comment in comments {
        match comment.split(' ').collect::<Vec<_>>()[..] {
            ["As", email] => operation.by = Some(email.to_owned()),
            ["Answers", code] => operation.code = Some(code.to_owned()),
            ["Keep", path, "as", name] => {
                let name = name.trim_start_matches('$').to_owned();
                operation.keep.push((path.to_owned(), name));
            }
            _ => panic!("{}: what is {comment:?}?", operation.place),
        }
    }
    operation
}

/// True if `whole` contains all members of `part`; lists have the same length.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|whole| contains(whole, part))),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(w, p)| contains(w, p))
        }
        _ => whole == part,
    }
}

/// Nothing in a bulk result fails unsaid.
fn assert_counts_add_up(data: &Value, place: &str) {
    for payload in data.as_object().expect("data").values() {
        let count = |name: &str| payload[name].as_i64();
        if let (Some(total), Some(good), Some(bad)) =
            (count("total"), count("succeeded"), count("failed"))
        {
            assert_eq!(good + bad, total, "{place}");
        }
    }
}
