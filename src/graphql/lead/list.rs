use async_graphql::{Context, Enum, InputObject, Object};

use crate::graphql::connection::{Connection, Listed, PageArguments, opaque};
use crate::graphql::context::{actor, both, db, size};
use crate::graphql::lead::Lead;
use crate::graphql::lead::count::{self, BoundedCount};
use crate::graphql::lead::object::columns;
use crate::graphql::user::all_named;
use crate::service::leads::ListedLead;
use crate::service::{Result, leads};

/// What a list of leads can be ordered by. Leads without a value come last, whatever the
/// direction; ties are broken by id.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "leads::LeadOrderField")]
pub enum LeadOrderField {
    /// By `leadScore`.
    LeadScore,
    /// By `createdAt`.
    CreatedAt,
    /// By `updatedAt`.
    UpdatedAt,
    /// By `lastContactDate`.
    LastContactDate,
    /// By `nextFollowUp`.
    NextFollowUp,
    /// By `lastName`, without regard to case and accents; leads without one come last, in both
    /// directions.
    LastName,
    /// By `company`, without regard to case and accents.
    Company,
    /// By `conversionProbability`.
    ConversionProbability,
    /// By `status`, as the pipeline goes.
    Status,
}

/// Up or down.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "leads::Direction")]
pub enum SortDirection {
    /// The smallest, earliest, first in the alphabet first.
    Asc,
    /// The largest, latest, last in the alphabet first.
    Desc,
}

/// The order of a list of leads.
#[derive(InputObject)]
pub struct LeadOrder {
    /// By what.
    field: LeadOrderField,
    /// Which way.
    #[graphql(default_with = "SortDirection::Asc")]
    direction: SortDirection,
}

/// A list of leads.
pub type LeadConnection = Connection<Lead>;

impl Listed for Lead {
    type Place = leads::Cursor;
    type About = LeadTotal;
}

/// The data of a list of leads besides its rows.
pub struct LeadTotal(leads::LeadFilter);

#[Object]
impl LeadTotal {
    /// How many leads there are on all pages. Exact; counted only if it is asked for. Known
    /// without counting where the filter has nothing but `assignedTo`, `unassigned`, `createdAt` and
    /// one of `status`, `source` and `isHotLead`; else all leads that it lets through are counted,
    /// which takes the longer the more there are: see `totalCountUpTo`. In a search, leads whose
    /// names are only typed alike are not counted.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<i64> {
        count::count(ctx, &self.0).await
    }

    /// The same for the foot of a table over any filter: counting stops after `most` leads, so
    /// that a wide selection costs no more than that. Exact where `totalCount` is known without
    /// counting. Errors: INVALID_DATA.
    async fn total_count_up_to(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "After how many leads to stop, 1–100,000: up to there the number is exact.",
            default = 10_000
        )]
        most: i32,
    ) -> Option<BoundedCount> {
        count::count_up_to(ctx, &self.0, most).await
    }
}

/// A page of the leads that the filter lets through and the viewer may see.
pub async fn lead_connection(
    ctx: &Context<'_>,
    filter: Result<leads::LeadFilter>,
    order: Option<LeadOrder>,
    page: PageArguments,
) -> Result<LeadConnection> {
    let (actor, (filter, page)) = (actor(ctx)?, both(filter, page.page())?);
    let order = order.map_or_else(leads::LeadOrder::default, |order| leads::LeadOrder {
        field: order.field.into(),
        direction: order.direction.into(),
    });
    let look = ctx.look_ahead();
    let nodes = [look.field("nodes"), look.field("edges").field("node")];
    let columns = columns(&nodes);
    let read = leads::list(db(ctx), actor, &filter, order, &page, columns);
    let slice = size(ctx).reading(read, |slice| slice.rows.iter().map(ListedLead::size).sum());
    let slice = slice.await?;
    let has_assignee = nodes.iter().any(|node| node.field("assignedTo").exists());
    let leads = slice.rows.iter().filter(|_| has_assignee);
    let assignees = all_named(ctx, leads.filter_map(|lead| *lead.assigned_to())).await?;
    let row = |row: ListedLead| {
        let place = order.place(&row);
        let assignee = has_assignee.then(|| *row.assigned_to()).flatten();
        let assignee = assignee.and_then(|id| assignees.get(&id));
        (place, Lead::known(row, assignee.cloned()))
    };
    Ok(Connection::new(slice, LeadTotal(filter), opaque, row))
}
