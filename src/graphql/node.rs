use std::collections::HashMap;

use async_graphql::{Context, ID, Interface, Object};
use uuid::Uuid;

use crate::graphql::api_key::ApiKey;
use crate::graphql::attempt::uuid;
use crate::graphql::context::{actor, db};
use crate::graphql::error::{answer, answer_at};
use crate::graphql::objects::{Change, Lead, Note, User};
use crate::graphql::timeline::TimelineEntry;
use crate::graphql::user::Session;
use crate::service::permission::{Action, denied};
use crate::service::users::UserRole;
use crate::service::{
    ApiKeyId, LeadId, NoteId, Result, ServiceError, SessionId, UserId, api_keys, leads, sessions,
    timeline, users,
};

/// An object with an id, for clients that cache objects by id.
#[derive(Interface, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are at most a hundred at a time, most of them leads"
)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The object's id; unique over all types."
))]
pub enum Node {
    Lead(Lead),
    User(User),
    Note(Note),
    Change(Change),
    ApiKey(ApiKey),
    Session(Session),
}

impl From<TimelineEntry> for Node {
    fn from(entry: TimelineEntry) -> Self {
        match entry {
            TimelineEntry::Note(note) => Self::Note(note),
            TimelineEntry::Change(change) => Self::Change(change),
        }
    }
}

/// The most ids in one call of `nodes`.
const MOST: usize = 100;

#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id: a lead, a user, a note, a change, an API key or one of the viewer's own
    /// sessions; null if there is none.
    /// Errors: UNAUTHENTICATED, PERMISSION_DENIED, INVALID_DATA if it is not an id.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The object's id.")] id: ID,
    ) -> Option<Node> {
        let node = async {
            let id = uuid("id", &id)?;
            let found = NodeLookup::of(ctx, &[id]).await?;
            found.node(id)
        };
        answer(ctx, node.await).flatten()
    }

    /// The objects with these ids, in their order. An item is null for an unknown id (NOT_FOUND), for an
    /// object that the viewer may not see (PERMISSION_DENIED) and for a malformed id (INVALID_DATA), each
    /// with an error whose path ends in the item's index. Errors: UNAUTHENTICATED, PERMISSION_DENIED,
    /// NOT_FOUND, INVALID_DATA, also for more than 100 ids.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of the objects, at most 100.")] ids: Vec<ID>,
    ) -> Option<Vec<Option<Node>>> {
        let place = |(index, id)| uuid(&format!("ids.{index}"), id);
        let ids: Vec<Result<Uuid>> = ids.iter().enumerate().map(place).collect();
        let found = answer(ctx, find(ctx, &ids).await)?;
        let node = |(index, id): (usize, Result<Uuid>)| {
            let node = id.and_then(|id| found.node(id)?.ok_or(ServiceError::NotFound(id)));
            answer_at(ctx, index, node)
        };
        Some(ids.into_iter().enumerate().map(node).collect())
    }
}

async fn find(ctx: &Context<'_>, ids: &[Result<Uuid>]) -> Result<NodeLookup> {
    if ids.len() > MOST {
        let message = format!("must be at most {MOST}, are {}", ids.len());
        return Err(ServiceError::invalid("ids", message));
    }
    let ids: Vec<Uuid> = ids.iter().flatten().copied().collect();
    NodeLookup::of(ctx, &ids).await
}

/// The objects found for a list of ids: for each a node, or a refusal.
struct NodeLookup {
    role: UserRole,
    nodes: HashMap<Uuid, Result<Node, Action>>,
}

impl NodeLookup {
    /// Looks the ids up in one type of object after the other, each time only those not found before: one
    /// statement per type.
    async fn of(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Self> {
        let (db, viewer) = (db(ctx), actor(ctx)?);
        let role = viewer.role;
        let mut nodes = HashMap::new();
        let leads = leads::find_many(db, viewer, &missing(ids, &nodes, LeadId)).await?;
        nodes.extend(leads.into_iter().map(|(id, lead)| {
            let node = lead.map(|lead| Node::Lead(lead.into()));
            (id.0, node.ok_or(Action::ReadLead))
        }));
        let users = missing(ids, &nodes, UserId);
        if !users.is_empty() {
            let users = users::find_many(db, viewer, &users).await?;
            nodes.extend(users.into_iter().map(|(id, user)| {
                let node = user.map(|user| Node::User(User::seen_by(viewer, user)));
                (id.0, node.ok_or(Action::ReadUser))
            }));
        }
        let entries = missing(ids, &nodes, NoteId);
        if !entries.is_empty() {
            let entries = timeline::find_many(db, viewer, &entries).await?;
            nodes.extend(entries.into_iter().map(|(id, entry)| {
                let node = entry.map(|entry| Node::from(TimelineEntry::from(entry)));
                (id.0, node.ok_or(Action::ReadLead))
            }));
        }
        let keys = missing(ids, &nodes, ApiKeyId);
        if !keys.is_empty() {
            let keys = api_keys::find_many(db, viewer, &keys).await?.into_iter();
            nodes.extend(keys.map(|key| (key.id.0, Ok(Node::ApiKey(ApiKey(key))))));
        }
        let own = missing(ids, &nodes, SessionId);
        if !own.is_empty() {
            let own = sessions::find_many(db, viewer, &own).await?.into_iter();
            let own = own.map(|row| (row.id.0, Ok(Node::Session(Session::of(viewer, row)))));
            nodes.extend(own);
        }
        Ok(Self { role, nodes })
    }

    /// The node; nothing if there is none. Errors: `PermissionDenied`.
    fn node(&self, id: Uuid) -> Result<Option<Node>> {
        match self.nodes.get(&id) {
            Some(Ok(node)) => Ok(Some(node.clone())),
            Some(Err(action)) => Err(denied(self.role, *action)),
            None => Ok(None),
        }
    }
}

/// The ids that were not found.
fn missing<T>(
    ids: &[Uuid],
    found: &HashMap<Uuid, Result<Node, Action>>,
    id: fn(Uuid) -> T,
) -> Vec<T> {
    let missing = ids.iter().filter(|id| !found.contains_key(id));
    missing.copied().map(id).collect()
}
