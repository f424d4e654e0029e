//! The leads that an actor may see, said twice from one table: as a condition on leads, and as the set of
//! assignees whose leads these are, for what is counted without reading them.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use crate::db::Constant;
use crate::db::schema::leads;
use crate::service::Actor;
use crate::service::leads::Owners;
use crate::service::permission::{Action, Reach, reach};

/// The leads that the actor may see, as a condition: the row form of [`Action::ReadLead`].
///
/// `From` is what the query reads from: the leads, or the leads joined with something of theirs.
pub fn visible_to<From>(
    actor: &Actor,
) -> Box<dyn BoxableExpression<From, Pg, SqlType = Nullable<Bool>>>
where
    leads::assigned_to: SelectableExpression<From>,
{
    match reach(actor.role, Action::ReadLead) {
        Reach::All => Box::new(Constant::truth(true)),
        Reach::Team => Box::new(
            leads::assigned_to
                .eq_any(actor.team.clone())
                .or(leads::assigned_to.is_null()),
        ),
        Reach::Own => Box::new(leads::assigned_to.eq(actor.id)),
        Reach::Nothing => Box::new(Constant::truth(false)),
    }
}

/// Whose leads the actor may see: the same as [`visible_to`].
pub fn visible_owners(actor: &Actor) -> Owners {
    match reach(actor.role, Action::ReadLead) {
        Reach::All => Owners::Everybody,
        Reach::Team => {
            let team = actor.team.iter().copied().map(Some);
            team.chain([None]).collect()
        }
        Reach::Own => [Some(actor.id)].into_iter().collect(),
        Reach::Nothing => [].into_iter().collect(),
    }
}
