//! Bulk changes, as the client sees them.

mod input;
mod payload;
mod result;
mod selection;

use async_graphql::{Context, Object};

use crate::graphql::attempt::{self, Attempt};
use crate::graphql::bulk::input::{
    AssignLeadsInput, BulkArchiveInput, BulkRestoreInput, BulkTagInput, BulkUpdateStatusInput,
    CreateLeadsInput,
};
use crate::graphql::bulk::payload::{
    AssignLeadsPayload, BulkArchivePayload, BulkOutcome, BulkRestorePayload, BulkTagPayload,
    BulkUpdateStatusPayload, CreateLeadsPayload,
};
use crate::graphql::context::{change, most_rows, take_rows};
use crate::graphql::error::answer;
use crate::graphql::lead::NewLeadInput;
use crate::service::leads::bulk::BulkResult;
use crate::service::leads::{
    AssignLeads, BulkArchive, BulkRestore, BulkTag, BulkUpdateStatus, CreateLeads, TagChange,
};
use crate::service::{Command, ServiceError};

#[derive(Default)]
pub struct BulkMutation;

#[Object]
impl BulkMutation {
    /// Creates up to 1,000 leads, row by row or all or none (`mode`). Errors: UNAUTHENTICATED,
    /// INVALID_DATA for too many, IDEMPOTENCY_CONFLICT; the error of a row is in its row.
    async fn create_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new leads.")] input: CreateLeadsInput,
    ) -> Option<CreateLeadsPayload> {
        let leads = input.leads.into_iter();
        let command = Attempt::read(|_| CreateLeads {
            leads: leads.map(NewLeadInput::new_lead).collect(),
            mode: input.mode.into(),
            dry_run: input.dry_run,
            most_rows: most_rows(ctx),
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Moves leads to one status. Errors: UNAUTHENTICATED, INVALID_DATA for a selection above the
    /// limit, IDEMPOTENCY_CONFLICT; the error of a row is in its row.
    async fn bulk_update_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The leads, and their new status.")] input: BulkUpdateStatusInput,
    ) -> Option<BulkUpdateStatusPayload> {
        let status = input.status.into();
        let command = Attempt::read(|faults| BulkUpdateStatus {
            bulk: input.bulk(ctx, faults),
            status,
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Assigns leads to a user, or to nobody. For administrators, and for managers within their
    /// team. Errors: UNAUTHENTICATED, PERMISSION_DENIED, USER_NOT_FOUND, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT; the error of a row is in its row.
    async fn assign_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The leads, and their new assignee.")] input: AssignLeadsInput,
    ) -> Option<AssignLeadsPayload> {
        let command = Attempt::read(|faults| AssignLeads {
            bulk: input.bulk(ctx, faults),
            to: attempt::part(input.to.parse(), faults),
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Adds tags to leads and removes others. Errors: UNAUTHENTICATED, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT; the error of a row is in its row.
    async fn bulk_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The leads, and the tags.")] mut input: BulkTagInput,
    ) -> Option<BulkTagPayload> {
        let change = TagChange {
            add: std::mem::take(&mut input.add),
            remove: std::mem::take(&mut input.remove),
        };
        let command = Attempt::read(|faults| BulkTag {
            bulk: input.bulk(ctx, faults),
            change,
        });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Archives leads, see `archiveLead`. Errors: UNAUTHENTICATED, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT; the error of a row is in its row.
    async fn bulk_archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The leads.")] input: BulkArchiveInput,
    ) -> Option<BulkArchivePayload> {
        let command = Attempt::read(|faults| BulkArchive(input.bulk(ctx, faults)));
        payload(ctx, input.idempotency_key, command).await
    }

    /// Restores archived leads, see `restoreLead`. Errors: UNAUTHENTICATED, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT; the error of a row is in its row.
    async fn bulk_restore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The leads.")] input: BulkRestoreInput,
    ) -> Option<BulkRestorePayload> {
        let command = Attempt::read(|faults| BulkRestore(input.bulk(ctx, faults)));
        payload(ctx, input.idempotency_key, command).await
    }
}

async fn payload<C: Command<Answer = BulkResult>, P: From<BulkOutcome>>(
    ctx: &Context<'_>,
    key: Option<String>,
    command: Attempt<C>,
) -> Option<P> {
    let result = answer(ctx, change(ctx, key.as_deref(), command).await).flatten()?;
    let (selected, most) = (result.rows.len(), most_rows(ctx));
    // A repeated key returns what was done, even if more fields are selected than at first.
    let rows = match selected <= most {
        true => {
            take_rows(ctx, selected);
            Ok(())
        }
        false => Err(ServiceError::TooManyRows { selected, most }),
    };
    Some(P::from(BulkOutcome { result, rows }))
}
