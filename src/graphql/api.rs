//! The entry point of GraphQL: takes a request and its caller, and returns the answer.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{IntrospectionMode, Response, ServerError, ValidationMode};
use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span, debug_span, field};

use crate::db::{Db, DbError, RequestDb};
use crate::graphql::answer::{Answer, refuse_introspection};
use crate::graphql::context::{ClientAddress, Credentials, RequestId, Settings};
use crate::graphql::error::{defect, mark_invalid, transport_error};
use crate::graphql::execute::answer_size::{AnswerSize, Counting, LargeAnswers};
use crate::graphql::execute::normalize_response::{complete, normalize_response, truncate_errors};
use crate::graphql::loaders::Lookup;
use crate::graphql::prepare::document_cache::DocumentCache;
use crate::graphql::prepare::trusted::Trusted;
use crate::graphql::prepare::{
    Collector, InvalidTrustedDocument, Operation, Parameters, PreparedRequest, RowCosts, Unusable,
    Variables, coerce_variables, executable, limits,
};
use crate::graphql::schema::{Schema, index, types};
use crate::service::sessions::SignInPolicy;
use crate::service::users::{UserCache, UserRole};
use crate::service::{Result, ServiceError};

/// The wait for a change after its deadline: longer than it takes to end itself, unless
/// PostgreSQL does not answer while the answer is read.
const GRACE: Duration = Duration::from_secs(3);

/// The GraphQL API over a database. Clones share its caches.
#[derive(Clone)]
pub struct Api {
    schema: Schema,
    db: Db,
    sign_in: SignInPolicy,
    user_cache: UserCache,
    documents: DocumentCache,
    large_answers: LargeAnswers,
    request_timeout: Duration,
    introspection_for_all: bool,
}

/// A request, as a transport hands it over.
#[derive(Debug)]
pub struct Request {
    /// The parameters, as the client sent them.
    pub parameters: Parameters,
    /// Names it in the log and in errors.
    pub id: RequestId,
    /// The address that it comes from, if that is known.
    pub client_address: Option<IpAddr>,
    /// Refuses changes, because they must not come this way.
    pub queries_only: bool,
}

/// The caller of a request. The transport knows how to authenticate it.
pub trait Caller: Send {
    /// Authenticates the caller. `operation` is the requested one, if the document has it.
    fn authenticate(
        &mut self,
        operation: Option<&Arc<Operation>>,
        freshness: Freshness,
    ) -> impl Future<Output = Result<Credentials>> + Send;
}

/// The age that the authentication of a caller may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It may be cached: it is checked before anything is answered.
    Cached,
    /// It must be looked up: the cached authentication was outdated.
    LookedUp,
}

impl Api {
    /// The API over a database.
    pub fn new(db: Db, settings: Settings) -> Self {
        let user_cache = UserCache::default();
        let sign_in = settings.sign_in;
        let limits = settings.limits.clone();
        let (request_timeout, introspection_for_all) =
            (settings.request_timeout, settings.introspection_for_all);
        let large_answers = LargeAnswers::new(limits.answer_bytes);
        let schema = types()
            .extension(Counting)
            .data(user_cache.clone())
            .data(settings)
            // Documents are valid by then.
            .validation_mode(ValidationMode::Fast)
            // The query meter has checked the depth before; this is the library's own check.
            .limit_recursive_depth(limits::NESTING + 1)
            .finish();
        Self {
            schema,
            db,
            sign_in,
            user_cache,
            documents: DocumentCache::new(limits, index()),
            large_answers,
            request_timeout,
            introspection_for_all,
        }
    }

    /// Answers only these documents from now on, each with the name it has for the operator.
    /// Errors: the first one that cannot be answered, and why.
    pub fn trust(
        &mut self,
        documents: Vec<(String, String)>,
    ) -> Result<(), InvalidTrustedDocument> {
        let mut trusted = Trusted::default();
        for (file, text) in documents {
            let document = trusted.add(&file, &text, self.documents.limits(), index())?;
            document.validate(index(), true).map_err(|errors| {
                let first = errors.into_iter().next();
                InvalidTrustedDocument::new(
                    &file,
                    first.unwrap_or_else(|| ServerError::new("", None)),
                )
            })?;
        }
        self.documents.trust(trusted);
        Ok(())
    }

    /// The time after which a session that is not used ends.
    pub fn sign_in(&self) -> SignInPolicy {
        self.sign_in
    }

    /// The deadline of a request that comes now.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.request_timeout
    }

    /// Answers a request. The caller is authenticated once the document is within its limits, and once
    /// more if the database reports that the cached authentication is outdated: nothing was answered
    /// or changed then.
    pub async fn handle(&self, request: Request, caller: &mut impl Caller) -> Answer {
        let Request { parameters, id, .. } = request;
        let prepared = self.documents.prepare(parameters);
        let prepared = match prepared {
            Ok(prepared) if request.queries_only && !prepared.may_be_query() => {
                return Answer::unusable(Unusable::NotAQuery, &id);
            }
            Ok(prepared) => Arc::new(prepared),
            Err(unusable) => return Answer::unusable(unusable, &id),
        };
        let operation = prepared.operation().map(|of| &of.operation);
        let mut freshness = Freshness::Cached;
        loop {
            let credentials = match caller.authenticate(operation, freshness).await {
                Ok(credentials) => credentials,
                Err(error) => return Answer::failed(&error, &id),
            };
            let execution = Execution {
                api: self,
                request: &prepared,
                id: &id,
                address: request.client_address,
                hides_schema: !self.introspection_for_all && !is_admin(&credentials),
            };
            let answering = pin!(execution.run(credentials));
            match answering.instrument(span(operation.map(Arc::as_ref))).await {
                Ok((response, size)) => return Answer::executed(response, size).await,
                Err(DbError::Outdated) if freshness == Freshness::Cached => {
                    freshness = Freshness::LookedUp;
                }
                Err(error) => return Answer::failed(&error.into(), &id),
            }
        }
    }
}

fn is_admin(credentials: &Credentials) -> bool {
    matches!(credentials, Credentials::Actor { actor, .. } if actor.role == UserRole::Admin)
}

/// The operation's span in the request's trace; none while traces are not exported.
fn span(operation: Option<&Operation>) -> Span {
    let span = debug_span!(
        "operation",
        otel.name = field::Empty,
        graphql.operation.type = field::Empty,
        graphql.operation.name = field::Empty,
    );
    if let Some(operation) = operation.filter(|_| !span.is_disabled()) {
        span.record("otel.name", field::display(operation));
        span.record("graphql.operation.type", field::display(operation.kind));
        span.record("graphql.operation.name", operation.name.as_deref());
    }
    span
}

/// A response, and its size where it was executed.
type Executed = (Response, Option<Arc<AnswerSize>>);

/// The execution of a request for one caller.
struct Execution<'a> {
    api: &'a Api,
    request: &'a Arc<PreparedRequest>,
    id: &'a RequestId,
    address: Option<IpAddr>,
    /// True if the caller may not introspect the schema; errors then suggest no names of it.
    hides_schema: bool,
}

impl Execution<'_> {
    /// The response, in the form that a client is promised.
    ///
    /// Errors: `Outdated` if the cached authentication is outdated, and `Unavailable` if the database
    /// cannot be asked about it; nothing was changed then.
    async fn run(&self, credentials: Credentials) -> Result<Executed, DbError> {
        let (mut response, size) = match self.ready() {
            Ok((ready, variables)) => self.execute(ready, &variables, credentials).await?,
            Err(errors) => {
                let response = Response::from_errors(errors);
                (self.finished(&Variables::new(), response, None, 0), None)
            }
        };
        if let Some(operation) = self.request.operation().filter(|_| self.hides_schema) {
            refuse_introspection(&operation.introspection, &mut response, self.id);
        }
        mark_invalid(&mut response.errors, self.id);
        Ok((response, size))
    }

    /// The request for the library: with a document that is valid and has no variables.
    /// Errors: what is wrong with the document, or with what is given for its variables.
    fn ready(&self) -> Result<(async_graphql::Request, Variables), Vec<ServerError>> {
        let (request, suggests) = (self.request, !self.hides_schema);
        request.document.validate(index(), suggests)?;
        let mut ready = async_graphql::Request::new("");
        if self.hides_schema {
            ready.introspection_mode = IntrospectionMode::Disabled;
        }
        let document = &request.document.document;
        let (document, variables) = match request.definition() {
            Some(operation) if !request.document.is_plain => {
                let given = &request.variables;
                let variables = coerce_variables(&operation.node, given, index(), suggests)?;
                let collector = Collector {
                    document,
                    variables: &variables,
                    index: index(),
                };
                (executable(collector, operation)?, variables)
            }
            _ => {
                ready.operation_name.clone_from(&request.operation_name);
                (document.clone(), Variables::new())
            }
        };
        ready.set_parsed_query(document);
        Ok((ready, variables))
    }

    /// Executes a request. A panic fails only this request. The deadline ends it: a query at once, a
    /// change once it is committed or rolled back.
    async fn execute(
        &self,
        ready: async_graphql::Request,
        variables: &Variables,
        credentials: Credentials,
    ) -> Result<Executed, DbError> {
        let (api, is_change) = (self.api, self.request.is_change());
        let deadline = api.deadline();
        let party = credentials.party(self.address);
        let (db, cancel_on_drop) = api.db.request(party, deadline, credentials.revision());
        let size = Arc::new(api.large_answers.answer(party, deadline, is_change));
        let (cost, prices) = (self.request.cost, self.request.row_prices());
        let rows = Arc::new(RowCosts::new(cost, prices));
        let ready = self.with_loaders(ready, &db, &credentials, &size);
        let ready = ready
            .data(Arc::clone(self.request))
            .data(Arc::clone(&rows))
            .data(self.id.clone())
            .data(ClientAddress(self.address))
            .data(db.clone())
            .data(credentials)
            .data(Arc::clone(&size));
        let execution = api.schema.execute(ready);
        let mut execution = pin!(AssertUnwindSafe(execution).catch_unwind());
        // Where this future is dropped, this is dropped before the execution is.
        let _cancel_on_drop = cancel_on_drop;
        let until = match is_change {
            // A change ends by itself, and reports its outcome.
            true => deadline + GRACE,
            false => deadline,
        };
        let outcome = match timeout_at(until, &mut execution).await {
            Ok(outcome) => outcome,
            Err(_) => return Ok((self.failed(&self.late()), None)),
        };
        // Also where no field needed the database.
        let checked = timeout_at(until, db.check()).await;
        checked.unwrap_or(Err(DbError::Late))?;
        let response = outcome.unwrap_or_else(|panic| self.failed(&defect(panic.as_ref())));
        let response = self.finished(variables, response, Some(&size), rows.taken());
        Ok((response, Some(size)))
    }

    /// The request with the loaders of its caller.
    fn with_loaders(
        &self,
        ready: async_graphql::Request,
        db: &RequestDb,
        credentials: &Credentials,
        size: &Arc<AnswerSize>,
    ) -> async_graphql::Request {
        let Credentials::Actor { actor, .. } = credentials else {
            return ready;
        };
        let lookup = Lookup {
            db: db.clone(),
            user_cache: self.api.user_cache.clone(),
            actor: actor.clone(),
            size: Arc::clone(size),
        };
        ready.data(lookup.loaders())
    }

    /// The response in the form that a client is promised. `row_costs` is what the rows of bulk
    /// changes have cost.
    fn finished(
        &self,
        variables: &Variables,
        response: Response,
        size: Option<&Arc<AnswerSize>>,
        row_costs: u64,
    ) -> Response {
        let mut response = normalize_response(self.request.is_change(), response);
        let limits = self.api.documents.limits();
        let mut untold = 0;
        if let Some(operation) = self.request.definition() {
            let collector = Collector {
                document: &self.request.document.document,
                variables,
                index: index(),
            };
            let (data, most) = (&mut response.data, limits.errors);
            let left_out = complete(collector, &operation.node, data, most);
            untold = left_out.count - left_out.paths.len();
            let why = size.and_then(|size| size.check().err());
            if let Some(why) = why.filter(|_| left_out.count > 0) {
                let error = transport_error(&why, self.id);
                let errors = left_out.paths.into_iter().map(|path| ServerError {
                    path,
                    ..error.clone()
                });
                response.errors.extend(errors);
            }
        }
        truncate_errors(&mut response, limits, untold);
        let mut cost = self.request.cost;
        cost.requested += row_costs;
        response.extension("cost", cost.into())
    }

    /// The error of an execution that is not waited for.
    fn late(&self) -> ServiceError {
        ServiceError::TimedOut(match self.request.is_change() {
            true => "it is not known whether the change was made, because the database",
            false => "the request",
        })
    }

    /// The response where the execution failed without a result.
    fn failed(&self, error: &ServiceError) -> Response {
        Response::from_errors(vec![transport_error(error, self.id)])
    }
}
