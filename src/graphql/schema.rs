use std::sync::LazyLock;

use async_graphql::{EmptySubscription, ID, MergedObject, SchemaBuilder};
use chrono::{DateTime, Utc};

use crate::graphql::account_link::AccountLinkMutation;
use crate::graphql::api_key::{ApiKeyMutation, ApiKeyQuery};
use crate::graphql::bulk::BulkMutation;
use crate::graphql::lead::{LeadMutation, LeadQuery};
use crate::graphql::node::NodeQuery;
use crate::graphql::prepare::SchemaIndex;
use crate::graphql::session::SessionMutation;
use crate::graphql::statistics::StatisticsQuery;
use crate::graphql::timeline::{NoteMutation, TimelineQuery};
use crate::graphql::user::{UserMutation, UserQuery};

/// The queries. They need a token: `Authorization: Bearer <token>`, from `login`.
#[derive(MergedObject, Default)]
pub struct Query(
    LeadQuery,
    TimelineQuery,
    StatisticsQuery,
    UserQuery,
    ApiKeyQuery,
    NodeQuery,
);

/// The changes. Each takes one argument, `input`, and is done fully or not at all. They need a token,
/// except for `login` and `useLink`.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SessionMutation,
    LeadMutation,
    BulkMutation,
    NoteMutation,
    UserMutation,
    AccountLinkMutation,
    ApiKeyMutation,
);

/// The types and their resolvers.
pub(super) type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema's types, the same for as long as the program runs.
pub(super) fn index() -> &'static SchemaIndex {
    static INDEX: LazyLock<SchemaIndex> =
        LazyLock::new(|| SchemaIndex::of(&types().finish().sdl()));
    &INDEX
}

/// The schema in the schema definition language, as `schema.graphql` has it.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .include_specified_by();
    let sdl = types().finish().sdl_with_options(options);
    format!("{}\n", sdl.trim_end())
}

/// The types with our own descriptions of the built-in scalars: the library's are written for authors
/// of servers, or missing.
pub(super) fn types() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .override_output_type_description::<DateTime<Utc>>(
            "A moment, as RFC 3339 writes it: `2031-05-02T10:00:00+02:00`. Answers are in UTC.",
        )
        .override_output_type_description::<ID>(
            "What names an object: a UUID, or the name of a rule that comes with the program.",
        )
}
