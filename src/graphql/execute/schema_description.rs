//! The description of the schema, where whoever opens it in a tool begins to read. The library has no
//! setting for it: introspection answers a sentence of its own, which this replaces.

use std::sync::Arc;

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo,
};
use async_graphql::{ServerResult, Value, async_trait::async_trait};

/// The description, as introspection and the schema definition language have it.
pub(in crate::graphql) const DESCRIPTION: &str = "\
Leads, from the first contact to the customer.

Sign in with `login`, and send its token with every later request: `Authorization: Bearer <token>`. Lists, counts
and statistics have what the viewer may see and nothing else. Lists are Relay connections of at most 100 rows a page.
Every error has a code in `extensions.code`: see `ErrorCode`. `extensions.cost` shows what a query cost.";

/// Answers `__schema { description }`.
pub(in crate::graphql) struct SchemaDescription;

impl ExtensionFactory for SchemaDescription {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for SchemaDescription {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if info.parent_type == "__Schema" && info.name == "description" {
            return Ok(Some(Value::from(DESCRIPTION)));
        }
        next.run(ctx, info).await
    }
}
