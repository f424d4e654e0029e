//! Without a token that is good, nothing: every field of `Query` and `Mutation` but `login`.

use serde_json::{Value, json};

use crm::service::users::UserRole;

use crate::support::{Api, SignedIn};

/// Every root field with arguments that a signed-in user could use.
pub(super) const ROOT_FIELDS: [(&str, &str); 41] = [
    ("query", "me { id }"),
    ("query", "lead(id: $id) { id }"),
    ("query", "leads { totalCount nodes { id } }"),
    ("query", "duplicateLeads(email: \"a@b.com\") { id }"),
    ("query", "leadStatistics { totalLeads }"),
    ("query", "users { totalCount nodes { id } }"),
    ("query", "user(id: $id) { id }"),
    ("query", "node(id: $id) { id }"),
    ("query", "nodes(ids: [$id]) { id }"),
    ("query", "timeline { nodes { id } }"),
    ("query", "freeEmailDomains"),
    ("query", "apiKeys { totalCount nodes { id } }"),
    ("mutation", "logout { loggedOut }"),
    (
        "mutation",
        "endSession(input: { id: $id }) { endedSessionId }",
    ),
    (
        "mutation",
        "changePassword(input: { currentPassword: \"a\", newPassword: \"b\" }) { user { id } }",
    ),
    (
        "mutation",
        "createLead(input: { firstName: \"A\", lastName: \"B\", email: \"a@b.com\" }) { lead { id } }",
    ),
    ("mutation", "createLeads(input: { leads: [] }) { total }"),
    (
        "mutation",
        "updateLead(input: { id: $id, company: \"X\" }) { lead { id } }",
    ),
    (
        "mutation",
        "archiveLead(input: { id: $id }) { lead { id } }",
    ),
    (
        "mutation",
        "restoreLead(input: { id: $id }) { lead { id } }",
    ),
    (
        "mutation",
        "deleteLead(input: { id: $id }) { deletedLeadId }",
    ),
    (
        "mutation",
        "addTag(input: { id: $id, tag: \"x\" }) { lead { id } }",
    ),
    (
        "mutation",
        "removeTag(input: { id: $id, tag: \"x\" }) { lead { id } }",
    ),
    (
        "mutation",
        "recordCallAttempt(input: { id: $id }) { lead { id } }",
    ),
    (
        "mutation",
        "updateScore(input: { id: $id, score: 1 }) { lead { id } }",
    ),
    (
        "mutation",
        "rescoreLead(input: { id: $id }) { lead { id } }",
    ),
    (
        "mutation",
        "addNote(input: { id: $id, content: \"x\" }) { note { id } }",
    ),
    (
        "mutation",
        "editNote(input: { id: $id, content: \"x\" }) { note { id } }",
    ),
    (
        "mutation",
        "bulkUpdateStatus(input: { leads: { ids: [$id] }, status: WON }) { total }",
    ),
    (
        "mutation",
        "assignLeads(input: { leads: { ids: [$id] }, to: { nobody: true } }) { total }",
    ),
    (
        "mutation",
        "bulkTag(input: { leads: { ids: [$id] }, add: [\"x\"] }) { total }",
    ),
    (
        "mutation",
        "bulkArchive(input: { leads: { all: true } }) { total }",
    ),
    (
        "mutation",
        "bulkRestore(input: { leads: { ids: [$id] } }) { total }",
    ),
    (
        "mutation",
        "inviteUser(input: { email: \"n@b.com\", fullName: \"N\", role: ADMIN }) { link }",
    ),
    ("mutation", "resetPassword(input: { id: $id }) { link }"),
    (
        "mutation",
        "useLink(input: { token: \"crm_invitation_x\", password: \"long enough\" }) { token }",
    ),
    (
        "mutation",
        "updateUser(input: { id: $id, role: ADMIN }) { user { id } }",
    ),
    (
        "mutation",
        "deactivateUser(input: { id: $id, leads: { keep: true } }) { user { id } }",
    ),
    (
        "mutation",
        "createApiKey(input: { name: \"K\", userId: $id, role: ADMIN, expiresInDays: 1 }) { secret }",
    ),
    (
        "mutation",
        "revokeApiKey(input: { id: $id }) { apiKey { id } }",
    ),
    (
        "mutation",
        "updateFreeEmailDomains(input: { add: [\"x.com\"] }) { freeEmailDomains }",
    ),
];

#[tokio::test]
async fn nobody_gets_anything_without_a_token_that_is_good() {
    let api = Api::new().await;
    let admin = api.admin().await;
    let gone = api.user("Gone Admin", UserRole::Admin, None).await;
    let out = api.user("Out Admin", UserRole::Admin, None).await;
    let create =
        "mutation { createLead(input: { firstName: \"A\", lastName: \"B\", email: \"a@b.com\" }) {
        lead { id } } }";
    let id = api.data(&gone, create, Value::Null).await["createLead"]["lead"]["id"].clone();
    let deactivate = "mutation ($id: ID!) { deactivateUser(input: { id: $id, leads: { keep: true } }) { user { id } } }";
    api.data(&admin, deactivate, json!({ "id": gone.id })).await;
    api.data(&out, "mutation { logout { loggedOut } }", Value::Null)
        .await;
    let with = |token: String| SignedIn {
        token,
        ..out.clone()
    };
    let invented = with(format!("crm_session_{}", "A".repeat(43)));
    let garbage = with("' or true --".to_owned());
    let bad = [&gone, &out, &invented, &garbage].map(Some);
    for who in [None].into_iter().chain(bad) {
        for (operation, field) in ROOT_FIELDS {
            let takes_id = if field.contains("$id") {
                "($id: ID!)"
            } else {
                ""
            };
            let document = format!("{operation} {takes_id} {{ {field} }}");
            let refused = api.refusal(who, &document, json!({ "id": id }), "UNAUTHENTICATED");
            let name = field.split(['(', ' ']).next().unwrap();
            assert_eq!(refused.await["path"], json!([name]), "{document}");
        }
    }
    let lead = api
        .data(
            &admin,
            "query ($id: ID!) { lead(id: $id) { version timeline { nodes { id } } } }",
            json!({ "id": id }),
        )
        .await;
    assert_eq!(lead["lead"]["version"], 1);
    assert_eq!(
        lead["lead"]["timeline"]["nodes"].as_array().unwrap().len(),
        1
    );
}
