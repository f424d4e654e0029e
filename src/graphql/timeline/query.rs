use async_graphql::connection::EmptyFields;
use async_graphql::{Context, Object};

use crate::graphql::connection::{Connection, PageArguments, opaque};
use crate::graphql::context::{actor, db, size};
use crate::graphql::error::answer;
use crate::graphql::loaders::{EntriesOf, Loaders};
use crate::graphql::objects::Note;
use crate::graphql::timeline::{NoteConnection, Position, TimelineEntryConnection};
use crate::service::page::{Page, PageResult, Start};
use crate::service::timeline::{self, Entry, EntryType, NoteType};
use crate::service::{LeadId, Result};

#[derive(Default)]
pub struct TimelineQuery;

#[Object]
impl TimelineQuery {
    /// The log of all leads that the viewer may see, oldest first, for clients that follow changes.
    /// Continue after the last `position` you saw: no later entry is missed, in whatever order
    /// concurrent changes committed. Errors: UNAUTHENTICATED, INVALID_DATA.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `position` to continue after; from the beginning without one.")]
        after: Option<Position>,
        #[graphql(desc = "The number of entries, 1–100. Default 25.")] first: Option<i32>,
    ) -> Option<TimelineEntryConnection> {
        let slice = feed(ctx, after, first).await;
        answer(ctx, slice).map(|slice| entry_connection(slice, i64::to_string))
    }
}

async fn feed(
    ctx: &Context<'_>,
    after: Option<Position>,
    first: Option<i32>,
) -> Result<PageResult<Entry>> {
    let actor = actor(ctx)?;
    let page: Page<i64> = PageArguments {
        first,
        ..Default::default()
    }
    .page()?;
    let after = after.map_or(0, |position| position.0);
    let read = timeline::feed(db(ctx), actor, after, page.size);
    let read = size(ctx).reading(read, |slice| slice.rows.iter().map(Entry::size).sum());
    read.await
}

/// The page of a lead's timeline.
pub(in crate::graphql) async fn entries_of(
    ctx: &Context<'_>,
    lead: LeadId,
    types: Option<Vec<EntryType>>,
    first: Option<i32>,
    after: Option<String>,
) -> Option<TimelineEntryConnection> {
    let slice = page_of(ctx, lead, types, first, after).await?;
    Some(entry_connection(slice, opaque))
}

/// The page of a lead's notes.
pub(in crate::graphql) async fn notes_of(
    ctx: &Context<'_>,
    lead: LeadId,
    types: Option<Vec<NoteType>>,
    first: Option<i32>,
    after: Option<String>,
) -> Option<NoteConnection> {
    let types = types.unwrap_or_else(|| NoteType::ALL.to_vec());
    let types = types.into_iter().map(EntryType::from).collect();
    let slice = page_of(ctx, lead, Some(types), first, after).await?;
    let notes = PageResult {
        rows: slice.rows.into_iter().filter_map(Note::of).collect(),
        has_previous: slice.has_previous,
        has_next: slice.has_next,
    };
    let row = |note: Note| (note.entry.position, note);
    Some(Connection::new(notes, EmptyFields, opaque, row))
}

async fn page_of(
    ctx: &Context<'_>,
    lead: LeadId,
    types: Option<Vec<EntryType>>,
    first: Option<i32>,
    after: Option<String>,
) -> Option<PageResult<Entry>> {
    let page = PageArguments {
        first,
        after,
        ..Default::default()
    };
    let page: Page<i64> = answer(ctx, page.page())?;
    let entries = EntriesOf {
        lead,
        types,
        size: page.size,
        after: match page.start {
            Start::After(position) => Some(position),
            Start::Offset(_) | Start::Before(_) => None,
        },
    };
    answer(ctx, ctx.data_unchecked::<Loaders>().load_one(entries).await)?
}

fn entry_connection(
    slice: PageResult<Entry>,
    cursor: fn(&i64) -> String,
) -> TimelineEntryConnection {
    let row = |entry: Entry| (entry.position, entry.into());
    Connection::new(slice, EmptyFields, cursor, row)
}
