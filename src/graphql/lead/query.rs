use async_graphql::{Context, Enum, ID, InputObject, Object};

use crate::graphql::attempt::uuid;
use crate::graphql::connection::{Connection, Listed, PageArguments, opaque};
use crate::graphql::context::{actor, both, db, size};
use crate::graphql::error::answer;
use crate::graphql::execute::sync_object::RawObject;
use crate::graphql::lead::count::{self, BoundedCount};
use crate::graphql::lead::object::columns;
use crate::graphql::lead::{LeadFilter, lead_filter};
use crate::graphql::objects::Lead;
use crate::graphql::user::all_named;
use crate::service::leads::{self, DuplicatesOf, ListedLead};
use crate::service::{LeadId, Result};

#[derive(Default)]
pub struct LeadQuery;

#[Object]
impl LeadQuery {
    /// One lead, archived or not. Errors: UNAUTHENTICATED, PERMISSION_DENIED if it exists but is
    /// not the viewer's to see, LEAD_NOT_FOUND, INVALID_DATA if it is not an id.
    async fn lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead's id.")] id: ID,
    ) -> Option<RawObject<Lead>> {
        answer(ctx, lead(ctx, &id).await).map(RawObject)
    }

    /// The leads that the viewer may see. Page forwards with `first` and `after`, backwards with
    /// `last` and `before`, or jump with `offset`. Paging with cursors returns each lead that does not
    /// change meanwhile exactly once; in a search this holds for exact matches, not for the results of
    /// typo correction. Errors: UNAUTHENTICATED, INVALID_DATA, SEARCH_TOO_WIDE.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The filter; archived leads are left out unless asked for.")]
        filter: Option<LeadFilter>,
        #[graphql(
            desc = "Any part of name, e-mail, phone (however it is written), company or job title; several \
                    words must all match, in any order; case and accents do not matter. After \
                    the exact matches come the results of typo correction (names typed a \
                    little differently: one letter left out, added, changed or swapped with its \
                    neighbour in words of four or five letters, two in longer ones). For a word at \
                    most the 200 nearest names are looked for, and which ones those are depends on \
                    all leads and can change between two pages. At most 10 words and 200 characters."
        )]
        search: Option<String>,
        #[graphql(desc = "The order; newest first by default.")] order_by: Option<LeadOrder>,
        #[graphql(desc = "Returns the first n rows, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Returns the last n rows, 1–100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: the page ends before it.")] before: Option<String>,
        #[graphql(
            desc = "The number of leads to skip, to jump to a page. Skipped leads are read: far into a \
                    long list, a cursor is quicker."
        )]
        offset: Option<i32>,
    ) -> Option<LeadConnection> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
            offset,
        };
        let connection = lead_connection(ctx, lead_filter(filter, search), order_by, page).await;
        answer(ctx, connection)
    }

    /// The leads with this e-mail address or phone number that the viewer may see: check for
    /// duplicates before creating a lead. At most 25, newest first. Errors: UNAUTHENTICATED,
    /// INVALID_DATA.
    async fn duplicate_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An e-mail address; case does not matter.")] email: Option<String>,
        #[graphql(desc = "A phone number, however it is written.")] phone: Option<String>,
        #[graphql(
            desc = "The country of a national phone number, as its two-letter code (ISO 3166); by default \
                    that of CRM_PHONE_REGION."
        )]
        phone_region: Option<String>,
        #[graphql(desc = "True to include archived leads.", default)] include_archived: bool,
    ) -> Option<Vec<Lead>> {
        let asked = DuplicatesOf {
            email,
            phone,
            phone_region,
            include_archived,
        };
        let found = async { leads::duplicates(db(ctx), actor(ctx)?, &asked).await };
        answer(ctx, found.await).map(|leads| leads.into_iter().map(Lead::from).collect())
    }
}

async fn lead(ctx: &Context<'_>, id: &ID) -> Result<Lead> {
    let lead = leads::read(db(ctx), actor(ctx)?, LeadId(uuid("id", id)?)).await?;
    if !ctx.look_ahead().field("assignedTo").exists() {
        return Ok(lead.into());
    }
    let assignee = all_named(ctx, lead.assigned_to).await?;
    let assignee = assignee.into_values().next();
    Ok(Lead::known(lead, assignee))
}

/// The field that a list of leads is ordered by. Leads without a value come last, whatever the
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
    /// By `status`, in the order of the pipeline.
    Status,
    /// By `source`, in the order of `LeadSource`.
    Source,
}

/// The direction of an order.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "leads::Direction")]
pub enum SortDirection {
    /// Ascending: the smallest, earliest, first in the alphabet first.
    Asc,
    /// Descending: the largest, latest, last in the alphabet first.
    Desc,
}

/// The order of a list of leads.
#[derive(InputObject)]
pub struct LeadOrder {
    /// The field to order by.
    field: LeadOrderField,
    /// The direction.
    #[graphql(default_with = "SortDirection::Asc")]
    direction: SortDirection,
}

impl From<LeadOrder> for leads::LeadOrder {
    fn from(order: LeadOrder) -> Self {
        Self {
            field: order.field.into(),
            direction: order.direction.into(),
        }
    }
}

/// A list of leads.
pub type LeadConnection = Connection<Lead>;

impl Listed for Lead {
    type Cursor = leads::Cursor;
    type About = LeadTotal;
}

/// The data of a list of leads besides its rows.
pub struct LeadTotal(leads::LeadFilter);

#[Object]
impl LeadTotal {
    /// The exact number of leads on all pages; counted only if it is selected. If the filter has
    /// only `assignedTo`, `unassigned`, `createdAt` and one of `status`, `source` and `isHotLead`,
    /// it is read from statistics. Otherwise all matching leads are counted, which takes longer
    /// the more there are: see `totalCountUpTo`. The results of typo correction in a search are
    /// not counted.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<i64> {
        count::count(ctx, &self.0).await
    }

    /// The number of leads on all pages, for any filter: counting stops after `most` leads, which
    /// bounds the time for a wide filter. Exact where `totalCount` is read from statistics. Errors:
    /// INVALID_DATA.
    async fn total_count_up_to(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The number of leads at which counting stops, 1–100,000; exact up to there.",
            default = 10_000
        )]
        most: i32,
    ) -> Option<BoundedCount> {
        count::count_up_to(ctx, &self.0, most).await
    }
}

/// A page of the leads that match the filter and that the viewer may see.
pub async fn lead_connection(
    ctx: &Context<'_>,
    filter: Result<leads::LeadFilter>,
    order: Option<LeadOrder>,
    page: PageArguments,
) -> Result<LeadConnection> {
    let (actor, (filter, page)) = (actor(ctx)?, both(filter, page.page())?);
    let order = order.map(leads::LeadOrder::from).unwrap_or_default();
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
        let cursor = order.cursor(&row);
        let assignee = has_assignee.then(|| *row.assigned_to()).flatten();
        let assignee = assignee.and_then(|id| assignees.get(&id));
        (cursor, Lead::known(row, assignee.cloned()))
    };
    Ok(Connection::new(slice, LeadTotal(filter), opaque, row))
}
