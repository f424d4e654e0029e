use async_graphql::{Context, SimpleObject};

use crate::graphql::context::{actor, db};
use crate::graphql::error::answer;
use crate::service::leads;

/// A number of leads, or its lower bound.
#[derive(SimpleObject)]
pub struct BoundedCount {
    /// The number of leads. If it is not exact there are more, as in "10,000+".
    value: i64,
    /// True if `value` is exact.
    is_exact: bool,
}

/// The exact number of leads.
pub(super) async fn count(ctx: &Context<'_>, filter: &leads::LeadFilter) -> Option<i64> {
    let count = async { leads::count(db(ctx), actor(ctx)?, filter).await };
    answer(ctx, count.await)
}

/// The number of leads, counted up to a bound.
pub(super) async fn count_up_to(
    ctx: &Context<'_>,
    filter: &leads::LeadFilter,
    most: i32,
) -> Option<BoundedCount> {
    let count = async { leads::count_up_to(db(ctx), actor(ctx)?, filter, most).await };
    answer(ctx, count.await).map(BoundedCount::from)
}

impl From<leads::CountUpTo> for BoundedCount {
    fn from(count: leads::CountUpTo) -> Self {
        Self {
            value: count.value,
            is_exact: count.is_exact,
        }
    }
}
