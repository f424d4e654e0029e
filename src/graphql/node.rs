use async_graphql::{Context, ID, Interface, Object};

use crate::graphql::api_key::ApiKey;
use crate::graphql::context::{actor, db, uuid};
use crate::graphql::error::answer;
use crate::graphql::lead::Lead;
use crate::graphql::timeline::{Change, Note, TimelineEntry};
use crate::graphql::user::User;
use crate::service::{
    ApiKeyId, LeadId, NoteId, Result, ServiceError, UserId, api_keys, leads, timeline, users,
};

/// Anything with an id of its own, for clients that keep a store by id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "Names the object; unique over all types."
))]
pub enum Node {
    Lead(Lead),
    User(User),
    Note(Note),
    Change(Change),
    ApiKey(ApiKey),
}

impl From<TimelineEntry> for Node {
    fn from(entry: TimelineEntry) -> Self {
        match entry {
            TimelineEntry::Note(note) => Self::Note(note),
            TimelineEntry::Change(change) => Self::Change(change),
        }
    }
}

#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id: a lead, a user, a note, a change or an API key; null if there is none. Errors:
    /// UNAUTHENTICATED, PERMISSION_DENIED, INVALID_DATA if it is not an id.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The object's id.")] id: ID,
    ) -> Option<Node> {
        answer(ctx, find(ctx, &id).await).flatten()
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let (db, actor, id) = (db(ctx), actor(ctx)?, uuid("id", id)?);
    match leads::read(db, actor, LeadId(id)).await {
        Err(ServiceError::LeadNotFound(_)) => {}
        found => return found.map(|lead| Some(Node::Lead(lead.into()))),
    }
    match users::read(db, actor, UserId(id)).await {
        Err(ServiceError::UserNotFound(_)) => {}
        found => return found.map(|user| Some(Node::User(User::seen_by(actor, user)))),
    }
    match timeline::read(db, actor, NoteId(id)).await {
        Err(ServiceError::NoteNotFound(_)) => {}
        found => return found.map(|entry| Some(Node::from(TimelineEntry::from(entry)))),
    }
    match api_keys::read(db, actor, ApiKeyId(id)).await {
        // To whom may not see keys there are none.
        Err(ServiceError::ApiKeyNotFound(_) | ServiceError::PermissionDenied(_)) => Ok(None),
        found => found.map(|key| Some(Node::ApiKey(ApiKey(key)))),
    }
}
