//! Bulk changes, as the client sees them.

mod input;
mod payload;
mod result;
mod selection;

use async_graphql::{Context, Object};

use crate::graphql::bulk::input::{
    AssignLeadsInput, BulkArchiveInput, BulkRestoreInput, BulkTagInput, BulkUpdateStatusInput,
    CreateLeadsInput,
};
use crate::graphql::bulk::payload::{
    AssignLeadsPayload, BulkArchivePayload, BulkRestorePayload, BulkTagPayload,
    BulkUpdateStatusPayload, CreateLeadsPayload,
};
use crate::graphql::context::change;
use crate::graphql::error::answer;
use crate::service::leads::bulk::BulkResult;
use crate::service::leads::{
    AssignLeads, BulkArchive, BulkRestore, BulkTag, BulkUpdateStatus, CreateLeads, TagChange,
};
use crate::service::{Command, Result, ServiceError};

#[derive(Default)]
pub struct BulkMutation;

#[Object]
impl BulkMutation {
    /// Creates up to 1,000 leads, each for itself or all or none. Errors: UNAUTHENTICATED,
    /// INVALID_DATA for too many or an assignee that is no id, IDEMPOTENCY_CONFLICT; what else
    /// concerns a row stands in its row.
    async fn create_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new leads.")] input: CreateLeadsInput,
    ) -> Option<CreateLeadsPayload> {
        let leads: Result<Vec<_>> = input
            .leads
            .into_iter()
            .enumerate()
            .map(|(row, lead)| lead.new_lead(&format!("leads.{row}.")))
            .collect();
        let (mode, dry_run) = (input.mode.into(), input.dry_run);
        let command = leads.map(|leads| CreateLeads {
            leads,
            mode,
            dry_run,
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Moves leads to one status. Errors: UNAUTHENTICATED, INVALID_DATA for a selection above the
    /// limit, IDEMPOTENCY_CONFLICT; what concerns a row stands in its row.
    async fn bulk_update_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads, and their new status.")] input: BulkUpdateStatusInput,
    ) -> Option<BulkUpdateStatusPayload> {
        let status = input.status.into();
        let command = input
            .bulk(ctx)
            .map(|bulk| BulkUpdateStatus { bulk, status });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Hands leads to a user, or to nobody. For administrators, and for managers within their
    /// team. Errors: UNAUTHENTICATED, PERMISSION_DENIED, USER_NOT_FOUND, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT; what concerns a row stands in its row.
    async fn assign_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads, and who gets them.")] input: AssignLeadsInput,
    ) -> Option<AssignLeadsPayload> {
        let command =
            together(input.to.parse(), input.bulk(ctx)).map(|(to, bulk)| AssignLeads { bulk, to });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Adds tags to leads and takes others away. Errors: UNAUTHENTICATED, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT; what concerns a row stands in its row.
    async fn bulk_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads, and the tags.")] mut input: BulkTagInput,
    ) -> Option<BulkTagPayload> {
        let change = TagChange {
            add: std::mem::take(&mut input.add),
            remove: std::mem::take(&mut input.remove),
        };
        let command = input.bulk(ctx).map(|bulk| BulkTag { bulk, change });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Puts leads away, see `archiveLead`. Errors: UNAUTHENTICATED, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT; what concerns a row stands in its row.
    async fn bulk_archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads.")] input: BulkArchiveInput,
    ) -> Option<BulkArchivePayload> {
        let command = input.bulk(ctx).map(BulkArchive);
        payload(ctx, input.idempotency_key, command).await
    }

    /// Takes leads out of the archive, see `restoreLead`. Errors: UNAUTHENTICATED, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT; what concerns a row stands in its row.
    async fn bulk_restore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads.")] input: BulkRestoreInput,
    ) -> Option<BulkRestorePayload> {
        let command = input.bulk(ctx).map(BulkRestore);
        payload(ctx, input.idempotency_key, command).await
    }
}

async fn payload<C: Command<Answer = BulkResult>, P: From<BulkResult>>(
    ctx: &Context<'_>,
    key: Option<String>,
    command: Result<C>,
) -> Option<P> {
    let result = answer(ctx, change(ctx, key.as_deref(), command).await);
    result.flatten().map(P::from)
}

/// What is wrong with either, where both can be told before anything is done.
fn together<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    match (one, other) {
        (Err(ServiceError::InvalidData(mut faults)), Err(ServiceError::InvalidData(more))) => {
            faults.extend(more);
            Err(ServiceError::InvalidData(faults))
        }
        (one, other) => Ok((one?, other?)),
    }
}
