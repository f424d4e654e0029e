//! The number of statements of an answer, counted on the pool's only connection.

use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use serde_json::json;

use crate::api::api_keys::key_of;
use crate::api::{Team, text};
use crate::support::{Api, SignedIn};

/// The statements that an answer ran, with the credentials' own. The check of the caller is sent with
/// the first one, and comes after it.
pub(super) async fn statements(api: &Api, who: &SignedIn, query: &str) -> Vec<String> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let mut connection = api.db().connection().await.unwrap();
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            log.lock().unwrap().push(query.to_string());
        }
    });
    drop(connection);
    api.data(who, query, json!({})).await;
    let mut connection = api.db().connection().await.unwrap();
    connection.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    seen.lock().unwrap().clone()
}

fn on<'a>(table: &str, statements: &'a [String]) -> Vec<&'a String> {
    let from = format!("FROM \"{table}\"");
    let reads = statements
        .iter()
        .filter(|statement| statement.contains(&from));
    reads.collect()
}

/// Twenty leads of three owners, each with a note that was edited.
async fn twenty_leads(team: &Team) {
    for number in 0..20 {
        let owner = [&team.ann, &team.bea, &team.mia][number % 3];
        let lead = team.lead_of(Some(owner), "Kowalski").await;
        let note = json!({ "id": lead, "content": "x" });
        let note = team.api.change(&team.ada, "addNote", note).await;
        let edit = json!({ "id": note["note"]["id"], "content": "y" });
        team.api.change(&team.ada, "editNote", edit).await;
    }
}

/// That one is the token's, which joins sessions with users.
fn on_tokens(statements: &[String]) -> usize {
    let join = |statement: &&String| statement.contains("\"sessions\" INNER");
    statements.iter().filter(join).count()
}

/// Checks of the caller's revision.
fn on_check(statements: &[String]) -> usize {
    let check = |statement: &&String| statement.starts_with("SELECT (SELECT revision");
    statements.iter().filter(check).count()
}

#[tokio::test]
async fn twenty_leads_of_three_owners_cost_one_select_on_users_and_none_until_a_user_changes() {
    let team = Team::new().await;
    twenty_leads(&team).await;
    let query = "{ leads { nodes { lastName assignedTo { fullName } } } }";
    let rename = |name: &str| json!({ "id": team.ann.id, "fullName": name });
    team.api
        .change(&team.ada, "updateUser", rename("Ann One"))
        .await;
    // Whoever asked before was known as of another revision: what was read then is read again.
    for new in [1, 0] {
        let ran = statements(&team.api, &team.ada, query).await;
        assert_eq!(on("users", &ran).len(), new, "{ran:#?}");
        assert_eq!(on("leads", &ran).len(), 1 + new, "{ran:#?}");
        assert_eq!(on_tokens(&ran), new);
        assert_eq!(on_check(&ran), 1, "{ran:#?}");
        assert_eq!(ran.len(), 2 + 3 * new, "{ran:#?}");
    }
    team.api
        .change(&team.ada, "updateUser", rename("Ann Two"))
        .await;
    let leads = team.api.data(&team.ada, query, json!({})).await;
    let named = leads["leads"]["nodes"].to_string();
    assert!(
        named.contains("Ann Two") && !named.contains("Ann One"),
        "{named}"
    );
}

#[tokio::test]
async fn a_lead_costs_one_statement_once_its_reader_is_known_and_anything_else_one_more() {
    let team = Team::new().await;
    let lead = team.lead_of(Some(&team.ann), "Kowalski").await;
    let lead = format!("{{ lead(id: \"{lead}\") {{ lastName assignedTo {{ fullName }} }} }}");
    let key = key_of(&team.ann, "AGENT");
    let key = team.api.change(&team.ada, "createApiKey", key).await;
    let service = SignedIn {
        token: text(&key["secret"]),
        ..team.ann.clone()
    };
    for who in [&team.ada, &team.mia, &team.ann, &service] {
        team.api.data(who, &lead, json!({})).await;
        let ran = statements(&team.api, who, &lead).await;
        assert_eq!((ran.len(), on_check(&ran)), (2, 1), "{ran:#?}");
        for other in ["{ me { id } }", "{ __typename }"] {
            let ran = statements(&team.api, who, other).await;
            assert!((1..=2).contains(&ran.len()), "{ran:#?}");
            assert_eq!(on_check(&ran), 1, "{ran:#?}");
        }
    }
}

#[tokio::test]
async fn a_user_renamed_behind_the_servers_back_has_the_new_name_at_once() {
    let team = Team::new().await;
    twenty_leads(&team).await;
    let query = "{ leads { nodes { assignedTo { fullName } } } }";
    for name in ["Ann One", "Ann Two"] {
        let rename = format!(
            "UPDATE users SET full_name = '{name}' WHERE id = '{}'",
            team.ann.id
        );
        team.api
            .db()
            .connection()
            .await
            .unwrap()
            .batch_execute(&rename)
            .await
            .unwrap();
        let leads = team.api.data(&team.ada, query, json!({})).await;
        assert!(leads.to_string().contains(name), "{leads}");
    }
}

#[tokio::test]
async fn what_hangs_below_a_list_is_read_for_the_whole_list_at_once() {
    let team = Team::new().await;
    twenty_leads(&team).await;
    for (query, most) in [
        // Token, leads, their notes in two statements, owners and authors in one each.
        (
            "{ leads { nodes { assignedTo { id } notes { nodes { by { id } } } } } }",
            6,
        ),
        // Token, users, managers.
        ("{ users { nodes { manager { fullName } } } }", 3),
        // The same for a timeline, with the earlier versions of notes and the names in changes.
        (
            "{ leads { nodes { assignedTo { id } timeline { nodes { by { id } ... on Note { earlierVersion { id } }
             ... on Change { changes { before { display } after { display } } } } } } } }",
            7,
        ),
        // Token, entries with the horizon, leads, authors.
        (
            "{ timeline { nodes { lead { lastName } by { fullName } } } }",
            5,
        ),
        // Token, totals inside a transaction that is begun, set up and ended, users.
        (
            "{ leadStatistics { leadsByAgent { user { fullName } } } }",
            6,
        ),
        ("{ leads { totalCount nodes { id } } }", 3),
        // Token, a walk for what is searched, a longer walk inside a transaction that is begun, set
        // up and ended, the count.
        (
            "{ leads(search: \"x\") { totalCountUpTo { value } nodes { id } } }",
            7,
        ),
        ("{ leads { nodes { id } pageInfo { hasNextPage } } }", 2),
    ] {
        let ran = statements(&team.api, &team.ada, query).await;
        assert!(ran.len() <= most, "{} > {most}: {ran:#?}", ran.len());
    }
}

/// The number of passes over the leads for an answer with all statistics.
async fn passes(team: &Team, who: &SignedIn, filter: &str) -> usize {
    let query = format!(
        "{{ leadStatistics(filter: {{ {filter} }}) {{ totalLeads averageLeadScore hotLeadsCount \
         conversionRate overdueFollowUps leadsByStatus {{ count }} leadsBySource {{ count }} \
         leadsByAgent {{ totalLeads }} }} }}"
    );
    let ran = statements(&team.api, who, &query).await;
    let reads = ran.iter().map(|one| one.matches("FROM \"leads\"").count());
    reads.sum()
}

#[tokio::test]
async fn statistics_of_assignees_and_days_read_no_leads() {
    let team = Team::new().await;
    twenty_leads(&team).await;
    let ann = &team.ann.id;
    let anns = format!("assignedTo: [\"{ann}\"]");
    let anns_or_nobodys = format!("and: [{{ {anns}, unassigned: true }}]");
    let days = "from: \"2026-01-15T00:00:00Z\", to: \"2026-11-20T00:00:00Z\"";
    let created = format!("createdAt: {{ {days} }}");
    for (who, filter) in [
        (&team.ada, ""),
        (&team.ada, &anns),
        (&team.ada, "unassigned: false"),
        (&team.ada, &created),
        (&team.ann, "archived: EXCLUDE"),
        (&team.ann, &created),
        (&team.mia, ""),
        (&team.mia, &anns_or_nobodys),
    ] {
        assert_eq!(passes(&team, who, filter).await, 0, "{filter}");
    }
    let rest = "totalLeads leadsByAgent { totalLeads } createdOverTime { count }";
    let query = format!(
        "{{ leadStatistics(filter: {{ createdAt: {{ {days} }}, assignedTo: [\"{ann}\"] }}) {{ {rest} }} }}"
    );
    let ran = statements(&team.api, &team.ada, &query).await;
    // Only the ends of an index are read: from when to when there are leads.
    let on_leads = on("leads", &ran);
    let ends = r#"SELECT min("leads"."created_at"), max("leads"."created_at") FROM "leads""#;
    assert_eq!(on_leads.len(), 1, "{on_leads:?}");
    assert_eq!(on_leads[0].split(" -- ").next().unwrap().trim(), ends);
    // The leads of a partial bucket are read once for the sums and once for those of each agent: of
    // all leads together after the hour, of each agent after midnight.
    let ragged = "createdAt: { from: \"2026-01-15T01:02:03Z\" }";
    for who in [&team.ada, &team.ann, &team.mia] {
        assert_eq!(passes(&team, who, ragged).await, 2);
    }
}

#[tokio::test]
async fn statistics_of_other_filters_read_the_leads_once() {
    let team = Team::new().await;
    twenty_leads(&team).await;
    for filter in [
        "status: [NEW]",
        "leadScore: { min: 10 }",
        "or: [{ unassigned: true }]",
        "archived: INCLUDE",
    ] {
        assert_eq!(passes(&team, &team.ada, filter).await, 1, "{filter}");
    }
}

#[tokio::test]
async fn what_is_kept_ready_is_not_counted_for_the_total_of_a_list() {
    let team = Team::new().await;
    twenty_leads(&team).await;
    for (filter, counted) in [
        ("", 0),
        ("unassigned: true", 0),
        ("status: [NEW, WON]", 0),
        (
            "source: [OTHER], createdAt: { from: \"2026-01-15T00:00:00Z\" }",
            0,
        ),
        ("isHotLead: true", 0),
        ("isHotLead: false", 0),
        ("isHotLead: true, status: [NEW]", 1),
        ("status: [NEW], source: [OTHER]", 1),
        ("leadScore: { min: 10 }", 1),
    ] {
        let asked = async |field: &str| {
            let query = format!("{{ leads(filter: {{ {filter} }}) {{ {field} }} }}");
            let ran = statements(&team.api, &team.mia, &query).await;
            on("leads", &ran).len()
        };
        let list = asked("nodes { id }").await;
        assert_eq!(asked("totalCount").await, list + counted, "{filter}");
    }
}

#[tokio::test]
async fn a_bulk_change_costs_the_same_number_of_statements_for_two_leads_and_for_twenty() {
    let team = Team::new().await;
    twenty_leads(&team).await;
    let mut counts = Vec::new();
    for leads in ["all: true", "matching: { search: \"nobody at all\" }"] {
        let change = format!(
            "mutation {{ bulkTag(input: {{ leads: {{ {leads} }}, add: [\"a\"] }}) {{ total results {{ lead {{ id }} }} }} }}"
        );
        counts.push(statements(&team.api, &team.ada, &change).await.len());
    }
    // Nothing to change, nothing to write and no leads to show: three statements less.
    assert_eq!(counts[0], counts[1] + 3);
    let ids = "{ leads(first: 2) { nodes { id } } }";
    let ids = team.api.data(&team.ada, ids, json!({})).await;
    let ids = super::strings(&ids["leads"]["nodes"], "id");
    let change = format!(
        "mutation {{ bulkTag(input: {{ leads: {{ ids: {ids:?} }}, add: [\"b\"] }}) {{ results {{ lead {{ id }} }} }} }}"
    );
    let by_ids = statements(&team.api, &team.ada, &change).await.len();
    // By ids there is nothing to be counted first.
    assert_eq!(by_ids, counts[0] - 1);
}
