use async_graphql::{Context, Object, SimpleObject};

use crate::graphql::context::{actor, db};
use crate::graphql::error::answer;
use crate::graphql::lead::count::BoundedCount;
use crate::service::leads::{self, CountUpTo};

/// A tag, and how many leads have it.
#[derive(SimpleObject)]
pub struct TagCount {
    /// The tag, as most of these leads have it.
    tag: String,
    /// The number of leads.
    count: BoundedCount,
}

#[derive(Default)]
pub struct TagQuery;

#[Object]
impl TagQuery {
    /// The tags of the leads that the viewer may see, to complete a tag while it is typed: those of the
    /// most leads first, of equally many in the order of the alphabet. Archived leads do not count, as in
    /// `leads`. The viewer's newest 10,000 leads are looked at: if there are more, the counts are not
    /// exact, and a tag that only older leads have is not listed. Errors: UNAUTHENTICATED, INVALID_DATA.
    async fn lead_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The beginning of the tag, without regard to case and accents. At most 50 characters."
        )]
        prefix: Option<String>,
        #[graphql(desc = "Returns the first n tags, 1–100. Default 20.")] first: Option<i32>,
    ) -> Option<Vec<TagCount>> {
        let prefix = prefix.unwrap_or_default();
        let first = first.unwrap_or(20);
        let tags = async { leads::frequent_tags(db(ctx), actor(ctx)?, &prefix, first).await };
        let tags = answer(ctx, tags.await)?.into_iter();
        Some(tags.map(TagCount::from).collect())
    }
}

impl From<leads::TagCount> for TagCount {
    fn from(found: leads::TagCount) -> Self {
        let count = CountUpTo {
            value: found.count,
            is_exact: found.is_exact,
        };
        Self {
            tag: found.tag,
            count: count.into(),
        }
    }
}
