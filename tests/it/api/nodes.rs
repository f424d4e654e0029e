//! `nodes`, and what an object says of what the viewer may do with it.

use serde_json::{Value, json};

use super::api_keys::key_of;
use super::{Team, UNKNOWN, text, with};
use crate::support::SignedIn;

const NODES: &str = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id
    ... on Lead { lastName assignedTo { fullName } } ... on Note { content } } }";

/// The errors of an answer, each with its path and code.
fn errors(answer: &Value) -> Vec<(Value, Value)> {
    let errors = answer["errors"].as_array().into_iter().flatten();
    errors
        .map(|error| (error["path"].clone(), error["extensions"]["code"].clone()))
        .collect()
}

#[tokio::test]
async fn objects_of_all_types_come_in_the_order_of_their_ids() {
    let team = Team::new().await;
    let (api, ada) = (&team.api, &team.ada);
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    let note = json!({ "id": lead, "content": "first" });
    let note = api.change(ada, "addNote", note).await["note"]["id"].clone();
    let change =
        "query ($id: ID!) { lead(id: $id) { timeline(types: [CHANGE]) { nodes { id } } } }";
    let change = api.data(ada, change, json!({ "id": lead })).await;
    let change = &change["lead"]["timeline"]["nodes"][0]["id"];
    let key = api.change(ada, "createApiKey", key_of(ada, "AGENT")).await;
    let key = &key["apiKey"]["id"];
    let ids = json!([key, note, lead, team.ann.id, change, lead]);
    let data = api.data(ada, NODES, json!({ "ids": ids })).await;
    let kowalski = json!({ "__typename": "Lead", "id": lead, "lastName": "Kowalski",
        "assignedTo": { "fullName": "Ann Agent" } });
    assert_eq!(
        data["nodes"],
        json!([
            { "__typename": "ApiKey", "id": key },
            { "__typename": "Note", "id": note, "content": "first" },
            kowalski,
            { "__typename": "User", "id": team.ann.id },
            { "__typename": "Change", "id": change },
            kowalski,
        ])
    );
    let sessions = "{ me { sessions { nodes { id } } } }";
    let session = api.data(ada, sessions, json!({})).await["me"]["sessions"]["nodes"][0].clone();
    let ids = json!({ "ids": [session["id"]] });
    let own = json!([{ "__typename": "Session", "id": session["id"] }]);
    assert_eq!(api.data(ada, NODES, ids.clone()).await["nodes"], own);
    let others = api.ask(Some(&team.ann), NODES, ids).await;
    assert_eq!(others["data"]["nodes"], json!([null]));
    assert_eq!(others["errors"][0]["extensions"]["code"], "NOT_FOUND");
    let nothing = api.data(ada, NODES, json!({ "ids": [] })).await;
    assert_eq!(nothing, json!({ "nodes": [] }));
}

#[tokio::test]
async fn what_is_missing_or_out_of_reach_is_null_at_its_place_with_an_error_that_says_where() {
    let team = Team::new().await;
    let (api, ann) = (&team.api, &team.ann);
    let own = team.lead_of(Some(ann), "Own").await;
    let others = team.lead_of(Some(&team.bea), "Other").await;
    let key = api.change(&team.ada, "createApiKey", key_of(ann, "AGENT"));
    let key = key.await["apiKey"]["id"].clone();
    let ids = json!([UNKNOWN, own, others, team.bea.id, key, "1", ann.id]);
    let answer = api.ask(Some(ann), NODES, json!({ "ids": ids })).await;
    let nodes = answer["data"]["nodes"].as_array().unwrap();
    let found: Vec<&Value> = nodes.iter().map(|node| &node["id"]).collect();
    let null = json!(null);
    let (own, me) = (json!(own), json!(ann.id));
    assert_eq!(found, [&null, &own, &null, &null, &null, &null, &me]);
    let mut told = errors(&answer);
    told.sort_by_key(|(path, _)| path[1].as_u64());
    let expected = [
        (0, "NOT_FOUND"),
        (2, "PERMISSION_DENIED"),
        (3, "PERMISSION_DENIED"),
        (4, "NOT_FOUND"),
        (5, "INVALID_DATA"),
    ];
    let expected = expected.map(|(place, code)| (json!(["nodes", place]), json!(code)));
    assert_eq!(told, expected);
    let fault = answer["errors"].as_array().unwrap().iter();
    let mut fault = fault.filter(|error| error["path"][1] == 5);
    let fields = &fault.next().unwrap()["extensions"]["fields"];
    assert_eq!(fields[0]["field"], "ids.5");
}

#[tokio::test]
async fn a_hundred_ids_are_read_in_one_statement_a_type_and_more_are_refused() {
    let team = Team::new().await;
    let (api, ada) = (&team.api, &team.ada);
    let lead = team.lead_of(None, "Kowalski").await;
    let data = api
        .data(ada, NODES, json!({ "ids": vec![&lead; 100] }))
        .await;
    assert_eq!(data["nodes"].as_array().unwrap().len(), 100);
    let variables = json!({ "ids": vec![&lead; 101] });
    let refusal = api
        .refusal(Some(ada), NODES, variables, "INVALID_DATA")
        .await;
    assert_eq!(super::fields_of(&refusal), ["ids"]);
    api.refusal(None, NODES, json!({ "ids": [lead] }), "UNAUTHENTICATED")
        .await;
    let many = team.lead_of(None, "Other").await;
    let note = json!({ "id": lead, "content": "x" });
    let note = text(&api.change(ada, "addNote", note).await["note"]["id"]);
    let statements = |ids: Vec<&str>| {
        let query = format!("{{ nodes(ids: {}) {{ id }} }}", json!(ids));
        async move { super::n_plus_one::statements(api, ada, &query).await.len() }
    };
    let of_leads = statements(vec![&lead]).await;
    assert_eq!(statements(vec![&lead, &many]).await, of_leads);
    // Leads, users, entries.
    let with_note = statements(vec![&lead, &many, &note]).await;
    assert_eq!(with_note, of_leads + 2);
}

const CAN: &str = "query ($id: ID!) { me { can { manageUsers manageApiKeys deleteLeads } }
    lead(id: $id) { viewerCan { update assign archive delete } assignedTo { can { manageUsers } } } }";

async fn can(team: &Team, who: &SignedIn, lead: &str) -> (Value, Value) {
    let data = team.api.data(who, CAN, json!({ "id": lead })).await;
    let others = &data["lead"]["assignedTo"]["can"];
    assert_eq!(others.is_null(), who.id != team.ann.id, "{data}");
    let in_order = |object: &Value, names: &[&str]| {
        names
            .iter()
            .map(|name| object[name].clone())
            .collect::<Value>()
    };
    (
        in_order(
            &data["me"]["can"],
            &["manageUsers", "manageApiKeys", "deleteLeads"],
        ),
        in_order(
            &data["lead"]["viewerCan"],
            &["update", "assign", "archive", "delete"],
        ),
    )
}

#[tokio::test]
async fn a_lead_and_a_viewer_say_what_the_viewer_may_do() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    let (yes, no) = (json!([true, true, true]), json!([false, false, false]));
    let cases = [
        (&team.ada, &yes, json!([true, true, true, true])),
        (&team.mia, &no, json!([true, true, true, false])),
        (&team.ann, &no, json!([true, false, true, false])),
    ];
    for (who, of_me, of_lead) in &cases {
        assert_eq!(
            can(&team, who, &lead).await,
            ((*of_me).clone(), of_lead.clone())
        );
    }
    let archive = json!({ "id": lead });
    team.api.change(&team.ada, "archiveLead", archive).await;
    for (who, of_me, of_lead) in &cases {
        let of_lead = json!([false, false, true, of_lead[3]]);
        assert_eq!(can(&team, who, &lead).await, ((*of_me).clone(), of_lead));
    }
}

#[tokio::test]
async fn an_api_key_may_what_its_role_may_and_never_manages_keys() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    for (role, of_me, of_lead) in [
        (
            "ADMIN",
            json!([true, false, true]),
            json!([true, true, true, true]),
        ),
        ("MANAGER", json!([false, false, false]), Value::Null),
    ] {
        let key = with(key_of(&team.ada, role), json!({ "name": role }));
        let made = team.api.change(&team.ada, "createApiKey", key).await;
        let service = SignedIn {
            token: text(&made["secret"]),
            ..team.ada.clone()
        };
        if of_lead.is_null() {
            let me = "{ me { role can { manageUsers manageApiKeys deleteLeads } } }";
            let data = team.api.data(&service, me, json!({})).await;
            assert_eq!(
                data["me"],
                json!({ "role": "ADMIN", "can": { "manageUsers": of_me[0],
                    "manageApiKeys": of_me[1], "deleteLeads": of_me[2] } })
            );
        } else {
            assert_eq!(can(&team, &service, &lead).await, (of_me, of_lead));
        }
    }
}

#[tokio::test]
async fn what_may_be_done_is_known_without_a_statement() {
    let team = Team::new().await;
    team.lead_of(Some(&team.ann), "Kowalski").await;
    let with = "{ me { id can { deleteLeads } } leads { nodes { id viewerCan { update assign archive delete } } } }";
    let without = "{ me { id } leads { nodes { id } } }";
    // The first request also looks up who asks.
    super::n_plus_one::statements(&team.api, &team.mia, without).await;
    let with = super::n_plus_one::statements(&team.api, &team.mia, with).await;
    let without = super::n_plus_one::statements(&team.api, &team.mia, without).await;
    assert_eq!(with.len(), without.len());
}
