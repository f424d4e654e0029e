//! Every operation: its happy path, its refusals per role, its bad inputs.

mod account_links;
mod anonymous;
mod answer_members;
mod answer_size;
mod api_keys;
mod assign;
mod browsers;
mod bulk;
mod bulk_selection;
mod change_password;
mod coercion;
mod columns;
mod connection_slots;
pub(crate) mod connections;
mod create_lead;
mod create_lead_for;
mod create_leads;
mod deactivate_user;
mod duplicates;
mod error_bodies;
mod error_codes;
mod error_shape;
mod fault_paths;
mod faults;
mod feed;
mod filter;
mod filter_logic;
mod filter_nothing;
mod filter_text;
mod first_steps;
mod free_domains;
mod http;
mod http_bodies;
mod http_status;
mod idempotency;
mod json_values;
mod lead_search;
mod lifecycle;
mod limits;
mod lingering_close;
mod login_attempts;
mod mutation_error_codes;
mod n_plus_one;
mod nodes;
mod note;
mod order;
mod own_sessions;
mod page;
mod panics;
mod permission;
mod persisted;
mod pipeline;
mod read;
mod repeated_keys;
mod roles;
mod schema;
mod scoring;
mod search;
mod session_life;
mod session_tokens;
mod sessions;
mod small_changes;
mod statistics;
mod statistics_over_time;
mod team;
mod texts;
mod timeline;
mod trusted;
mod typing;
mod update_lead;
mod user_changes;
mod users;
mod variables;
mod versions;

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};

use crate::support::{Api, SignedIn};

pub(crate) use team::Team;

/// An id that nothing has.
pub(crate) const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

/// The selected fields of a lead.
pub(crate) const LEAD: &str = "id firstName lastName fullName email phone company jobTitle source status \
    assignedTo { id } leadScore scoreIsManual isHotLead hasBusinessEmail \
    scoreBreakdown { rule { id name } points } conversionProbability lastContactDate daysSinceLastContact \
    nextFollowUp callAttempts tags customFields createdAt daysSinceCreated updatedAt version \
    isArchived archivedAt statusBeforeArchive";

const BULK: &str = "total succeeded failed dryRun \
    results { index id lead { id status version } error { code message fields { field } } }";
const NOTE: &str = "note { id type content by { id } lead { id } position at \
    earlierVersion { id content earlierVersion { content } } }";
const API_KEY: &str =
    "apiKey { id name user { id } role createdBy { id } expiresAt lastUsedAt revokedAt isActive }";
const LINK: &str =
    "link linkExpiresAt user { id email fullName role isActive invitedAt manager { id } }";
const USER: &str = "user { id email fullName role isActive manager { id } }";

impl Api {
    /// The payload of a mutation that must succeed.
    pub(crate) async fn change(&self, who: &SignedIn, mutation: &str, input: Value) -> Value {
        let variables = json!({ "input": input });
        self.data(who, &document(mutation), variables).await[mutation].clone()
    }

    /// The error of a mutation that must be refused with this code.
    pub(crate) async fn refused(
        &self,
        who: &SignedIn,
        mutation: &str,
        input: Value,
        code: &str,
    ) -> Value {
        let variables = json!({ "input": input });
        self.refusal(Some(who), &document(mutation), variables, code)
            .await
    }

    /// The fields of its `input` that a mutation finds fault with.
    pub(crate) async fn faults(&self, who: &SignedIn, mutation: &str, input: Value) -> Vec<String> {
        let paths = fields_of(&self.refused(who, mutation, input, "INVALID_DATA").await);
        let field = |path: &String| path.strip_prefix("input.").map(str::to_owned);
        paths.iter().map(|path| field(path).unwrap()).collect()
    }

    /// The lead that comes of a change of one lead.
    pub(crate) async fn edit(&self, who: &SignedIn, mutation: &str, input: Value) -> Value {
        self.change(who, mutation, input).await["lead"].clone()
    }

    /// A new lead, Jan Kowalski but for what is said otherwise.
    pub(crate) async fn lead(&self, who: &SignedIn, input: Value) -> Value {
        self.edit(who, "createLead", jan(input)).await
    }

    /// A new lead's id.
    pub(crate) async fn lead_id(&self, who: &SignedIn, input: Value) -> String {
        text(&self.lead(who, input).await["id"])
    }

    /// One lead as it is now.
    pub(crate) async fn read(&self, who: &SignedIn, id: &str) -> Value {
        let query = format!("query ($id: ID!) {{ lead(id: $id) {{ {LEAD} }} }}");
        self.data(who, &query, json!({ "id": id })).await["lead"].clone()
    }

    /// The answer of `leads` to arguments by their names.
    pub(crate) async fn leads(&self, who: &SignedIn, arguments: Value) -> Value {
        self.data(who, LEADS, arguments).await["leads"].clone()
    }

    /// The last names that `leads` answers with.
    pub(crate) async fn names(&self, who: &SignedIn, arguments: Value) -> Vec<String> {
        let leads = self.leads(who, arguments).await;
        strings(&leads["nodes"], "lastName")
    }

    /// The last names that a filter finds, in alphabetical order.
    pub(crate) async fn found(&self, who: &SignedIn, filter: Value) -> Vec<String> {
        let order = json!({ "field": "LAST_NAME" });
        let arguments = json!({ "filter": filter, "orderBy": order, "first": 100 });
        self.names(who, arguments).await
    }

    /// The fields that `leads` finds fault with.
    pub(crate) async fn leads_faults(&self, who: &SignedIn, arguments: Value) -> Vec<String> {
        let refusal = self.refusal(Some(who), LEADS, arguments, "INVALID_DATA");
        fields_of(&refusal.await)
    }

    /// The newest entries of a lead's timeline, newest first.
    pub(crate) async fn timeline(&self, who: &SignedIn, lead: &str) -> Vec<Value> {
        let data = self.data(who, TIMELINE, json!({ "id": lead })).await;
        data["lead"]["timeline"]["nodes"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Runs statements on the test's database, for what the API does not offer.
    pub(crate) async fn sql(&self, statements: &str) {
        let mut connection = self.db().connection().await.unwrap();
        connection.batch_execute(statements).await.unwrap();
    }

    /// The number that a statement answers with, as `count`.
    pub(crate) async fn count(&self, statement: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let mut connection = self.db().connection().await.unwrap();
        let query = diesel::sql_query(statement);
        let count: Count = query.get_result(&mut connection).await.unwrap();
        count.count
    }
}

const TIMELINE: &str = "query ($id: ID!) { lead(id: $id) { timeline(first: 100) { nodes {
    __typename id at by { id } position ... on Note { type content }
    ... on Change { changes { field before { value display } after { value display } } } } } } }";
const LEADS: &str = "query ($filter: LeadFilter, $search: String, $orderBy: LeadOrder,
    $first: Int, $after: String, $last: Int, $before: String, $offset: Int) {
    leads(filter: $filter, search: $search, orderBy: $orderBy, first: $first, after: $after,
        last: $last, before: $before, offset: $offset) {
        totalCount nodes { id lastName fullName } edges { cursor node { lastName } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// A mutation that takes its input as a variable and asks for what its payload has.
pub(crate) fn document(mutation: &str) -> String {
    let lead = format!("lead {{ {LEAD} }}");
    let selection = match mutation {
        "login" => "token expiresAt user { id }",
        "createLeads" | "assignLeads" => BULK,
        name if name.starts_with("bulk") => BULK,
        "addNote" | "editNote" => NOTE,
        "updateUser" | "deactivateUser" => USER,
        "inviteUser" | "resetPassword" => LINK,
        "useLink" => "token expiresAt user { id email fullName isActive invitedAt }",
        "createApiKey" => {
            return format!(
                "mutation ($input: CreateApiKeyInput!) {{ createApiKey(input: $input) {{ {API_KEY} secret }} }}"
            );
        }
        "revokeApiKey" => API_KEY,
        "updateFreeEmailDomains" => "freeEmailDomains",
        "deleteLead" => "deletedLeadId",
        "endSession" => "endedSessionId",
        _ => &lead,
    };
    let input = match mutation {
        "addTag" | "removeTag" => "TagInput".to_owned(),
        name => format!("{}{}Input", name[..1].to_uppercase(), &name[1..]),
    };
    format!("mutation ($input: {input}!) {{ {mutation}(input: $input) {{ {selection} }} }}")
}

/// Jan Kowalski, but for what is said otherwise.
pub(crate) fn jan(otherwise: Value) -> Value {
    let jan = json!({ "firstName": "Jan", "lastName": "Kowalski", "email": "jan@gmail.com" });
    with(jan, otherwise)
}

/// An object with the fields of another one, too.
pub(crate) fn with(mut object: Value, more: Value) -> Value {
    let fields = object.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    object
}

/// A JSON string's text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// One field of each of a list's objects.
pub(crate) fn strings(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().unwrap();
    list.iter().map(|object| text(&object[field])).collect()
}

/// The fields that an error names, in alphabetical order.
pub(crate) fn fields_of(error: &Value) -> Vec<String> {
    let mut fields = strings(&error["extensions"]["fields"], "field");
    fields.sort();
    fields
}

/// A lead to be for each last name.
pub(crate) fn called(names: &[&str]) -> Vec<Value> {
    let lead = |name: &&str| jan(json!({ "lastName": name }));
    names.iter().map(lead).collect()
}
