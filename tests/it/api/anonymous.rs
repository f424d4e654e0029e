//! Without a token there is nothing but `login` and `__typename`.

use serde_json::{Value, json};

use crm::service::users::UserRole;

use super::{UNKNOWN, text};
use crate::support::{Api, SignedIn};

const TYPES: &str = "{ __schema { types { name kind isOneOf enumValues { name }
    fields { name type { ...T } args { name type { ...T } defaultValue } }
    inputFields { name type { ...T } defaultValue } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

#[tokio::test]
async fn every_root_field_but_login_needs_a_token() {
    let api = Api::new().await;
    let schema = Schema(api.ask(None, TYPES, json!({})).await["data"]["__schema"].clone());
    let stranger = SignedIn {
        id: UNKNOWN.into(),
        email: String::new(),
        token: format!("crm_session_{}", "A".repeat(43)),
    };
    let mut asked = 0;
    for (operation, root) in [("query", "Query"), ("mutation", "Mutation")] {
        for field in schema.type_named(root)["fields"].as_array().unwrap() {
            if field["name"] == "login" {
                continue;
            }
            let document = format!("{operation} {{ {} }}", schema.call(field));
            for who in [None, Some(&stranger)] {
                let refusal = api.refusal(who, &document, json!({}), "UNAUTHENTICATED");
                assert_eq!(refusal.await["path"], json!([field["name"]]));
            }
            asked += 1;
        }
    }
    assert!(asked >= 36, "only {asked} root fields were asked");
}

#[tokio::test]
async fn typename_needs_no_token() {
    let api = Api::new().await;
    let answer = api.ask(None, "{ __typename }", json!({})).await;
    assert_eq!(answer["data"], json!({ "__typename": "Query" }));
    let answer = api.ask(None, "mutation { __typename }", json!({})).await;
    assert_eq!(answer["data"], json!({ "__typename": "Mutation" }));
}

#[tokio::test]
async fn an_anonymous_change_leaves_no_trace() {
    let api = Api::new().await;
    let create = "mutation { createLead(input: { firstName: \"A\", lastName: \"B\",
        email: \"a@b.com\" }) { lead { id } } }";
    api.refusal(None, create, json!({}), "UNAUTHENTICATED")
        .await;
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 0);
}

#[tokio::test]
async fn the_user_in_a_login_shows_no_leads_to_who_is_not_signed_in() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    api.lead(&ann, json!({})).await;
    let login = "mutation ($email: String!) { login(input: { email: $email,
        password: \"correct horse battery\" }) { user { id leads { totalCount } } } }";
    let answer = api.ask(None, login, json!({ "email": ann.email })).await;
    assert_eq!(
        answer["data"]["login"]["user"],
        json!({ "id": ann.id, "leads": null })
    );
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

struct Schema(Value);

impl Schema {
    fn type_named(&self, name: &str) -> &Value {
        let types = self.0["types"].as_array().unwrap();
        types.iter().find(|t| t["name"] == name).unwrap()
    }

    /// A call of a field with the least it takes.
    fn call(&self, field: &Value) -> String {
        let arguments = self.required(&field["args"]);
        let arguments = if arguments.is_empty() {
            String::new()
        } else {
            format!("({arguments})")
        };
        let returns = named(&field["type"]);
        let kind = &self.type_named(&text(&returns["name"]))["kind"];
        let is_leaf = matches!(kind.as_str(), Some("SCALAR" | "ENUM"));
        let selection = if is_leaf { "" } else { " { __typename }" };
        format!("{}{arguments}{selection}", text(&field["name"]))
    }

    fn required(&self, inputs: &Value) -> String {
        let inputs = inputs.as_array().unwrap().iter();
        let required =
            inputs.filter(|i| i["type"]["kind"] == "NON_NULL" && i["defaultValue"].is_null());
        required
            .map(|i| format!("{}: {}", text(&i["name"]), self.value(&i["type"]["ofType"])))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn value(&self, of: &Value) -> String {
        if of["kind"] == "LIST" {
            return "[]".to_owned();
        }
        let of = self.type_named(&text(&of["name"]));
        if of["isOneOf"] == true {
            let first = &of["inputFields"][0];
            return format!(
                "{{ {}: {} }}",
                text(&first["name"]),
                self.value(&first["type"])
            );
        }
        match (text(&of["kind"]).as_str(), text(&of["name"]).as_str()) {
            ("INPUT_OBJECT", _) => format!("{{ {} }}", self.required(&of["inputFields"])),
            ("ENUM", _) => text(&of["enumValues"][0]["name"]),
            (_, "ID") => format!("{UNKNOWN:?}"),
            (_, "Int" | "Float") => "1".to_owned(),
            (_, "Boolean") => "true".to_owned(),
            _ => "\"x\"".to_owned(),
        }
    }
}

fn named(of: &Value) -> &Value {
    if of["ofType"].is_null() {
        of
    } else {
        named(&of["ofType"])
    }
}
