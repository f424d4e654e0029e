use async_graphql::connection::EmptyFields;
use async_graphql::{Context, Object};

use crate::graphql::connection::{Connection, PageArguments, opaque};
use crate::graphql::context::{actor, db};
use crate::graphql::error::answer;
use crate::graphql::note::{Note, NoteConnection};
use crate::service::page::{Page, Slice, Start};
use crate::service::timeline;
use crate::service::{Result, ServiceError};

#[derive(Default)]
pub struct NoteQuery;

#[Object]
impl NoteQuery {
    /// The log over all leads that the viewer may see, oldest first: for clients that follow along.
    /// Ask again with the last `position` you saw: nothing that came later is missed, whatever
    /// order the writers finished in. Errors: UNAUTHENTICATED, INVALID_DATA.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `position` to continue after; from the beginning without one.")]
        after: Option<String>,
        #[graphql(desc = "How many entries, 1–100. Default 25.")] first: Option<i32>,
    ) -> Option<NoteConnection> {
        let slice = feed(ctx, after, first).await;
        answer(ctx, slice).map(|slice| page_of_notes(slice, i64::to_string))
    }
}

async fn feed(
    ctx: &Context<'_>,
    after: Option<String>,
    first: Option<i32>,
) -> Result<Slice<timeline::Note>> {
    let actor = actor(ctx)?;
    let after = after.unwrap_or_else(|| "0".to_owned()).parse();
    let after = after.map_err(|_| ServiceError::invalid("after", "is not a position"))?;
    let page: Page<i64> = PageArguments {
        first,
        ..Default::default()
    }
    .page()?;
    timeline::feed(db(ctx), actor, after, page.size).await
}

/// Which page of a lead's notes.
pub(in crate::graphql) fn notes_page(
    after: Option<String>,
    first: Option<i32>,
) -> Result<(usize, Option<i64>)> {
    let page: Page<i64> = PageArguments {
        first,
        after,
        ..Default::default()
    }
    .page()?;
    let after = match page.start {
        Start::After(position) => Some(position),
        Start::Offset(_) | Start::Before(_) => None,
    };
    Ok((page.size, after))
}

/// A page of a lead's notes as a connection.
pub(in crate::graphql) fn note_connection(slice: Slice<timeline::Note>) -> NoteConnection {
    page_of_notes(slice, opaque)
}

fn page_of_notes(slice: Slice<timeline::Note>, cursor: fn(&i64) -> String) -> NoteConnection {
    let row = |note: timeline::Note| (note.position, Note(note));
    Connection::new(slice, EmptyFields, cursor, row)
}
