//! The leads that an actor may see, in two forms from one table: as a condition on leads, and as the set
//! of their assignees, for figures that are counted without reading leads.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use crate::db::Constant;
use crate::db::schema::leads;
use crate::service::Actor;
use crate::service::leads::AssigneeSet;
use crate::service::permission::{Action, Scope, scope};

/// The leads that the actor may see, as a condition: the row form of [`Action::ReadLead`].
///
/// `From` is the FROM clause of the query: the leads, or a join with the leads.
pub fn visible_to<From>(
    actor: &Actor,
) -> Box<dyn BoxableExpression<From, Pg, SqlType = Nullable<Bool>>>
where
    leads::assigned_to: SelectableExpression<From>,
{
    match scope(actor.role, Action::ReadLead) {
        Scope::All => Box::new(Constant::truth(true)),
        Scope::Team => Box::new(
            leads::assigned_to
                .eq_any(actor.team.clone())
                .or(leads::assigned_to.is_null()),
        ),
        Scope::Own => Box::new(leads::assigned_to.eq(actor.id)),
        Scope::Nothing => Box::new(Constant::truth(false)),
    }
}

/// The assignees whose leads the actor may see: the same as [`visible_to`].
pub fn visible_assignees(actor: &Actor) -> AssigneeSet {
    match scope(actor.role, Action::ReadLead) {
        Scope::All => AssigneeSet::Everybody,
        Scope::Team => {
            let team = actor.team.iter().copied().map(Some);
            team.chain([None]).collect()
        }
        Scope::Own => [Some(actor.id)].into_iter().collect(),
        Scope::Nothing => [].into_iter().collect(),
    }
}
