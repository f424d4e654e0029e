use async_graphql::{EmptySubscription, MergedObject, Request, Response, SchemaBuilder};

use crate::db::Db;
use crate::graphql::api_key::{ApiKeyMutation, ApiKeyQuery};
use crate::graphql::bulk::BulkMutation;
use crate::graphql::context::{Credentials, Settings};
use crate::graphql::documents::{Documents, Unusable};
use crate::graphql::lead::{LeadMutation, LeadQuery};
use crate::graphql::loaders::Lookup;
use crate::graphql::node::NodeQuery;
use crate::graphql::note::{NoteMutation, NoteQuery};
use crate::graphql::session::SessionMutation;
use crate::graphql::statistics::StatisticsQuery;
use crate::graphql::user::{UserMutation, UserQuery};
use crate::service::sessions::SessionKeys;
use crate::service::users::Directory;

/// Everything that can be read. Needs a token: `Authorization: Bearer <token>`, from `login`.
#[derive(MergedObject, Default)]
pub struct Query(
    LeadQuery,
    NoteQuery,
    StatisticsQuery,
    UserQuery,
    ApiKeyQuery,
    NodeQuery,
);

/// Everything that can be changed. Each change takes one argument, `input`, and is done fully or
/// not at all. Needs a token, except for `login`.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SessionMutation,
    LeadMutation,
    BulkMutation,
    NoteMutation,
    UserMutation,
    ApiKeyMutation,
);

type Types = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema over a database, ready to be asked.
#[derive(Clone)]
pub struct Schema {
    types: Types,
    db: Db,
    session_keys: SessionKeys,
    directory: Directory,
    documents: Documents,
}

/// How deep a query may nest; GraphiQL's introspection needs 15.
const DEEPEST: usize = 20;
/// How many fields a query may name, fragments expanded.
const MOST_FIELDS: usize = 2_000;

/// Makes the schema over a database.
pub fn build(db: Db, settings: Settings) -> Schema {
    let directory = Directory::new(db.clone());
    let session_keys = SessionKeys::new(db.clone());
    let types = types()
        .data(db.clone())
        .data(session_keys.clone())
        .data(directory.clone())
        .data(settings)
        .limit_depth(DEEPEST)
        .limit_complexity(MOST_FIELDS)
        .limit_directives(20)
        .finish();
    Schema {
        types,
        db,
        session_keys,
        directory,
        documents: Documents::default(),
    }
}

impl Schema {
    /// Parses the request's document, or finds it among those that were parsed before, unless it
    /// is made to harm: nothing else may be done with a request before.
    pub fn read(&self, request: &mut Request) -> Result<(), Unusable> {
        self.documents.read(request)
    }

    /// What sessions' tokens are signed with.
    pub fn session_keys(&self) -> &SessionKeys {
        &self.session_keys
    }

    /// Answers a request of whoever these credentials stand for.
    pub async fn execute(&self, request: Request, credentials: Credentials) -> Response {
        let mut request = request;
        if let Credentials::Actor { actor, .. } = &credentials {
            let lookup = Lookup {
                db: self.db.clone(),
                directory: self.directory.clone(),
                actor: actor.clone(),
            };
            request = request.data(lookup.loaders());
        }
        self.types.execute(request.data(credentials)).await
    }
}

/// The schema in the schema definition language, as `schema.graphql` has it.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_enum_items();
    let sdl = types().finish().sdl_with_options(options);
    format!("{}\n", sdl.trim_end())
}

fn types() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Types::build(Query::default(), Mutation::default(), EmptySubscription)
}
