use std::sync::Arc;

use async_graphql::{EmptySubscription, ID, Json, MergedObject, Request, Response, SchemaBuilder};
use chrono::{DateTime, Utc};

use crate::db::Db;
use crate::graphql::bulk::BulkMutation;
use crate::graphql::coercion::{StrictScalars, check_variables, settle};
use crate::graphql::context::{Credentials, Settings};
use crate::graphql::documents::{Documents, Unusable};
use crate::graphql::lead::{LeadMutation, LeadQuery};
use crate::graphql::loaders::Lookup;
use crate::graphql::node::NodeQuery;
use crate::graphql::note::{NoteMutation, NoteQuery};
use crate::graphql::operation::{Operation, RootFields};
use crate::graphql::session::SessionMutation;
use crate::graphql::statistics::StatisticsQuery;
use crate::graphql::user::{UserMutation, UserQuery};
use crate::service::users::Directory;

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

type Types = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema over a database, ready to be asked.
#[derive(Clone)]
pub struct Schema {
    types: Types,
    db: Db,
    directory: Directory,
    documents: Documents,
    roots: Arc<RootFields>,
}

/// How deep a query may nest; GraphiQL's introspection needs 15.
const DEEPEST: usize = 20;
/// How many fields a query may name, fragments expanded.
const MOST_FIELDS: usize = 2_000;

/// Makes the schema over a database.
pub fn build(db: Db, settings: Settings) -> Schema {
    let directory = Directory::new(db.clone());
    let types = types()
        .data(db.clone())
        .data(directory.clone())
        .data(settings)
        .limit_depth(DEEPEST)
        .limit_complexity(MOST_FIELDS)
        .limit_directives(20)
        .finish();
    Schema {
        types,
        db,
        directory,
        documents: Documents::default(),
        roots: Arc::new(RootFields::of::<Query, Mutation>()),
    }
}

impl Schema {
    /// Parses the request's document, or finds it among those that were parsed before, unless it
    /// is made to harm: nothing else may be done with a request before.
    pub fn read(&self, request: &mut Request) -> Result<(), Unusable> {
        self.documents.read(request)
    }

    /// What a request asks for; nothing if its document cannot be parsed or has no such operation.
    pub fn operation(&self, request: &mut Request) -> Option<Operation> {
        self.roots.operation(request)
    }

    /// Answers a request of whoever these credentials stand for.
    pub async fn execute(&self, request: Request, credentials: Credentials) -> Response {
        let mut request = request;
        let operation = match check_variables(&mut request) {
            Ok(operation) => operation,
            Err(error) => return Response::from_errors(vec![error]),
        };
        if let Credentials::Actor { actor, .. } = &credentials {
            let lookup = Lookup {
                db: self.db.clone(),
                directory: self.directory.clone(),
                actor: actor.clone(),
            };
            request = request.data(lookup.loaders());
        }
        settle(
            operation,
            self.types.execute(request.data(credentials)).await,
        )
    }
}

/// The schema in the schema definition language, as `schema.graphql` has it.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_enum_items()
        .include_specified_by();
    let sdl = types().finish().sdl_with_options(options);
    format!("{}\n", sdl.trim_end())
}

/// The library describes its scalars for those who write servers, or not at all.
fn types() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Types::build(Query::default(), Mutation::default(), EmptySubscription)
        .directive(StrictScalars)
        .override_output_type_description::<DateTime<Utc>>(
            "A moment, as RFC 3339 writes it: `2031-05-02T10:00:00+02:00`. Answers are in UTC.",
        )
        .override_output_type_description::<ID>("What names an object: a UUID.")
        .override_output_type_description::<Json<()>>(
            "Any JSON value: an object, a list, a string, a number, true, false or null.",
        )
}
