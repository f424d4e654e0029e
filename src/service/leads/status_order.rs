use diesel::prelude::*;
use diesel::sql_types::{Nullable, Record, Timestamp, Timestamptz, Uuid};

use crate::db::schema::{leads, sql_types};
use crate::service::leads::order::{LeadQuery, Place, Segment, SortKey, hidden};
use crate::service::leads::sql::lead_time;
use crate::service::leads::{LeadFilter, LeadOrder, LeadOrderField, LeadStatus};

/// Orders in which indexes have the leads of each status. What leads are ordered by goes with their
/// status: those that are asked for may all lie at the far end of the order of all.
impl LeadOrder {
    /// The statuses along whose leads a list goes, each once; none if it goes along all. Those of
    /// several are merged, but for times, where no status is so rare among others.
    pub(super) fn statuses(self, filter: &LeadFilter) -> Vec<LeadStatus> {
        let mut statuses = filter.status.clone().unwrap_or_default();
        statuses.sort();
        statuses.dedup();
        let is_ordered = match self.field {
            LeadOrderField::LeadScore | LeadOrderField::ConversionProbability => true,
            // A list of one goes by `lead_time`, which no other condition is of.
            LeadOrderField::CreatedAt
            | LeadOrderField::LastContactDate
            | LeadOrderField::NextFollowUp => {
                statuses.len() == 1 && filter.bounds_alone(self.field).is_empty()
            }
            _ => false,
        };
        if !is_ordered {
            statuses.clear();
        }
        statuses
    }

    /// The leads of one status from `place` on, as [`LeadOrder::seek`] has those of all.
    pub(super) fn seek_in_status(
        self,
        status: LeadStatus,
        segment: Segment,
        backwards: bool,
        place: Option<&Place>,
    ) -> LeadQuery<'static> {
        // Of one status that it sees, PostgreSQL knows how frequent it is: see [`hidden`].
        let status = hidden!(status, sql_types::LeadStatus).assume_not_null();
        let query = leads::table.filter(leads::status.eq(status)).into_boxed();
        let descending = self.descends(backwards);
        macro_rules! seek {
            ($column:ident) => {{
                let time = lead_time(leads::$column.nullable());
                let query = match segment {
                    Segment::Valued => query.filter(time.is_not_null()),
                    Segment::Null => query.filter(time.is_null()),
                };
                let query = match place {
                    Some(Place { key, id, .. }) => {
                        let id = hidden!(*id, Uuid).assume_not_null();
                        let row =
                            (time, leads::id).into_sql::<Record<(Nullable<Timestamp>, Uuid)>>();
                        match (key, descending) {
                            (SortKey::Time(at), true) => {
                                query.filter(row.lt((lead_time(hidden!(*at, Timestamptz)), id)))
                            }
                            (SortKey::Time(at), false) => {
                                query.filter(row.gt((lead_time(hidden!(*at, Timestamptz)), id)))
                            }
                            (_, true) => query.filter(leads::id.lt(id)),
                            (_, false) => query.filter(leads::id.gt(id)),
                        }
                    }
                    None => query,
                };
                if descending {
                    query.order_by((time.desc(), leads::id.desc()))
                } else {
                    query.order_by((time.asc(), leads::id.asc()))
                }
            }};
        }
        match self.field {
            LeadOrderField::CreatedAt => seek!(created_at),
            LeadOrderField::LastContactDate => seek!(last_contact_date),
            LeadOrderField::NextFollowUp => seek!(next_follow_up),
            _ => self.seek(query, segment, backwards, place),
        }
    }
}
