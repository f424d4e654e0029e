use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use crate::graphql::context::{change, settings, uuid};
use crate::graphql::error::answer;
use crate::graphql::lead::{Lead, LeadFilter, LeadStatus, NewLeadInput, lead_filter};
use crate::graphql::loaders::Loaders;
use crate::service::leads::bulk::{self, Bulk, BulkResult, BulkRow, Selection};
use crate::service::leads::{
    AssignLeads, BulkArchive, BulkRestore, BulkTag, BulkUpdateStatus, CreateLeads, TagChange,
};
use crate::service::{Command, LeadId, Result, ServiceError, UserId};

/// The most malformed ids of a selection that are named.
const MOST_NAMED: usize = 100;

/// What becomes of the rows that could be changed when others cannot.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "bulk::BulkMode")]
pub enum BulkMode {
    /// They are changed.
    Partial,
    /// Nothing is changed: the others fail with NOT_APPLIED.
    AllOrNothing,
}

/// Leads to create in one go.
#[derive(InputObject)]
pub struct CreateLeadsInput {
    /// The leads, at most 1,000.
    leads: Vec<NewLeadInput>,
    /// What becomes of the good rows when others fail.
    #[graphql(default_with = "BulkMode::Partial")]
    mode: BulkMode,
    /// Only says what would happen; nothing is created.
    #[graphql(default)]
    dry_run: bool,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it gives the same answer and has no second effect.
    idempotency_key: Option<String>,
}

/// Declares the input of a bulk change: the selection and how to go about it, and what is its own.
macro_rules! bulk_input {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// These leads, each with a row in the result. Give either ids, or filter and search.
            ids: Option<Vec<ID>>,
            /// The leads that `leads(filter: …)` would list.
            filter: Option<LeadFilter>,
            /// The leads that match in `leads(search: …)`, not those whose names are only typed alike.
            search: Option<String>,
            $($(#[$field_doc])* $field: $type,)*
            /// What becomes of the good rows when others fail.
            #[graphql(default_with = "BulkMode::Partial")]
            mode: BulkMode,
            /// Only says what would happen; nothing is changed.
            #[graphql(default)]
            dry_run: bool,
            /// A name for this change, made up by the client, 1–200 characters: sent again within
            /// 24 hours it gives the same answer and has no second effect.
            idempotency_key: Option<String>,
        }

        impl $name {
            fn bulk(&mut self, ctx: &Context<'_>) -> Result<Bulk> {
                Ok(Bulk {
                    selection: selection(self.ids.take(), self.filter.take(), self.search.take())?,
                    mode: self.mode.into(),
                    dry_run: self.dry_run,
                    limit: settings(ctx).bulk_limit,
                })
            }
        }
    };
}

bulk_input! {
    /// Leads to move to one status.
    BulkUpdateStatusInput {
        /// The status they get.
        status: LeadStatus,
    }
}

bulk_input! {
    /// Leads to hand over.
    AssignLeadsInput {
        /// Who gets them: an active user; null or absent: nobody.
        user_id: Option<ID>,
    }
}

bulk_input! {
    /// Leads to tag.
    BulkTagInput {
        /// Tags to add.
        #[graphql(default)]
        add: Vec<String>,
        /// Tags to take away.
        #[graphql(default)]
        remove: Vec<String>,
    }
}

bulk_input! {
    /// Leads to put away.
    BulkArchiveInput {}
}

bulk_input! {
    /// Archived leads to take back. A filter must ask for them: `archived: ONLY`.
    BulkRestoreInput {}
}

/// What became of every row: `succeeded + failed = total`, always.
#[derive(SimpleObject)]
pub struct BulkPayload {
    /// How many rows there were.
    total: usize,
    /// How many were changed; of a dry run, how many would be.
    succeeded: usize,
    /// How many were not.
    failed: usize,
    /// Whether nothing was changed because it was a dry run.
    dry_run: bool,
    /// Every row; of a dry run every one that would fail and the first 20 others.
    results: Vec<BulkRowResult>,
}

/// What became of one row.
pub struct BulkRowResult(BulkRow);

/// What became of one row.
#[Object]
impl BulkRowResult {
    /// The row's place in the input, or in the selection, from 0.
    async fn index(&self) -> usize {
        self.0.index
    }

    /// The lead's id; null for a lead that was not created.
    async fn id(&self) -> Option<ID> {
        self.0.id.map(|id| id.0.into())
    }

    /// The lead as it is now, if there is one and the viewer may see it.
    async fn lead(&self, ctx: &Context<'_>) -> Option<Lead> {
        let lead = ctx.data_unchecked::<Loaders>().load_one(self.0.id?).await;
        answer(ctx, lead).flatten().map(Lead::from)
    }

    /// Why the row failed; null if it did not.
    async fn error(&self) -> Option<RowError> {
        let error = self.0.error.clone()?;
        let fields = error.fields.into_iter();
        let fields = fields
            .map(|f| FieldFault {
                field: f.field,
                message: f.message,
            })
            .collect();
        Some(RowError {
            code: error.code,
            message: error.message,
            fields,
        })
    }
}

/// Why a row failed.
#[derive(SimpleObject)]
pub struct RowError {
    /// The error code, as in `extensions.code` elsewhere.
    code: String,
    /// What went wrong.
    message: String,
    /// With INVALID_DATA: each fault of the row.
    fields: Vec<FieldFault>,
}

/// A fault of one field.
#[derive(SimpleObject)]
pub struct FieldFault {
    /// The field.
    field: String,
    /// What is wrong with it.
    message: String,
}

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
    ) -> Option<BulkPayload> {
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
        #[graphql(desc = "Which leads, and their new status.")] mut input: BulkUpdateStatusInput,
    ) -> Option<BulkPayload> {
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
        #[graphql(desc = "Which leads, and who gets them.")] mut input: AssignLeadsInput,
    ) -> Option<BulkPayload> {
        let to = input
            .user_id
            .take()
            .map(|id| uuid("userId", &id).map(UserId))
            .transpose();
        let command = together(to, input.bulk(ctx)).map(|(to, bulk)| AssignLeads { bulk, to });
        payload(ctx, input.idempotency_key, command).await
    }

    /// Adds tags to leads and takes others away. Errors: UNAUTHENTICATED, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT; what concerns a row stands in its row.
    async fn bulk_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads, and the tags.")] mut input: BulkTagInput,
    ) -> Option<BulkPayload> {
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
        #[graphql(desc = "Which leads.")] mut input: BulkArchiveInput,
    ) -> Option<BulkPayload> {
        let command = input.bulk(ctx).map(BulkArchive);
        payload(ctx, input.idempotency_key, command).await
    }

    /// Takes leads out of the archive, see `restoreLead`. Errors: UNAUTHENTICATED, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT; what concerns a row stands in its row.
    async fn bulk_restore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads.")] mut input: BulkRestoreInput,
    ) -> Option<BulkPayload> {
        let command = input.bulk(ctx).map(BulkRestore);
        payload(ctx, input.idempotency_key, command).await
    }
}

async fn payload<C: Command<Answer = BulkResult>>(
    ctx: &Context<'_>,
    key: Option<String>,
    command: Result<C>,
) -> Option<BulkPayload> {
    let result = answer(ctx, change(ctx, key.as_deref(), command).await)?;
    Some(BulkPayload {
        total: result.total,
        succeeded: result.succeeded,
        failed: result.failed,
        dry_run: result.dry_run,
        results: result.rows.into_iter().map(BulkRowResult).collect(),
    })
}

fn selection(
    ids: Option<Vec<ID>>,
    filter: Option<LeadFilter>,
    search: Option<String>,
) -> Result<Selection> {
    match (ids, filter.is_some() || search.is_some()) {
        (Some(ids), false) => lead_ids(&ids).map(Selection::Ids),
        (None, true) => Ok(Selection::Filter(Box::new(lead_filter(filter, search)?))),
        _ => Err(ServiceError::invalid(
            "ids",
            "must be given, or else filter or search",
        )),
    }
}

/// Errors: `InvalidData` that names the malformed ones, the first hundred of them.
fn lead_ids(ids: &[ID]) -> Result<Vec<LeadId>> {
    let (mut good, mut faults) = (Vec::with_capacity(ids.len()), Vec::new());
    for (index, id) in ids.iter().enumerate() {
        match uuid(&format!("ids.{index}"), id) {
            Ok(id) => good.push(LeadId(id)),
            Err(ServiceError::InvalidData(fault)) => faults.extend(fault),
            Err(other) => return Err(other),
        }
        if faults.len() == MOST_NAMED {
            break;
        }
    }
    if faults.is_empty() {
        Ok(good)
    } else {
        Err(ServiceError::InvalidData(faults))
    }
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
