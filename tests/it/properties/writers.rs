//! Many who write at the same time lose nothing of each other's.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crm::service::users::UserRole;

use crate::support::Api;

use super::other_copy::{Copy, code, number, patient, run};

const READ: &str = "query ($id: ID!) { lead(id: $id) { version firstName lastName company
    customFields callAttempts tags timeline(first: 100, types: [CHANGE]) { nodes { id } } } }";

/// The change of one of the fifty writers, and the lead's value if it was the last one.
fn write(writer: usize) -> (&'static str, Value, &'static str) {
    let value = format!("W{writer}");
    match writer % 5 {
        0 => (UPDATE, json!({ "firstName": value }), "firstName"),
        1 => (UPDATE, json!({ "lastName": value }), "lastName"),
        2 => (UPDATE, json!({ "company": value }), "company"),
        3 => (TAG, json!({ "tag": value }), "tags"),
        _ => (CALL, json!({}), "callAttempts"),
    }
}

const UPDATE: &str =
    "mutation ($input: UpdateLeadInput!) { done: updateLead(input: $input) { lead { version } } }";
const TAG: &str =
    "mutation ($input: TagInput!) { done: addTag(input: $input) { lead { version } } }";
const CALL: &str = "mutation ($input: RecordCallAttemptInput!) {
    done: recordCallAttempt(input: $input) { lead { version } } }";

/// Sends all requests at once and waits for all answers, in the order of the requests.
async fn at_once(copy: &Copy, requests: Vec<(&'static str, Value)>) -> Vec<Value> {
    let mut tasks = JoinSet::new();
    for (number, (query, input)) in requests.into_iter().enumerate() {
        let asked = copy.clone().ask(query, json!({ "input": input }));
        tasks.spawn(async move { (number, asked.await) });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_writers_on_one_lead_lose_nothing() {
    let api = Api::with_pool(1).await;
    let admin = api.admin().await;
    let copy = Copy::of(&api, &admin, &patient(12)).await;
    let id = copy.lead("First").await;
    let with_id = |(query, mut input, _): (_, Value, _)| {
        input["id"] = json!(id);
        (query, input)
    };
    let answers = at_once(&copy, (0..50).map(|n| with_id(write(n))).collect()).await;
    let mut versions: Vec<i64> = answers
        .iter()
        .filter_map(|a| a["data"]["done"]["lead"]["version"].as_i64())
        .collect();
    versions.sort_unstable();
    assert_eq!(
        versions,
        (2..=51).collect::<Vec<i64>>(),
        "each change has a version of its own"
    );
    let lead = copy.data(READ, json!({ "id": id })).await["lead"].clone();
    assert_eq!(lead["version"], 51);
    assert_eq!(lead["callAttempts"], 10);
    assert_eq!(lead["tags"].as_array().unwrap().len(), 10);
    assert_eq!(lead["timeline"]["nodes"].as_array().unwrap().len(), 51);
    for writer in [0, 1, 2] {
        let field = write(writer).2;
        let written = (0..50)
            .filter(|n| n % 5 == writer)
            .map(|n| json!(format!("W{n}")));
        assert!(
            written.into_iter().any(|value| value == lead[field]),
            "{field} {lead}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_writers_who_saw_the_same_version_one_succeeds() {
    let api = Api::with_pool(1).await;
    let admin = api.admin().await;
    let copy = Copy::of(&api, &admin, &patient(12)).await;
    let id = copy.lead("First").await;
    for version in 1..=4 {
        let request = |writer| {
            let (query, mut input, _) = write(writer + 100 * version);
            input["id"] = json!(id);
            input["expectedVersion"] = json!(version);
            (query, input)
        };
        let answers = at_once(&copy, (0..50).map(request).collect()).await;
        let (refused, done): (Vec<&Value>, Vec<&Value>) =
            answers.iter().partition(|answer| code(answer).is_some());
        assert_eq!(done.len(), 1, "{done:?}");
        assert_eq!(
            done[0]["data"]["done"]["lead"]["version"],
            json!(version + 1)
        );
        for answer in refused {
            assert_eq!(code(answer), Some("CONFLICT"), "{answer:#}");
            assert_eq!(
                answer["errors"][0]["extensions"]["currentVersion"],
                json!(version + 1)
            );
        }
        let lead = copy.data(READ, json!({ "id": id })).await["lead"].clone();
        assert_eq!(lead["version"], json!(version + 1));
        assert_eq!(
            lead["timeline"]["nodes"].as_array().unwrap().len(),
            version + 1
        );
    }
}

const DEACTIVATE: &str = "mutation ($input: DeactivateUserInput!) {
    deactivateUser(input: $input) { user { id } } }";
const DEMOTE: &str =
    "mutation ($input: UpdateUserInput!) { updateUser(input: $input) { user { id } } }";

#[tokio::test(flavor = "multi_thread")]
async fn administrators_cannot_remove_each_other_at_the_same_time() {
    let api = Api::with_pool(1).await;
    let admin = api.admin().await;
    let copy = Copy::of(&api, &admin, &patient(8)).await;
    let mut conn = copy.db.connection().await.unwrap();
    for round in 0..12 {
        let one = api
            .user(&format!("One {round}"), UserRole::Admin, None)
            .await;
        let two = api
            .user(&format!("Two {round}"), UserRole::Admin, None)
            .await;
        // These two are the last ones.
        let others = format!("id not in ('{}', '{}')", one.id, two.id);
        run(
            &mut conn,
            &format!("update users set is_active = false where {others}"),
        )
        .await;
        let gone = |who: &str| {
            (
                DEACTIVATE,
                json!({ "input": { "id": who, "leads": { "keep": true } } }),
            )
        };
        let agent = |who: &str| (DEMOTE, json!({ "input": { "id": who, "role": "AGENT" } }));
        let (a, b) = match round % 3 {
            0 => (gone(&two.id), gone(&one.id)),
            1 => (agent(&two.id), agent(&one.id)),
            _ => (agent(&two.id), gone(&one.id)),
        };
        let (first, second) = (copy.asked_by(&one), copy.asked_by(&two));
        let (a, b) = tokio::join!(first.ask(a.0, a.1), second.ask(b.0, b.1));
        let refused: Vec<&str> = [code(&a), code(&b)].into_iter().flatten().collect();
        // Who comes later may also find the session or the role gone.
        let ways = ["CONFLICT", "UNAUTHENTICATED", "PERMISSION_DENIED"];
        assert!(
            refused.len() == 1 && ways.contains(&refused[0]),
            "round {round}: {refused:?}"
        );
        let admins = "(select count(*) from users where role = 'ADMIN' and is_active)";
        assert_eq!(number(&mut conn, admins).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_cannot_inherit_from_each_other_at_the_same_time() {
    let api = Api::with_pool(1).await;
    let mut pairs = Vec::new();
    for round in 0..8 {
        let one = api
            .user(&format!("One {round}"), UserRole::Agent, None)
            .await;
        let two = api
            .user(&format!("Two {round}"), UserRole::Agent, None)
            .await;
        pairs.push((one, two));
    }
    // The administrator comes last in the order of ids: users are not all locked after one.
    let admin = api.admin().await;
    let copy = Copy::of(&api, &admin, &patient(8)).await;
    let mut conn = copy.db.connection().await.unwrap();
    for (round, (one, two)) in (0..).zip(pairs) {
        copy.asked_by(&one).lead("Of one").await;
        copy.asked_by(&two).lead("Of two").await;
        let to = |from: &str, heir: &str| json!({ "input": { "id": from, "leads": { "assignTo": heir } } });
        let (first, second) = (copy.clone(), copy.clone());
        let (a, b) = tokio::join!(
            first.ask(DEACTIVATE, to(&one.id, &two.id)),
            second.ask(DEACTIVATE, to(&two.id, &one.id))
        );
        let refused: Vec<&str> = [code(&a), code(&b)].into_iter().flatten().collect();
        assert_eq!(refused, ["INVALID_DATA"], "round {round}: {a:#} {b:#}");
        let of_active =
            "(select count(*) from leads l join users u on u.id = l.assigned_to where u.is_active)";
        assert_eq!(number(&mut conn, of_active).await, 2 * (round + 1));
    }
}
