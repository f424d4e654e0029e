use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Context;

use crate::db::{AuthRevision, Party, RequestDb};
use crate::graphql::attempt::Attempt;
use crate::graphql::execute::answer_size::AnswerSize;
use crate::graphql::prepare::RowCosts;
use crate::graphql::prepare::limits::Limits;
use crate::service::sessions::SignInPolicy;
use crate::service::validation::FieldErrors;
use crate::service::{Actor, Command, Result, ServiceError, perform, perform_once};

/// The operator's settings of the API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service's address as people open it, without a slash at the end: links begin with it.
    pub public_url: String,
    /// The most leads that one bulk change may select.
    pub bulk_limit: usize,
    /// The rules of signing in.
    pub sign_in: SignInPolicy,
    /// The limits on what a request may ask for at once.
    pub limits: Limits,
    /// The time limit of a request.
    pub request_timeout: Duration,
    /// Allows introspection for everybody, not only for administrators.
    pub introspection_for_all: bool,
}

/// The credentials of a request, as the transport checked them.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// No token came with the request.
    Nobody,
    /// The request came with a token that is invalid or no longer valid.
    Refused,
    /// The request came with a valid token of this actor.
    Actor {
        /// The user.
        actor: Actor,
        /// The revision at which the actor was read; it is checked before anything is answered.
        revision: AuthRevision,
    },
}

impl Credentials {
    /// The revision at which the credentials were read.
    pub(super) fn revision(&self) -> AuthRevision {
        match self {
            Self::Actor { revision, .. } => revision.clone(),
            Self::Nobody | Self::Refused => AuthRevision::default(),
        }
    }

    /// The party of the fair queue that connections are counted for.
    pub(super) fn party(&self, address: Option<IpAddr>) -> Party {
        match self {
            Self::Actor { actor, .. } => Party::User(actor.id.0),
            Self::Nobody | Self::Refused => Party::at(address),
        }
    }
}

/// The address that a request comes from, if that is known.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub Option<IpAddr>);

/// The id of a request, in the log and in its errors.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

pub(super) fn db<'a>(ctx: &Context<'a>) -> &'a RequestDb {
    ctx.data_unchecked()
}

/// The size counter of the answer; what is read for the answer is added to it.
pub(super) fn size<'a>(ctx: &Context<'a>) -> &'a AnswerSize {
    ctx.data_unchecked::<Arc<AnswerSize>>()
}

pub(super) fn settings<'a>(ctx: &Context<'a>) -> &'a Settings {
    ctx.data_unchecked()
}

/// The actor of the request. Errors: `Unauthenticated`.
pub(super) fn actor<'a>(ctx: &Context<'a>) -> Result<&'a Actor> {
    match ctx.data_unchecked() {
        Credentials::Actor { actor, .. } => Ok(actor),
        Credentials::Nobody => Err(ServiceError::Unauthenticated(
            "sign in with the login mutation and send its token as Authorization: Bearer",
        )),
        Credentials::Refused => Err(ServiceError::Unauthenticated(
            "the token is not valid, or no longer",
        )),
    }
}

/// The most rows of a bulk change that may be returned within the cost limit, with their selected fields.
pub(super) fn most_rows(ctx: &Context<'_>) -> usize {
    let costs: &Arc<RowCosts> = ctx.data_unchecked();
    costs.most(&ctx.item.node.response_key().node)
}

/// Adds the returned rows of a bulk change to the cost.
pub(super) fn take_rows(ctx: &Context<'_>, rows: usize) {
    let costs: &Arc<RowCosts> = ctx.data_unchecked();
    costs.take(&ctx.item.node.response_key().node, rows);
}

/// Runs a command for the actor, once for each idempotency key. `None` if the key is a repeated one
/// and its object has been deleted or is no longer visible to the actor.
pub(super) async fn change<C: Command>(
    ctx: &Context<'_>,
    idempotency_key: Option<&str>,
    attempt: impl Into<Attempt<C>>,
) -> Result<Option<C::Answer>> {
    let actor = actor(ctx)?;
    let change = async {
        match attempt.into().checked(idempotency_key)? {
            (command, Some(key)) => perform_once(db(ctx), actor, key, command).await,
            (command, None) => perform(db(ctx), actor, command).await.map(Some),
        }
    };
    change.await.map_err(|error| error.within("input"))
}

/// Combines two parts of a request. Errors: the faults of both.
pub(super) fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    let mut faults = FieldErrors::default();
    match (faults.absorb(one)?, faults.absorb(other)?) {
        (Some(one), Some(other)) => Ok((one, other)),
        _ => Err(faults.into()),
    }
}

/// Checks a field that only allows `true`, like `all`. Errors: `InvalidData` for `false`, which would
/// select nothing.
pub(super) fn only_true(field: &str, value: bool) -> Result<()> {
    if value {
        return Ok(());
    }
    Err(ServiceError::invalid(field, "must be true, or left out"))
}
