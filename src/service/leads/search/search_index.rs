//! The conditions of a filter that the index of `lead_search` has.

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

/// The owner of the leads of nobody.
const NOBODY: UserId = UserId(Uuid::nil());

/// The leads whose rows of `lead_search` fulfil a condition.
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

/// The condition is not in the type: statements are told apart by their text.
impl QueryId for InIndex {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// Rows of `lead_search`, among them those of all leads that are meant; nothing if the filter says
/// nothing that its index is asked for: a search, tags or custom fields.
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

/// The same rows, if they are just those of the leads that are meant: they can be counted.
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

/// Whose leads the filter means, of those that the actor may see.
pub(in crate::service::leads) fn owners(filter: &LeadFilter, actor: &Actor) -> AssigneeSet {
    let own = AssigneeSet::of(filter.assigned_to.as_deref(), filter.unassigned);
    let parts = filter.and.iter();
    let parts = parts.map(|part| AssigneeSet::of(part.assigned_to.as_deref(), part.unassigned));
    parts.fold(visible_assignees(actor).and(own), AssigneeSet::and)
}

/// The tags and values of custom fields that all of them have: each has a list in the index.
fn add_listed(filter: &LeadFilter, all: &mut Vec<IndexCondition>) {
    // All of none is no condition, and no list of the index has it.
    if let Some(tags) = filter.tags_all.as_ref().filter(|tags| !tags.is_empty()) {
        all.push(Box::new(lead_search::tags.contains(keys(tags)).nullable()));
    }
    if let Some(tags) = &filter.tags_any {
        let any = lead_search::tags.overlaps_with(keys(tags));
        all.push(Box::new(any.nullable()));
    }
    // Without a value the index would be read from end to end: it has no list of that.
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
