//! The leads that an actor may see, said twice from one table: as a condition on leads, and as the set of
//! assignees whose leads these are, for what is counted without reading them.

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
/// `From` is what the query reads from: the leads, or the leads joined with something of theirs.
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

/// Whose leads the actor may see: the same as [`visible_to`].
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
