use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};

use crate::graphql::attempt::{self, Attempt};
use crate::graphql::context::change;
use crate::graphql::error::answer;
use crate::graphql::lead::input::{CreateLeadInput, UpdateLeadInput};
use crate::graphql::lead::payload::{
    AddTagPayload, ArchiveLeadPayload, CreateLeadPayload, DeleteLeadPayload,
    RecordCallAttemptPayload, RemoveTagPayload, RescoreLeadPayload, RestoreLeadPayload,
    UpdateLeadPayload, UpdateScorePayload,
};
use crate::graphql::objects::Lead;
use crate::service::leads::{
    self, ArchiveLead, CreateLead, DeleteLead, RecordCallAttempt, RestoreLead, SetScore, TagChange,
    TagLead,
};
use crate::service::validation::FieldErrors;
use crate::service::{Command, LeadId};

/// Declares the input of a change of one lead: the lead's id, the fields of this change, and the
/// fields that every change of a lead has.
macro_rules! lead_input {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// The lead.
            id: ID,
            $($(#[$field_doc])* $field: $type,)*
            /// The `version` that the client saw: CONFLICT if the lead has another one now.
            expected_version: Option<i32>,
            /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
            /// second effect and returns what was done, with the objects as they are now.
            idempotency_key: Option<String>,
        }
    };
}

lead_input! {
    /// The lead to archive.
    ArchiveLeadInput {}
}

lead_input! {
    /// The lead to restore.
    RestoreLeadInput {}
}

lead_input! {
    /// The lead to delete for good.
    DeleteLeadInput {}
}

lead_input! {
    /// A lead, and a tag.
    TagInput {
        /// The tag, 1–50 characters; trimmed and in lower case.
        tag: String,
    }
}

lead_input! {
    /// An attempted call.
    RecordCallAttemptInput {
        /// The content of the call; becomes a CALL in the lead's notes. At most 10,000 characters.
        note: Option<String>,
        /// The time of the next follow-up; without one it stays as it is.
        next_follow_up: Option<DateTime<Utc>>,
    }
}

lead_input! {
    /// A score, set by hand.
    UpdateScoreInput {
        /// The score, 0–100.
        score: i32,
    }
}

lead_input! {
    /// The lead whose score follows the rules again.
    RescoreLeadInput {}
}

#[derive(Default)]
pub struct LeadMutation;

#[Object]
impl LeadMutation {
    /// Creates a lead. Errors: UNAUTHENTICATED, PERMISSION_DENIED for an assignee out of scope,
    /// USER_NOT_FOUND, INVALID_DATA with all faults in `fields`, IDEMPOTENCY_CONFLICT.
    async fn create_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new lead.")] input: CreateLeadInput,
    ) -> Option<CreateLeadPayload> {
        let key = input.idempotency_key.clone();
        payload(ctx, key, Attempt::read(|_| CreateLead(input.new_lead()))).await
    }

    /// Changes the named fields of a lead, and only these. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, LEAD_NOT_FOUND, INVALID_DATA with all faults in `fields`, CONFLICT if the
    /// version is not the expected one or the lead is archived, IDEMPOTENCY_CONFLICT.
    async fn update_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead, and its new values.")] input: UpdateLeadInput,
    ) -> Option<UpdateLeadPayload> {
        let key = input.idempotency_key.clone();
        payload(ctx, key, input.command()).await
    }

    /// Archives a lead: status LOST, tag `archived`; lists and statistics leave it out. Its former
    /// status and tags are kept for `restoreLead`. Errors: UNAUTHENTICATED, PERMISSION_DENIED,
    /// LEAD_NOT_FOUND, INVALID_DATA, CONFLICT, IDEMPOTENCY_CONFLICT.
    async fn archive_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead.")] input: ArchiveLeadInput,
    ) -> Option<ArchiveLeadPayload> {
        let expected_version = input.expected_version;
        let command = Attempt::read(|faults| ArchiveLead {
            id: lead_id(&input.id, faults),
            expected_version,
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Restores an archived lead, with the status and tags it had. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, LEAD_NOT_FOUND, INVALID_DATA, CONFLICT, IDEMPOTENCY_CONFLICT.
    async fn restore_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead.")] input: RestoreLeadInput,
    ) -> Option<RestoreLeadPayload> {
        let expected_version = input.expected_version;
        let command = Attempt::read(|faults| RestoreLead {
            id: lead_id(&input.id, faults),
            expected_version,
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Deletes a lead and its notes for good. For administrators. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, LEAD_NOT_FOUND, INVALID_DATA, CONFLICT, IDEMPOTENCY_CONFLICT.
    async fn delete_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead.")] input: DeleteLeadInput,
    ) -> Option<DeleteLeadPayload> {
        let expected_version = input.expected_version;
        let command = Attempt::read(|faults| DeleteLead {
            id: lead_id(&input.id, faults),
            expected_version,
        });
        let deleted = change(ctx, input.idempotency_key.as_deref(), command).await;
        let LeadId(id) = answer(ctx, deleted).flatten()?;
        Some(DeleteLeadPayload {
            deleted_lead_id: id.into(),
        })
    }

    /// Adds a tag; no error if the lead has it already. Errors: UNAUTHENTICATED, PERMISSION_DENIED,
    /// LEAD_NOT_FOUND, INVALID_DATA, CONFLICT, IDEMPOTENCY_CONFLICT.
    async fn add_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead, and the tag.")] input: TagInput,
    ) -> Option<AddTagPayload> {
        let change = TagChange {
            add: vec![input.tag],
            remove: vec![],
        };
        let expected_version = input.expected_version;
        let command = Attempt::read(|faults| TagLead {
            id: lead_id(&input.id, faults),
            expected_version,
            change,
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Removes a tag; no error if the lead does not have it. Errors: UNAUTHENTICATED, PERMISSION_DENIED,
    /// LEAD_NOT_FOUND, INVALID_DATA, CONFLICT, IDEMPOTENCY_CONFLICT.
    async fn remove_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead, and the tag.")] input: TagInput,
    ) -> Option<RemoveTagPayload> {
        let change = TagChange {
            add: vec![],
            remove: vec![input.tag],
        };
        let expected_version = input.expected_version;
        let command = Attempt::read(|faults| TagLead {
            id: lead_id(&input.id, faults),
            expected_version,
            change,
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Counts an attempted call, sets the last contact to now, and saves the note and the next
    /// follow-up, if given. Errors: UNAUTHENTICATED, PERMISSION_DENIED, LEAD_NOT_FOUND,
    /// INVALID_DATA, CONFLICT, IDEMPOTENCY_CONFLICT.
    async fn record_call_attempt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead, and the outcome of the call.")] input: RecordCallAttemptInput,
    ) -> Option<RecordCallAttemptPayload> {
        let command = Attempt::read(|faults| RecordCallAttempt {
            id: lead_id(&input.id, faults),
            expected_version: input.expected_version,
            note: input.note,
            next_follow_up: input.next_follow_up,
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Sets the score by hand; it stays until `rescoreLead`. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, LEAD_NOT_FOUND, INVALID_DATA, CONFLICT, IDEMPOTENCY_CONFLICT.
    async fn update_score(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead, and its score.")] input: UpdateScoreInput,
    ) -> Option<UpdateScorePayload> {
        let (expected_version, score) = (input.expected_version, Some(input.score));
        let command = Attempt::read(|faults| SetScore {
            id: lead_id(&input.id, faults),
            expected_version,
            score,
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Computes the score by the rules again. Errors: UNAUTHENTICATED, PERMISSION_DENIED,
    /// LEAD_NOT_FOUND, INVALID_DATA, CONFLICT, IDEMPOTENCY_CONFLICT.
    async fn rescore_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead.")] input: RescoreLeadInput,
    ) -> Option<RescoreLeadPayload> {
        let expected_version = input.expected_version;
        let command = Attempt::read(|faults| SetScore {
            id: lead_id(&input.id, faults),
            expected_version,
            score: None,
        });
        payload(ctx, input.idempotency_key, command).await
    }
}

async fn payload<C: Command<Answer = leads::Lead>, P: From<Option<Lead>>>(
    ctx: &Context<'_>,
    key: Option<String>,
    command: Attempt<C>,
) -> Option<P> {
    let lead = change(ctx, key.as_deref(), command).await;
    answer(ctx, lead).map(|lead| lead.map(Lead::from).into())
}

fn lead_id(id: &ID, faults: &mut FieldErrors) -> LeadId {
    LeadId(attempt::id("id", id, faults))
}
