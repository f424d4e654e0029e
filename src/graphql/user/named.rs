//! The users whose names are shown on objects that the viewer sees.

use std::collections::HashMap;

use async_graphql::Context;

use crate::graphql::context::{actor, db};
use crate::graphql::error::answer;
use crate::graphql::loaders::Loaders;
use crate::graphql::objects::User;
use crate::service::users::UserCache;
use crate::service::{Result, UserId};

/// The user whose name is shown on an object that the viewer sees.
pub async fn named(ctx: &Context<'_>, id: UserId) -> Option<User> {
    let viewer = answer(ctx, actor(ctx))?;
    let user = ctx.data_unchecked::<Loaders>().load_one(id).await;
    let user = answer(ctx, user).flatten()?;
    Some(User::seen_by(viewer, user))
}

/// The users of several ids, in one batch: a look-up of each would cost a channel and a wake-up.
pub async fn all_named(
    ctx: &Context<'_>,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, User>> {
    let (user_cache, viewer): (&UserCache, _) = (ctx.data_unchecked(), actor(ctx)?);
    let found = user_cache.named(db(ctx), viewer, ids).await?.into_iter();
    Ok(found
        .map(|(id, user)| (id, User::seen_by(viewer, user)))
        .collect())
}
