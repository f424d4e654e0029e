use std::any::TypeId;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{
    EmptySubscription, ID, IntrospectionMode, MergedObject, Positioned, Request, Response,
    SchemaBuilder, ServerError, ValidationMode,
};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};

use crate::db::{Db, DbError};
use crate::graphql::api_key::{ApiKeyMutation, ApiKeyQuery};
use crate::graphql::bulk::BulkMutation;
use crate::graphql::context::{ClientAddress, Credentials, RequestId, Settings};
use crate::graphql::error::{defect, transport_error};
use crate::graphql::execute::answer_size::{AnswerSize, Counting, LargeAnswers};
use crate::graphql::execute::complete;
use crate::graphql::execute::normalize_response::normalize_response;
use crate::graphql::execute::truncate_errors::truncate_errors;
use crate::graphql::lead::{LeadMutation, LeadQuery};
use crate::graphql::loaders::Lookup;
use crate::graphql::node::NodeQuery;
use crate::graphql::prepare::cost::Cost;
use crate::graphql::prepare::document_cache::{DocumentCache, PreparedDocument, Unusable, asked};
use crate::graphql::prepare::limits;
use crate::graphql::prepare::operation::{Operation, chosen};
use crate::graphql::prepare::row_costs::RowCosts;
use crate::graphql::prepare::trusted::{Faulty, Trusted};
use crate::graphql::prepare::{
    Collector, SchemaIndex, Variables, coerce_variables, executable, validate,
};
use crate::graphql::session::SessionMutation;
use crate::graphql::statistics::StatisticsQuery;
use crate::graphql::timeline::{NoteMutation, TimelineQuery};
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
    db: Db,
    session_keys: SessionKeys,
    directory: Directory,
    documents: DocumentCache,
    large_answers: LargeAnswers,
    request_timeout: Duration,
}

/// The answer to a request, and its bytes where it was executed: whoever sends it holds on to them
/// until it is sent.
pub struct Answered {
    /// The answer.
    pub response: Response,
    /// Its size.
    pub size: Option<Arc<AnswerSize>>,
}

impl From<Response> for Answered {
    fn from(response: Response) -> Self {
        let size = None;
        Self { response, size }
    }
}

/// Makes the schema over a database.
pub fn build(db: Db, settings: Settings) -> Schema {
    let directory = Directory::default();
    let session_keys = SessionKeys::new(db.clone());
    let (limits, request_timeout) = (settings.limits.clone(), settings.request_timeout);
    let large_answers = LargeAnswers::new(limits.answer_bytes);
    let types = types()
        .extension(Counting)
        .data(session_keys.clone())
        .data(directory.clone())
        .data(settings)
        // DocumentCache are valid by then.
        .validation_mode(ValidationMode::Fast)
        // Its own measure of what the guard has measured by then.
        .limit_recursive_depth(limits::NESTING + 1)
        .finish();
    Schema {
        types,
        db,
        session_keys,
        directory,
        documents: DocumentCache::new(limits),
        large_answers,
        request_timeout,
    }
}

impl Schema {
    /// Parses the request's document, or finds it among those that were parsed before, unless it
    /// is made to harm: nothing else may be done with a request before.
    pub fn read(&self, request: &mut Request) -> Result<(), Unusable> {
        self.documents.read(request)
    }

    /// The operation of a request; nothing if its document cannot be parsed or has no such operation.
    pub fn operation(&self, request: &Request) -> Option<Arc<Operation>> {
        asked(request)?.known.operation(request)
    }

    /// The keys that sessions' tokens are signed with.
    pub fn session_keys(&self) -> &SessionKeys {
        &self.session_keys
    }

    /// When a request that comes now is given up.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.request_timeout
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
    ) -> Result<Answered, DbError> {
        let about = About::of(&request);
        let (request, variables) = match prepared(request, &about) {
            Ok(prepared) => prepared,
            Err(errors) => {
                let answer = Response::from_errors(errors);
                return Ok(self.finished(&about, &Variables::new(), answer, None));
            }
        };
        let deadline = self.deadline();
        let premise = credentials.premise();
        let party = credentials.party(about.address);
        let (db, waiting) = self.db.for_request(party, Some(deadline), premise);
        let db = match about.is_change() {
            true => db.reading_until_the_deadline(),
            false => db,
        };
        let size = self
            .large_answers
            .answer(party, deadline, about.is_change());
        let size = Arc::new(size);
        let request = self.with_loaders(request, &db, &credentials, &size);
        let request = request.data(db.clone()).data(credentials);
        let request = request.data(Arc::clone(&size));
        let execution = self.types.execute(request);
        let mut execution = pin!(AssertUnwindSafe(execution).catch_unwind());
        // Where this future is dropped, this is dropped before the execution is.
        let _waiting = waiting;
        let until = match about.is_change() {
            // A change ends by itself, and says what became of it.
            true => deadline + GRACE,
            false => deadline,
        };
        let outcome = match timeout_at(until, &mut execution).await {
            Ok(outcome) => outcome,
            Err(_) => return Ok(about.failed(about.late()).into()),
        };
        // Also where nothing that was asked for needed the database.
        let confirmed = timeout_at(until, db.confirm()).await;
        confirmed.unwrap_or(Err(DbError::Late))?;
        let answer = outcome.unwrap_or_else(|panic| about.failed(defect(panic.as_ref())));
        Ok(self.finished(&about, &variables, answer, Some(size)))
    }

    /// The request with the loaders of whoever asks.
    fn with_loaders(
        &self,
        request: Request,
        db: &Db,
        credentials: &Credentials,
        size: &Arc<AnswerSize>,
    ) -> Request {
        let Credentials::Actor { actor, .. } = credentials else {
            return request;
        };
        let lookup = Lookup {
            db: db.clone(),
            directory: self.directory.clone(),
            actor: actor.clone(),
            size: Arc::clone(size),
        };
        request.data(lookup.loaders())
    }

    /// The answer in the form that a client is promised.
    fn finished(
        &self,
        about: &About,
        variables: &Variables,
        answer: Response,
        size: Option<Arc<AnswerSize>>,
    ) -> Answered {
        let mut answer = normalize_response(about.is_change(), answer);
        let limits = self.documents.limits();
        let mut untold = 0;
        if let Some((document, operation)) = about.operation() {
            let collector = Collector {
                document,
                variables,
                index: index(),
            };
            let left_out = complete(collector, &operation.node, &mut answer.data, limits.errors);
            untold = left_out.count - left_out.paths.len();
            let why = size.as_ref().and_then(|size| size.check().err());
            if let Some(why) = why.filter(|_| left_out.count > 0) {
                let error = about.error(&why);
                answer
                    .errors
                    .extend(left_out.paths.into_iter().map(|path| ServerError {
                        path,
                        ..error.clone()
                    }));
            }
        }
        truncate_errors(&mut answer, limits, untold);
        let response = match &about.cost {
            Some((cost, rows)) => {
                let requested = cost.requested + rows.taken();
                answer.extension("cost", Cost { requested, ..*cost }.into())
            }
            None => answer,
        };
        Answered { response, size }
    }

    /// Answers only these documents from now on, each with the name it has for the operator.
    /// Errors: the first one that cannot be answered, and why.
    pub fn trust(&mut self, documents: Vec<(String, String)>) -> Result<(), Faulty> {
        let mut trusted = Trusted::default();
        for (file, text) in documents {
            let known = trusted.add(&file, &text, self.documents.limits())?;
            if let Some(error) = validate(&known.document, index(), true).into_iter().next() {
                return Err(Faulty::new(&file, error));
            }
        }
        self.documents.trust(trusted);
        Ok(())
    }
}

/// The request as the library is given it: with a document that is valid and has no variables.
/// Errors: what is wrong with the document, or with what is given for its variables.
fn prepared(request: Request, about: &About) -> Result<(Request, Variables), Vec<ServerError>> {
    let mut request = request;
    let Some(known) = &about.document else {
        return Ok((request, Variables::new()));
    };
    // Whom the schema is hidden from is told no names of it either.
    let suggests = request.introspection_mode == IntrospectionMode::Enabled;
    if !known.is_valid() {
        let errors = validate(&known.document, index(), suggests);
        if !errors.is_empty() {
            return Err(errors);
        }
        known.found_valid();
    }
    let given = std::mem::take(&mut request.variables);
    let (document, variables) = match about.operation() {
        Some((document, operation)) if !known.is_plain => {
            let variables = coerce_variables(&operation.node, given, index(), suggests)?;
            let collector = Collector {
                document,
                variables: &variables,
                index: index(),
            };
            let document = executable(collector, operation)?;
            request.operation_name = None;
            (document, variables)
        }
        _ => (known.document.clone(), Variables::new()),
    };
    request.set_parsed_query(document);
    Ok((request, variables))
}

/// The wait for a change after its deadline: longer than it takes to end itself, unless
/// PostgreSQL does not answer while the answer is read.
const GRACE: Duration = Duration::from_secs(3);

/// The data known of a request before it is executed.
struct About {
    address: Option<IpAddr>,
    id: Option<RequestId>,
    cost: Option<(Cost, Arc<RowCosts>)>,
    operation: Option<Arc<Operation>>,
    /// The name of the operation, as the client sent it.
    name: Option<String>,
    document: Option<Arc<PreparedDocument>>,
}

impl About {
    fn of(request: &Request) -> Self {
        let asked = asked(request);
        Self {
            address: datum::<ClientAddress>(request).and_then(|address| address.0),
            id: datum(request).cloned(),
            cost: asked.map(|asked| (asked.cost, Arc::clone(&asked.row_costs))),
            operation: asked.and_then(|asked| asked.known.operation(request)),
            name: request.operation_name.clone(),
            document: asked.map(|asked| Arc::clone(&asked.known)),
        }
    }

    /// The operation that is executed, if the document has it.
    fn operation(&self) -> Option<(&ExecutableDocument, &Positioned<OperationDefinition>)> {
        let document = &self.document.as_ref()?.document;
        Some((document, chosen(document, self.name.as_deref())?))
    }

    fn is_change(&self) -> bool {
        let operation = self.operation.as_ref();
        operation.is_some_and(|operation| operation.kind == OperationType::Mutation)
    }

    /// Why an execution is not waited for.
    fn late(&self) -> ServiceError {
        ServiceError::TimedOut(match self.is_change() {
            true => "it is not known whether the change was made, because the database",
            false => "the request",
        })
    }

    /// The answer where none came of the execution.
    fn failed(&self, error: ServiceError) -> Response {
        Response::from_errors(vec![self.error(&error)])
    }

    fn error(&self, error: &ServiceError) -> ServerError {
        let nameless = RequestId(String::new());
        let id = self.id.as_ref().unwrap_or(&nameless);
        transport_error(error, id)
    }
}

fn datum<T: Send + Sync + 'static>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}

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

/// The library describes its scalars for those who write servers, or not at all.
fn types() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Types::build(Query::default(), Mutation::default(), EmptySubscription)
        .override_output_type_description::<DateTime<Utc>>(
            "A moment, as RFC 3339 writes it: `2031-05-02T10:00:00+02:00`. Answers are in UTC.",
        )
        .override_output_type_description::<ID>(
            "What names an object: a UUID, or the name of a rule that comes with the program.",
        )
}
