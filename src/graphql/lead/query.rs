use async_graphql::{Context, ID, Object};

use crate::graphql::connection::PageArguments;
use crate::graphql::context::{actor, db, uuid};
use crate::graphql::error::answer;
use crate::graphql::execute::sync_object::RawObject;
use crate::graphql::lead::{
    Lead, LeadConnection, LeadFilter, LeadOrder, lead_connection, lead_filter,
};
use crate::graphql::user::all_named;
use crate::service::leads::{self, DuplicatesOf};
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
    /// `last` and `before`, or jump with `offset`. Leads that nobody touches meanwhile are on one page
    /// of a walk exactly once; in a search that holds for those that match, not for those whose names are
    /// only typed alike. Errors: UNAUTHENTICATED, INVALID_DATA, SEARCH_TOO_WIDE.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads; archived ones are left out unless asked for.")]
        filter: Option<LeadFilter>,
        #[graphql(
            desc = "Any part of name, e-mail, phone (however it is written) or company; several \
                    words must all match, in any order; case and accents do not matter. After \
                    the leads that match come those that would if their names were typed a \
                    little differently: one letter left out, added, changed or swapped with its \
                    neighbour in words of four or five letters, two in longer ones; of a word at \
                    most the 200 nearest names are looked for, and which ones those are depends on \
                    all leads and can change between two pages. At most 10 words and 200 characters."
        )]
        search: Option<String>,
        #[graphql(desc = "The order; newest first by default.")] order_by: Option<LeadOrder>,
        #[graphql(desc = "How many, from the beginning, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
        #[graphql(desc = "How many, from the end, 1–100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: the page ends before it.")] before: Option<String>,
        #[graphql(
            desc = "How many leads to skip, to jump to a page. What is skipped is read: far into a \
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

    /// The leads, among those the viewer may see, with this e-mail address or phone number: ask
    /// before creating another. At most 25, the newest first. Errors: UNAUTHENTICATED,
    /// INVALID_DATA.
    async fn duplicate_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An e-mail address; case does not matter.")] email: Option<String>,
        #[graphql(desc = "A phone number, however it is written.")] phone: Option<String>,
        #[graphql(
            desc = "The country of a national phone number, by its two letters (ISO 3166); without it \
                    that of CRM_PHONE_REGION."
        )]
        phone_region: Option<String>,
        #[graphql(desc = "Whether archived leads count too.", default)] include_archived: bool,
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
