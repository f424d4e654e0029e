//! Leads, as the client sees them.

mod count;
mod filter;
mod input;
mod mutation;
mod object;
mod payload;
mod permissions;
mod query;
mod score;
mod tags;

pub use input::{LeadFilter, NewLeadInput, lead_filter, lead_filter_at};
pub use mutation::LeadMutation;
pub use object::{LeadSource, LeadStatus};
pub use query::{LeadConnection, LeadOrder, LeadQuery, lead_connection};
pub use tags::TagQuery;
