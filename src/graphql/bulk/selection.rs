use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};

use crate::graphql::attempt::uuid;
use crate::graphql::context::only_true;
use crate::graphql::lead::{LeadFilter, lead_filter_at};
use crate::service::leads::bulk::Selection;
use crate::service::leads::{self, Archived};
use crate::service::validation::FieldErrors;
use crate::service::{LeadId, Result, ServiceError, UserId};

/// The most malformed ids of a selection that are named.
const MOST_NAMED: usize = 100;
/// The path of the selection in the arguments of a bulk change.
const PATH: &str = "input.leads";

/// The selection of leads for a bulk change; exactly one of these.
#[derive(OneofObject)]
#[expect(clippy::large_enum_variant, reason = "there is one in a change")]
pub enum LeadSelection {
    /// These leads, each with a row in the result. With an empty list nothing is changed.
    Ids(Vec<ID>),
    /// The leads that `leads` would list with this filter and search.
    Matching(LeadMatch),
    /// `true`: every lead that the viewer may see and that is not archived; in `bulkRestore`, every
    /// archived one. INVALID_DATA for `false`.
    All(bool),
}

/// A selection of leads by filter and search. It must have a condition: INVALID_DATA for one without
/// any, or with nothing but `archived`; to select all leads, use `all`.
#[derive(InputObject, Clone)]
pub struct LeadMatch {
    /// As in `leads`: archived leads are left out unless asked for. In `bulkRestore`, leads that are not
    /// archived are left out unless asked for.
    filter: MaybeUndefined<LeadFilter>,
    /// The leads that match in `leads(search: …)`, without the results of typo correction.
    search: MaybeUndefined<String>,
}

/// The new assignee of leads; exactly one of these.
#[derive(OneofObject)]
pub enum Assignee {
    /// An active user.
    UserId(ID),
    /// `true`: nobody. INVALID_DATA for `false`.
    Nobody(bool),
}

impl LeadSelection {
    /// The selected leads; `unless_said` applies where the filter has no `archived`. Errors:
    /// `InvalidData`.
    pub(super) fn parse(&self, unless_said: Option<Archived>) -> Result<Selection> {
        let filter = match self {
            Self::Ids(ids) => return lead_ids(ids).map(Selection::Ids),
            Self::Matching(by) => by.clone().parse()?,
            Self::All(all) => {
                only_true(&format!("{PATH}.all"), *all)?;
                leads::LeadFilter::default()
            }
        };
        Ok(Selection::Filter(Box::new(leads::LeadFilter {
            archived: filter.archived.or(unless_said),
            ..filter
        })))
    }
}

impl LeadMatch {
    /// Errors: `InvalidData` for null, which could be a forgotten value, and for a filter that selects
    /// everything.
    fn parse(self) -> Result<leads::LeadFilter> {
        let path = format!("{PATH}.matching");
        let mut faults = FieldErrors::default();
        for (name, is_null) in [
            ("filter", self.filter.is_null()),
            ("search", self.search.is_null()),
        ] {
            if is_null {
                faults.add(&format!("{path}.{name}"), "must not be null: leave it out");
            }
        }
        let (filter, search) = (self.filter.take(), self.search.take());
        let filter = lead_filter_at(&format!("{path}."), filter, search, faults)?;
        if filter.narrows() {
            return Ok(filter);
        }
        Err(ServiceError::invalid(
            path,
            "must have a condition beside archived; all leads are selected by all: true",
        ))
    }
}

impl Assignee {
    /// Errors: `InvalidData`.
    pub(super) fn parse(&self) -> Result<Option<UserId>> {
        match self {
            Self::UserId(id) => uuid("input.to.userId", id).map(UserId).map(Some),
            Self::Nobody(nobody) => only_true("input.to.nobody", *nobody).map(|()| None),
        }
    }
}

/// Errors: `InvalidData` that names the malformed ones, the first hundred of them.
fn lead_ids(ids: &[ID]) -> Result<Vec<LeadId>> {
    let (mut good, mut faults) = (Vec::with_capacity(ids.len()), Vec::new());
    for (index, id) in ids.iter().enumerate() {
        match uuid(&format!("{PATH}.ids.{index}"), id) {
            Ok(id) => good.push(LeadId(id)),
            Err(ServiceError::InvalidData(fault)) => faults.extend(fault),
            Err(other) => return Err(other),
        }
        if faults.len() == MOST_NAMED {
            break;
        }
    }
    if faults.is_empty() {
        Ok(good)
    } else {
        Err(ServiceError::InvalidData(faults))
    }
}
