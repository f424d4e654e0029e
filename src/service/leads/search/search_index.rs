//! The conditions of a filter that the index of `lead_search` supports.

use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Nullable};
use uuid::Uuid;

use crate::db::schema::{lead_search, leads};
use crate::service::leads::expression::{IndexCondition, both, lead_owner};
use crate::service::leads::search::Search;
use crate::service::leads::{Archived, AssigneeSet, LeadFilter, visible_assignees};
use crate::service::{Actor, Json, UserId, text};

/// The owner of unassigned leads in the index.
const NOBODY: UserId = UserId(Uuid::nil());

/// The condition that a lead's row of `lead_search` meets a condition.
pub(in crate::service::leads) struct InIndex(pub IndexCondition);

impl Expression for InIndex {
    type SqlType = Nullable<Bool>;
}

impl QueryFragment<Pg> for InIndex {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("leads.id IN (SELECT lead_id FROM lead_search WHERE ");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl AppearsOnTable<leads::table> for InIndex {}
impl SelectableExpression<leads::table> for InIndex {}

impl ValidGrouping<()> for InIndex {
    type IsAggregate = is_aggregate::Never;
}

/// No static id: the condition is not in the type, so that statements are cached by their text.
impl QueryId for InIndex {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// A superset of the matching leads, as rows of `lead_search`; `None` if the filter has no condition for
/// its index: a search, tags or custom fields.
pub(in crate::service::leads) fn in_index(
    filter: &LeadFilter,
    actor: &Actor,
    search: Option<IndexCondition>,
) -> Option<IndexCondition> {
    let mut all: Vec<IndexCondition> = search.into_iter().collect();
    add_listed(filter, &mut all);
    if all.is_empty() {
        return None;
    }
    add_archived(filter, &mut all);
    match owners(filter, actor) {
        AssigneeSet::Everybody => {}
        AssigneeSet::Somebody => {
            all.push(Box::new(lead_search::assigned_to.is_not_null().nullable()))
        }
        AssigneeSet::Only(owners) => {
            let owners = owners.into_iter().map(|owner| owner.unwrap_or(NOBODY));
            let owners: Vec<UserId> = owners.collect();
            let owner = lead_owner(lead_search::assigned_to).overlaps_with(owners);
            all.push(Box::new(owner.nullable()));
        }
    }
    all.into_iter().reduce(both)
}

/// The same rows, if they are exactly the matching leads, so that they can be counted.
pub(in crate::service::leads) fn whole_in_index(
    filter: &LeadFilter,
    actor: &Actor,
) -> Option<IndexCondition> {
    let rest = LeadFilter {
        assigned_to: None,
        unassigned: None,
        tags_all: None,
        tags_any: None,
        archived: None,
        custom_fields: None,
        search: Search::default(),
        ..filter.clone()
    };
    let fields = filter.custom_fields.as_ref();
    let is_whole = rest == LeadFilter::default()
        && fields.is_none_or(Json::has_content)
        && (filter.search.is_empty() || filter.search.in_index().is_some());
    in_index(filter, actor, filter.search.in_index()).filter(|_| is_whole)
}

/// The assignees that the filter selects, of those whose leads the actor may see.
pub(in crate::service::leads) fn owners(filter: &LeadFilter, actor: &Actor) -> AssigneeSet {
    let own = AssigneeSet::of(filter.assigned_to.as_deref(), filter.unassigned);
    let parts = filter.and.iter();
    let parts = parts.map(|part| AssigneeSet::of(part.assigned_to.as_deref(), part.unassigned));
    parts.fold(visible_assignees(actor).and(own), AssigneeSet::and)
}

/// Adds the tags and values of custom fields that all leads must have: each has a posting list.
fn add_listed(filter: &LeadFilter, all: &mut Vec<IndexCondition>) {
    // An empty list of tags is no condition, and has no posting list.
    if let Some(tags) = filter.tags_all.as_ref().filter(|tags| !tags.is_empty()) {
        all.push(Box::new(lead_search::tags.contains(keys(tags)).nullable()));
    }
    if let Some(tags) = &filter.tags_any {
        let any = lead_search::tags.overlaps_with(keys(tags));
        all.push(Box::new(any.nullable()));
    }
    // An object without values has no posting list: the whole index would be scanned.
    if let Some(fields) = filter.custom_fields.clone().filter(Json::has_content) {
        let fields = lead_search::custom_fields.contains(fields);
        all.push(Box::new(fields.nullable()));
    }
    filter.and.iter().for_each(|part| add_listed(part, all));
}

fn add_archived(filter: &LeadFilter, all: &mut Vec<IndexCondition>) {
    match filter.archived {
        None | Some(Archived::Exclude) => {
            all.push(Box::new(
                diesel::dsl::not(lead_search::is_archived).nullable(),
            ));
        }
        Some(Archived::Only) => all.push(Box::new(lead_search::is_archived.nullable())),
        Some(Archived::Include) => {}
    }
}

/// The keys that tags are compared by.
fn keys(tags: &[String]) -> Vec<String> {
    tags.iter().map(|tag| text::key(tag)).collect()
}
