use async_graphql::{EmptySubscription, MergedObject};

use crate::db::Db;
use crate::graphql::bulk::BulkMutation;
use crate::graphql::context::Settings;
use crate::graphql::lead::{LeadMutation, LeadQuery};
use crate::graphql::node::NodeQuery;
use crate::graphql::note::{NoteMutation, NoteQuery};
use crate::graphql::session::SessionMutation;
use crate::graphql::statistics::StatisticsQuery;
use crate::graphql::user::{UserMutation, UserQuery};

/// Everything that can be read. Needs a token: `Authorization: Bearer <token>`, from `login`.
#[derive(MergedObject, Default)]
pub struct Query(LeadQuery, NoteQuery, StatisticsQuery, UserQuery, NodeQuery);

/// Everything that can be changed. Each change takes one argument, `input`, and is done fully or
/// not at all. Needs a token, except for `login`.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SessionMutation,
    LeadMutation,
    BulkMutation,
    NoteMutation,
    UserMutation,
);

/// The schema, ready to be asked.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// How deep a query may nest; GraphiQL's introspection needs 15.
const DEEPEST: usize = 20;
/// How many fields a query may name, fragments expanded.
const MOST_FIELDS: usize = 2_000;

/// Makes the schema over a database.
pub fn build(db: Db, settings: Settings) -> Schema {
    types()
        .data(db)
        .data(settings)
        .limit_depth(DEEPEST)
        .limit_complexity(MOST_FIELDS)
        .limit_directives(20)
        .finish()
}

/// The schema in the schema definition language, as `schema.graphql` has it.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_enum_items();
    let sdl = types().finish().sdl_with_options(options);
    format!("{}\n", sdl.trim_end())
}

fn types() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
}
