use async_graphql::parser::types::Field;
use async_graphql::{Context, ID, Object, SimpleObject};

use crate::graphql::error::answer;
use crate::graphql::error_code::ErrorCode;
use crate::graphql::execute::raw_json::Leaf;
use crate::graphql::execute::sync_object::{FieldWriter, SyncObject};
use crate::graphql::loaders::Loaders;
use crate::graphql::objects::Lead;
use crate::service::leads::bulk::BulkRow;

/// The outcome of one row.
pub struct BulkRowResult(pub(super) BulkRow);

impl SyncObject for BulkRowResult {
    type Child = Lead;

    fn is_ready(&self, field: &Field) -> bool {
        field.name.node != "lead" || self.0.id.is_none()
    }

    fn writer(field: &str) -> Option<FieldWriter<Self>> {
        Some(match field {
            "index" => |row, json| (row.0.index as i64).write(json),
            "id" => |row, json| row.0.id.map(|id| id.0).write(json),
            _ => return None,
        })
    }
}

/// The outcome of one row.
#[Object]
impl BulkRowResult {
    /// The index of the row in the input, or in the selection, from 0.
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

    /// The error of the row; null if it succeeded.
    async fn error(&self) -> Option<RowError> {
        let error = self.0.error.clone()?;
        let fields = error.fields.into_iter();
        let fields = fields
            .map(|fault| fault.within("input"))
            .map(|fault| FieldError {
                field: fault.field,
                message: fault.message,
            })
            .collect();
        Some(RowError {
            code: error.code.into(),
            message: error.message,
            fields,
        })
    }
}

/// The error of a row.
#[derive(SimpleObject)]
pub struct RowError {
    /// The error code, as in `extensions.code` elsewhere.
    code: ErrorCode,
    /// The error message.
    message: String,
    /// With INVALID_DATA: the invalid fields of the row.
    fields: Vec<FieldError>,
}

/// An invalid field.
#[derive(SimpleObject)]
pub struct FieldError {
    /// The path of the field, from the argument on: `input.leads.3.email`.
    field: String,
    /// The error message.
    message: String,
}
