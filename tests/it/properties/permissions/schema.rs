//! Every field of the schema stands in one of these lists. A field that does not fails the test
//! until somebody decides what proves its permissions, and adds it there.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::Api;

use super::strangers::ROOT_FIELDS;

/// The fields that lead to a lead, a note, a user or a count: compared with the model, one by one, for
/// every kind of viewer. The file names the place.
const COMPARED: &[(&str, &str, &str)] = &[
    ("lists.rs", "Query", "leads"),
    (
        "lists.rs",
        "LeadConnection",
        "nodes edges pageInfo totalCount totalCountUpTo",
    ),
    ("lists.rs", "BoundedCount", "value isExact"),
    ("lists.rs", "LeadEdge", "node cursor"),
    (
        "lists.rs",
        "PageInfo",
        "hasNextPage hasPreviousPage startCursor endCursor",
    ),
    ("lists.rs", "User", "leads"),
    ("counts.rs", "Query", "leadStatistics"),
    (
        "counts.rs",
        "LeadStatistics",
        "totalLeads averageLeadScore hotLeadsCount conversionRate \
        overdueFollowUps leadsByStatus leadsBySource leadsByAgent createdOverTime",
    ),
    (
        "counts.rs",
        "AgentStatistics",
        "user totalLeads wonLeads conversionRate averageLeadScore",
    ),
    ("counts.rs", "StatusCount", "status count"),
    ("counts.rs", "SourceStatistics", "source count"),
    ("counts.rs", "TimeCount", "start count"),
    ("objects.rs", "Query", "lead node nodes duplicateLeads"),
    ("objects.rs", "Lead", "assignedTo viewerCan"),
    (
        "objects.rs",
        "LeadPermissions",
        "update assign archive delete",
    ),
    (
        "management.rs",
        "UserPermissions",
        "manageUsers manageApiKeys deleteLeads",
    ),
    ("management.rs", "User", "can"),
    ("timelines.rs", "Lead", "notes timeline"),
    ("timelines.rs", "Note", "lead by earlierVersion"),
    ("timelines.rs", "Change", "lead by changes"),
    ("timelines.rs", "FieldChange", "before after"),
    ("timelines.rs", "FieldValue", "display"),
    (
        "timelines.rs",
        "TimelineEntryConnection",
        "nodes edges pageInfo",
    ),
    ("timelines.rs", "TimelineEntryEdge", "node"),
    ("timelines.rs", "NoteConnection", "nodes edges pageInfo"),
    ("timelines.rs", "NoteEdge", "node"),
    (
        "objects.rs",
        "User",
        "manager email role isActive invitedAt oidcSubject createdAt",
    ),
    ("log.rs", "Query", "timeline"),
    ("log.rs", "Note", "position"),
    ("log.rs", "Change", "position"),
    ("management.rs", "Query", "me user users freeEmailDomains"),
    ("keys.rs", "Query", "apiKeys"),
    (
        "management.rs",
        "UserConnection",
        "nodes edges pageInfo totalCount",
    ),
    ("management.rs", "UserEdge", "node"),
    (
        "management.rs",
        "Mutation",
        "createLead createLeads inviteUser resetPassword updateUser deactivateUser \
        updateFreeEmailDomains",
    ),
    ("management.rs", "InviteUserPayload", "user"),
    ("management.rs", "ResetPasswordPayload", "user"),
    ("management.rs", "UpdateUserPayload", "user"),
    ("management.rs", "DeactivateUserPayload", "user"),
    ("keys.rs", "Mutation", "createApiKey revokeApiKey"),
    (
        "keys.rs",
        "ApiKeyConnection",
        "nodes edges pageInfo totalCount",
    ),
    ("keys.rs", "ApiKeyEdge", "node"),
    ("keys.rs", "ApiKey", "user createdBy"),
    ("keys.rs", "CreateApiKeyPayload", "apiKey"),
    ("keys.rs", "RevokeApiKeyPayload", "apiKey"),
    (
        "changes.rs",
        "Mutation",
        "updateLead addTag removeTag recordCallAttempt updateScore \
        rescoreLead addNote editNote archiveLead restoreLead deleteLead",
    ),
    ("management.rs", "CreateLeadPayload", "lead"),
    ("changes.rs", "UpdateLeadPayload", "lead"),
    ("changes.rs", "ArchiveLeadPayload", "lead"),
    ("changes.rs", "RestoreLeadPayload", "lead"),
    ("changes.rs", "AddTagPayload", "lead"),
    ("changes.rs", "RemoveTagPayload", "lead"),
    ("changes.rs", "RecordCallAttemptPayload", "lead"),
    ("changes.rs", "UpdateScorePayload", "lead"),
    ("changes.rs", "RescoreLeadPayload", "lead"),
    ("changes.rs", "DeleteLeadPayload", "deletedLeadId"),
    ("changes.rs", "AddNotePayload", "note"),
    ("changes.rs", "EditNotePayload", "note"),
    (
        "bulk.rs",
        "Mutation",
        "bulkUpdateStatus bulkTag bulkArchive bulkRestore assignLeads",
    ),
    (
        "management.rs",
        "CreateLeadsPayload",
        "total succeeded failed dryRun results",
    ),
    (
        "bulk.rs",
        "BulkUpdateStatusPayload",
        "total succeeded failed dryRun results",
    ),
    (
        "bulk.rs",
        "AssignLeadsPayload",
        "total succeeded failed dryRun results",
    ),
    (
        "bulk.rs",
        "BulkTagPayload",
        "total succeeded failed dryRun results",
    ),
    (
        "bulk.rs",
        "BulkArchivePayload",
        "total succeeded failed dryRun results",
    ),
    (
        "bulk.rs",
        "BulkRestorePayload",
        "total succeeded failed dryRun results",
    ),
    ("bulk.rs", "BulkRowResult", "index id lead error"),
    ("bulk.rs", "RowError", "code"),
    ("strangers.rs", "Mutation", "logout changePassword"),
    ("sessions.rs", "Mutation", "endSession"),
    ("sessions.rs", "EndSessionPayload", "endedSessionId"),
    ("sessions.rs", "User", "sessions"),
    (
        "sessions.rs",
        "SessionConnection",
        "nodes edges pageInfo totalCount",
    ),
    ("sessions.rs", "SessionEdge", "node"),
];

/// The fields that need no permission: signing in, and the viewer.
const OPEN: &[(&str, &str)] = &[
    ("Mutation", "login useLink"),
    ("LoginPayload", "token expiresAt user"),
    ("LogoutPayload", "loggedOut"),
    ("ChangePasswordPayload", "user"),
];

/// Plain values of an object that the viewer got from one of the fields above, and lists of such
/// values; none of them asks the database.
const OF_A_VISIBLE_OBJECT: &[(&str, &str)] = &[
    (
        "Lead",
        "id firstName lastName fullName email phone company jobTitle source status leadScore \
        scoreIsManual scoreBreakdown isHotLead hasBusinessEmail conversionProbability \
        lastContactDate daysSinceLastContact nextFollowUp callAttempts tags customFields createdAt \
        daysSinceCreated updatedAt version isArchived archivedAt statusBeforeArchive",
    ),
    ("ScoreLine", "rule points"),
    ("ScoreRule", "id name"),
    ("Note", "id type content at"),
    ("Change", "id at"),
    ("TimelineEntryEdge", "cursor"),
    ("NoteEdge", "cursor"),
    ("FieldChange", "field"),
    ("FieldValue", "value"),
    ("User", "id fullName"),
    ("UserEdge", "cursor"),
    (
        "ApiKey",
        "id name role createdAt expiresAt lastUsedAt revokedAt isActive",
    ),
    ("ApiKeyEdge", "cursor"),
    ("Session", "id createdAt lastUsedAt expiresAt isCurrent"),
    ("SessionEdge", "cursor"),
    ("CreateApiKeyPayload", "secret"),
    ("InviteUserPayload", "link linkExpiresAt"),
    ("ResetPasswordPayload", "link linkExpiresAt"),
    ("UpdateFreeEmailDomainsPayload", "freeEmailDomains"),
    ("RowError", "message fields"),
    ("FieldError", "field message"),
];

/// Objects that are no more than a few plain values; a field of such a type may be plain itself.
const PLAIN_OBJECTS: [&str; 3] = ["ScoreLine", "ScoreRule", "FieldError"];

const INTROSPECTION: &str = "{ __schema { types { kind name fields { name type {
    kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";

#[tokio::test]
async fn every_field_of_the_schema_is_classified() {
    let fields = fields().await;
    let known: Vec<(String, String)> = classified();
    let unknown: Vec<_> = fields
        .iter()
        .filter(|(field, _)| !known.iter().any(|(k, _)| k == field))
        .collect();
    assert!(
        unknown.is_empty(),
        "decide what proves the permissions of {unknown:#?}"
    );
    let names: BTreeSet<&String> = fields.iter().map(|(field, _)| field).collect();
    let gone: Vec<_> = known
        .iter()
        .filter(|(field, _)| !names.contains(field))
        .collect();
    assert!(gone.is_empty(), "not in the schema any more: {gone:#?}");
    let mut once: Vec<&String> = known.iter().map(|(field, _)| field).collect();
    once.sort();
    assert!(
        once.windows(2).all(|pair| pair[0] != pair[1]),
        "a field stands in two lists"
    );
}

#[tokio::test]
async fn whatever_leads_on_to_an_object_is_compared_with_the_model() {
    let known = classified();
    for (field, object) in fields().await {
        let Some(object) = object else { continue };
        let class = known
            .iter()
            .find(|(name, _)| *name == field)
            .map(|(_, class)| class.as_str());
        if class == Some("plain") {
            assert!(
                PLAIN_OBJECTS.contains(&object.as_str()),
                "{field} leads to {object}"
            );
        }
    }
}

#[tokio::test]
async fn every_root_field_is_tried_by_strangers() {
    for (field, _) in fields().await {
        let Some((root @ ("Query" | "Mutation"), name)) = field.split_once('.') else {
            continue;
        };
        let is_tried = ROOT_FIELDS.iter().any(|(operation, text)| {
            operation.eq_ignore_ascii_case(root) && text.split(['(', ' ']).next() == Some(name)
        });
        assert!(
            is_tried || name == "login",
            "{field} is not in strangers.rs"
        );
    }
}

fn classified() -> Vec<(String, String)> {
    let each = |class: &str, object: &str, names: &str| {
        let class = class.to_owned();
        let fields = names
            .split_whitespace()
            .map(|name| format!("{object}.{name}"));
        fields
            .map(|field| (field, class.clone()))
            .collect::<Vec<_>>()
    };
    let compared = COMPARED
        .iter()
        .flat_map(|(file, object, names)| each(file, object, names));
    let open = OPEN
        .iter()
        .flat_map(|(object, names)| each("open", object, names));
    let plain = OF_A_VISIBLE_OBJECT
        .iter()
        .flat_map(|(object, names)| each("plain", object, names));
    compared.chain(open).chain(plain).collect()
}

/// Every `Type.field` of the schema, with the name of the object that it leads to, if it does.
async fn fields() -> Vec<(String, Option<String>)> {
    let api = Api::new().await;
    let schema = api.ask(None, INTROSPECTION, json!({})).await["data"]["__schema"].clone();
    let types = schema["types"].as_array().unwrap().iter();
    let objects =
        types.filter(|t| t["kind"] == "OBJECT" && !t["name"].as_str().unwrap().starts_with("__"));
    let fields = objects.flat_map(|object| {
        let fields = object["fields"].as_array().unwrap().iter();
        fields.map(|field| {
            let name = format!(
                "{}.{}",
                object["name"].as_str().unwrap(),
                field["name"].as_str().unwrap()
            );
            (name, object_of(&field["type"]))
        })
    });
    fields.collect()
}

fn object_of(mut of: &Value) -> Option<String> {
    while !of["ofType"].is_null() {
        of = &of["ofType"];
    }
    let leads_on = matches!(of["kind"].as_str(), Some("OBJECT" | "INTERFACE" | "UNION"));
    leads_on.then(|| of["name"].as_str().unwrap().to_owned())
}
