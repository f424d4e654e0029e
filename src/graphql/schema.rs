use std::any::TypeId;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{
    EmptySubscription, ID, Json, MergedObject, Request, Response, SchemaBuilder, ServerError,
    ValidationMode, Value,
};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};

use crate::db::{Db, DbError};
use crate::graphql::api_key::{ApiKeyMutation, ApiKeyQuery};
use crate::graphql::bulk::BulkMutation;
use crate::graphql::coercion::{StrictScalars, settle};
use crate::graphql::context::{Credentials, RequestId, Settings};
use crate::graphql::cost::Cost;
use crate::graphql::documents::{Asked, Documents, Known, Unusable};
use crate::graphql::error::{defect, transport_error};
use crate::graphql::lead::{LeadMutation, LeadQuery};
use crate::graphql::loaders::Lookup;
use crate::graphql::node::NodeQuery;
use crate::graphql::operation::Operation;
use crate::graphql::session::SessionMutation;
use crate::graphql::shape::Shape;
use crate::graphql::shorten::shorten;
use crate::graphql::statistics::StatisticsQuery;
use crate::graphql::timeline::{NoteMutation, TimelineQuery};
use crate::graphql::trusted::{Faulty, Trusted};
use crate::graphql::user::{UserMutation, UserQuery};
use crate::service::ServiceError;
use crate::service::sessions::SessionKeys;
use crate::service::users::Directory;

/// Everything that can be read. Needs a token: `Authorization: Bearer <token>`, from `login`.
#[derive(MergedObject, Default)]
pub struct Query(
    LeadQuery,
    TimelineQuery,
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
    /// The same for documents that were found to be valid.
    of_valid: Types,
    db: Db,
    session_keys: SessionKeys,
    directory: Directory,
    documents: Documents,
    request_timeout: Duration,
}

/// Makes the schema over a database.
pub fn build(db: Db, settings: Settings) -> Schema {
    let directory = Directory::new(db.clone());
    let session_keys = SessionKeys::new(db.clone());
    let (limits, request_timeout) = (settings.limits.clone(), settings.request_timeout);
    let types = |mode| {
        types()
            .data(session_keys.clone())
            .data(directory.clone())
            .data(settings.clone())
            .validation_mode(mode)
            // Its own measure of what the guard has measured by then.
            .limit_recursive_depth(limits.nesting + 1)
            .finish()
    };
    Schema {
        types: types(ValidationMode::Strict),
        of_valid: types(ValidationMode::Fast),
        db,
        session_keys,
        directory,
        documents: Documents::new(limits),
        request_timeout,
    }
}

impl Schema {
    /// Parses the request's document, or finds it among those that were parsed before, unless it
    /// is made to harm: nothing else may be done with a request before.
    pub fn read(&self, request: &mut Request) -> Result<(), Unusable> {
        self.documents.read(request)
    }

    /// What a request asks for; nothing if its document cannot be parsed or has no such operation.
    pub fn operation(&self, request: &Request) -> Option<Arc<Operation>> {
        datum::<Asked>(request)?.known.operation(request)
    }

    /// What sessions' tokens are signed with.
    pub fn session_keys(&self) -> &SessionKeys {
        &self.session_keys
    }

    /// Answers a request of whoever these credentials stand for. A defect fails the request alone,
    /// and the deadline ends it: a query at once, a change once it is undone or done.
    ///
    /// Errors: `Outdated` if the premise of the credentials holds no longer, and `Unavailable` if
    /// the database cannot be asked about it; nothing was changed then.
    pub async fn execute(
        &self,
        request: Request,
        credentials: Credentials,
    ) -> Result<Response, DbError> {
        let about = About::of(&request);
        if let Some(operation) = &about.operation
            && let Err(error) = operation.check_variables(&request.variables)
        {
            return Ok(Response::from_errors(vec![error]));
        }
        let deadline = Instant::now() + self.request_timeout;
        let premise = credentials.premise();
        let (db, waiting) = self.db.for_request(Some(deadline), premise);
        let db = match about.is_change() {
            true => db.reading_until_the_deadline(),
            false => db,
        };
        let request = self.with_loaders(request, &db, &credentials);
        let request = request.data(db.clone()).data(credentials);
        let execution = self.types_for(&about).execute(request);
        let mut execution = pin!(AssertUnwindSafe(execution).catch_unwind());
        // Where this future is dropped, this is dropped before the execution is.
        let _waiting = waiting;
        let outcome = if about.is_change() {
            execution.await
        } else {
            match timeout_at(deadline, &mut execution).await {
                Ok(outcome) => outcome,
                Err(_) => return Ok(about.failed(ServiceError::TimedOut("the request"))),
            }
        };
        // Also where nothing that was asked for needed the database.
        db.confirm().await?;
        let answer = outcome.unwrap_or_else(|panic| about.failed(defect(panic.as_ref())));
        Ok(self.finished(&about, answer))
    }

    /// The request with the loaders of whoever asks.
    fn with_loaders(&self, request: Request, db: &Db, credentials: &Credentials) -> Request {
        let Credentials::Actor { actor, .. } = credentials else {
            return request;
        };
        let lookup = Lookup {
            db: db.clone(),
            directory: self.directory.clone(),
            actor: actor.clone(),
        };
        request.data(lookup.loaders())
    }

    fn types_for(&self, about: &About) -> &Types {
        match &about.document {
            Some(document) if document.is_valid() => &self.of_valid,
            _ => &self.types,
        }
    }

    /// The answer in the form that a client is promised.
    fn finished(&self, about: &About, answer: Response) -> Response {
        if let Some(document) = &about.document
            && answer.data != Value::Null
        {
            document.found_valid();
        }
        let mut answer = settle(about.is_change(), answer);
        shorten(&mut answer, self.documents.limits());
        match about.cost {
            Some(cost) => answer.extension("cost", cost.into()),
            None => answer,
        }
    }

    /// Answers only these documents from now on, each with the name it has for the operator.
    /// Errors: the first one that cannot be answered, and why.
    pub async fn trust(&mut self, documents: Vec<(String, String)>) -> Result<(), Faulty> {
        let mut trusted = Trusted::default();
        for (file, text) in documents {
            trusted.add(&file, &text, self.documents.limits())?;
            self.validate(text)
                .await
                .map_err(|error| Faulty::new(&file, error))?;
        }
        self.documents.trust(trusted);
        Ok(())
    }

    /// Has a document validated and nothing more, by asking for an operation that it has not.
    async fn validate(&self, text: String) -> Result<(), ServerError> {
        let nothing = "validated";
        let mut request = Request::new(text);
        request.operation_name = Some(nothing.to_owned());
        let answer = self.types.execute(request).await;
        let is_expected =
            |error: &ServerError| error.message == format!("Unknown operation named \"{nothing}\"");
        match answer.errors.into_iter().find(|error| !is_expected(error)) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// What is known of a request before it is executed.
struct About {
    id: Option<RequestId>,
    cost: Option<Cost>,
    operation: Option<Arc<Operation>>,
    /// The document, if validation is about that alone.
    document: Option<Arc<Known>>,
}

impl About {
    fn of(request: &Request) -> Self {
        let asked = datum::<Asked>(request);
        Self {
            id: datum(request).cloned(),
            cost: asked.map(|asked| asked.cost),
            operation: asked.and_then(|asked| asked.known.operation(request)),
            document: asked
                .map(|asked| Arc::clone(&asked.known))
                .filter(|document| document.stands_alone(&request.variables)),
        }
    }

    fn is_change(&self) -> bool {
        let operation = self.operation.as_ref();
        operation.is_some_and(|operation| operation.kind == OperationType::Mutation)
    }

    /// The answer where none came of the execution.
    fn failed(&self, error: ServiceError) -> Response {
        let nameless = RequestId(String::new());
        let id = self.id.as_ref().unwrap_or(&nameless);
        Response::from_errors(vec![transport_error(&error, id)])
    }
}

fn datum<T: Send + Sync + 'static>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}

/// The schema's shape, the same for as long as the program runs.
pub(super) fn shape() -> &'static Shape {
    static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::of(&types().finish().sdl()));
    &SHAPE
}

/// The schema in the schema definition language, as `schema.graphql` has it.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
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
        .override_output_type_description::<ID>(
            "What names an object: a UUID, or the name of a rule that comes with the program.",
        )
        .override_output_type_description::<Json<()>>(
            "Any JSON value: an object, a list, a string, a number, true, false or null.",
        )
}
