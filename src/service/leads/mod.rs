//! Leads: people who may become customers. A file per verb.

/// Changes of many leads at once, with a result for every row.
pub mod bulk;
pub mod scoring;

mod archive;
mod assign;
mod assignee_set;
mod call;
mod columns;
mod count;
mod create;
mod delete;
mod duplicates;
mod edit;
mod expression;
mod fill;
mod filter;
mod frequent_tags;
mod input;
mod lead;
mod limits;
mod list;
mod order;
mod query;
mod read;
mod score;
mod search;
mod sql;
mod status;
mod tag;
mod texts;
mod update;
mod visible;

pub use archive::{ArchiveLead, BulkArchive, BulkRestore, RestoreLead};
pub use assign::AssignLeads;
pub use assignee_set::AssigneeSet;
pub use call::RecordCallAttempt;
pub use columns::Columns;
pub use count::{COUNTED_AT_MOST, CountUpTo, count, count_up_to};
pub use create::{CreateLead, CreateLeads, MOST_AT_ONCE};
pub use delete::DeleteLead;
pub use duplicates::{DuplicatesOf, duplicates};
pub use expression::{Condition, LeadQuery};
pub use fill::fill_keys;
pub use filter::{Archived, DateMatch, LeadFilter, RangeFilter, TextMatch};
pub use frequent_tags::{TAGS_OF_NEWEST, TagCount, frequent_tags};
pub use input::{LeadPatch, NewLead};
pub use lead::{Keys, Lead, LeadSource, LeadStatus, ListedLead, MatchKind};
pub use list::list;
pub use order::{Cursor, Direction, LeadOrder, LeadOrderField, SortKey};
pub use read::{find_many, read, read_many};
pub use score::SetScore;
pub use search::Search;
pub use status::BulkUpdateStatus;
pub use tag::{BulkTag, TagChange, TagLead};
pub use update::UpdateLead;
pub use visible::{visible_assignees, visible_to};

pub(crate) use delete::delete;
pub(crate) use edit::{require_version, rescore};
pub(crate) use limits::check_filter_as;
pub(crate) use sql::{lock, lock_one, update_many};
