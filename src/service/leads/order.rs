use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Double, Integer, Nullable, Record, Text, Timestamptz, Uuid};
use serde::{Deserialize, Serialize};

use crate::db::schema::{leads, sql_types};
use crate::service::LeadId;
use crate::service::leads::expression::{Condition, LeadQuery};
use crate::service::leads::{LeadSource, LeadStatus, ListedLead, MatchKind};
use crate::service::validation::stored_date;

/// The fields that a list can be ordered by. Ties are broken by id, leads without a value come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each names its column")]
pub enum LeadOrderField {
    LeadScore,
    CreatedAt,
    UpdatedAt,
    LastContactDate,
    NextFollowUp,
    LastName,
    Company,
    ConversionProbability,
    Status,
    Source,
}

/// The direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they say it")]
pub enum Direction {
    Asc,
    Desc,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadOrder {
    /// The field to order by.
    pub field: LeadOrderField,
    /// The direction.
    pub direction: Direction,
}

/// The newest first.
impl Default for LeadOrder {
    fn default() -> Self {
        Self {
            field: LeadOrderField::CreatedAt,
            direction: Direction::Desc,
        }
    }
}

/// The value a lead is ordered by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SortKey {
    /// A score.
    Integer(i32),
    /// A probability.
    Double(f64),
    /// A point in time.
    Time(DateTime<Utc>),
    /// A name in its comparison form: lower case, no accents.
    Text(String),
    /// A status, in the order of the pipeline.
    Status(LeadStatus),
    /// A source, in the order of the API's list of them.
    Source(LeadSource),
    /// None: after all others, whatever the direction.
    Null,
}

/// A lead's position in an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// The value it is ordered by.
    pub key: SortKey,
    /// The id that breaks the tie.
    pub id: LeadId,
    /// True if it is a result of typo correction, which come after all exact matches.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_near: bool,
}

impl Cursor {
    /// The part of the order that the lead belongs to.
    pub(crate) fn part(&self) -> NullsPart {
        match self.key {
            SortKey::Null => NullsPart::Null,
            _ => NullsPart::Valued,
        }
    }
}

/// The two parts of every order. An index has each in its order, so that a page needs no sorting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NullsPart {
    /// The leads that have a value.
    Valued,
    /// The leads that have none, last.
    Null,
}

impl LeadOrder {
    /// The lead's position in this order.
    pub fn cursor(self, lead: &ListedLead) -> Cursor {
        let time = |value: &Option<DateTime<Utc>>| value.map_or(SortKey::Null, SortKey::Time);
        let text = |value: &Option<String>| value.clone().map_or(SortKey::Null, SortKey::Text);
        let key = match self.field {
            LeadOrderField::LeadScore => SortKey::Integer(*lead.lead_score()),
            LeadOrderField::CreatedAt => SortKey::Time(*lead.created_at()),
            LeadOrderField::UpdatedAt => SortKey::Time(*lead.updated_at()),
            LeadOrderField::LastContactDate => time(lead.last_contact_date()),
            LeadOrderField::NextFollowUp => time(lead.next_follow_up()),
            LeadOrderField::LastName => text(&lead.last_name_key),
            LeadOrderField::Company => text(&lead.company_key),
            LeadOrderField::ConversionProbability => {
                SortKey::Double(*lead.conversion_probability())
            }
            LeadOrderField::Status => SortKey::Status(*lead.status()),
            LeadOrderField::Source => SortKey::Source(*lead.source()),
        };
        Cursor {
            key,
            id: *lead.id(),
            is_near: lead.found == MatchKind::FuzzyTerms,
        }
    }

    /// The column that is ordered by.
    pub(crate) fn column(self) -> &'static str {
        match self.field {
            LeadOrderField::LeadScore => "lead_score",
            LeadOrderField::CreatedAt => "created_at",
            LeadOrderField::UpdatedAt => "updated_at",
            LeadOrderField::LastContactDate => "last_contact_date",
            LeadOrderField::NextFollowUp => "next_follow_up",
            LeadOrderField::LastName => "last_name_key",
            LeadOrderField::Company => "company_key",
            LeadOrderField::ConversionProbability => "conversion_probability",
            LeadOrderField::Status => "status",
            LeadOrderField::Source => "source",
        }
    }

    /// True if the column of this order can be NULL.
    pub(crate) fn has_nulls(self) -> bool {
        matches!(
            self.field,
            LeadOrderField::LastContactDate
                | LeadOrderField::NextFollowUp
                | LeadOrderField::LastName
                | LeadOrderField::Company
        )
    }

    /// The parts of the order, as they are read.
    pub(crate) fn nulls_parts(self, backwards: bool) -> &'static [NullsPart] {
        match (self.has_nulls(), backwards) {
            (false, _) => &[NullsPart::Valued],
            (true, false) => &[NullsPart::Valued, NullsPart::Null],
            (true, true) => &[NullsPart::Null, NullsPart::Valued],
        }
    }

    /// The part that is read after this one.
    pub(crate) fn next(self, part: NullsPart, backwards: bool) -> Option<NullsPart> {
        let mut nulls_parts = self.nulls_parts(backwards).iter();
        nulls_parts.find(|other| **other == part)?;
        nulls_parts.next().copied()
    }

    /// The leads of one part of the order, if it has two.
    pub(crate) fn only(self, part: NullsPart) -> Option<Condition> {
        macro_rules! only {
            ($column:ident) => {
                match part {
                    NullsPart::Valued => Box::new(leads::$column.is_not_null().nullable()),
                    NullsPart::Null => Box::new(leads::$column.is_null().nullable()),
                }
            };
        }
        Some(match self.field {
            LeadOrderField::LastContactDate => only!(last_contact_date),
            LeadOrderField::NextFollowUp => only!(next_follow_up),
            LeadOrderField::LastName => only!(last_name_key),
            LeadOrderField::Company => only!(company_key),
            _ => return None,
        })
    }

    /// True if `key` is a valid value of this order: of its type, and storable in PostgreSQL.
    pub(crate) fn accepts(self, key: &SortKey) -> bool {
        use LeadOrderField::*;
        match key {
            SortKey::Integer(_) => self.field == LeadScore,
            SortKey::Double(_) => self.field == ConversionProbability,
            SortKey::Time(at) => {
                let is_time = matches!(
                    self.field,
                    CreatedAt | UpdatedAt | LastContactDate | NextFollowUp
                );
                is_time && stored_date(*at).is_ok()
            }
            SortKey::Text(text) => matches!(self.field, LastName | Company) && !text.contains('\0'),
            SortKey::Status(_) => self.field == Status,
            SortKey::Source(_) => self.field == Source,
            SortKey::Null => self.has_nulls(),
        }
    }

    /// The query from `position` on, in this direction or, for a page from the end, in the opposite one.
    pub(crate) fn seek<'a>(
        self,
        query: LeadQuery<'a>,
        part: NullsPart,
        backwards: bool,
        cursor: Option<&Cursor>,
    ) -> LeadQuery<'a> {
        let query = match self.only(part) {
            Some(only) => query.filter(only),
            None => query,
        };
        let query = match cursor {
            Some(cursor) => query.filter(self.after(backwards, cursor)),
            None => query,
        };
        self.sort(query, backwards)
    }

    /// The condition for the leads after `position`.
    ///
    /// It compares rows, `(column, id) < (value, id)`, so that an index scan starts at the position.
    /// Written with OR it would scan all earlier rows.
    pub(crate) fn after(self, backwards: bool, Cursor { key, id, .. }: &Cursor) -> Condition {
        let descending = self.descends(backwards);
        // A macro, because each column has its own type.
        macro_rules! after {
            ($column:ident, $sql_type:ty, $variant:ident) => {{
                let id = *id;
                let SortKey::$variant(value) = key else {
                    return if descending {
                        Box::new(leads::id.lt(id).nullable())
                    } else {
                        Box::new(leads::id.gt(id).nullable())
                    };
                };
                let row = (leads::$column.nullable(), leads::id)
                    .into_sql::<Record<(Nullable<$sql_type>, Uuid)>>();
                let cursor = (
                    value.clone().into_sql::<Nullable<$sql_type>>(),
                    id.into_sql::<Uuid>(),
                );
                if descending {
                    Box::new(row.lt(cursor).nullable())
                } else {
                    Box::new(row.gt(cursor).nullable())
                }
            }};
        }
        match self.field {
            LeadOrderField::LeadScore => after!(lead_score, Integer, Integer),
            LeadOrderField::CreatedAt => after!(created_at, Timestamptz, Time),
            LeadOrderField::UpdatedAt => after!(updated_at, Timestamptz, Time),
            LeadOrderField::LastContactDate => {
                after!(last_contact_date, Timestamptz, Time)
            }
            LeadOrderField::NextFollowUp => after!(next_follow_up, Timestamptz, Time),
            LeadOrderField::LastName => after!(last_name_key, Text, Text),
            LeadOrderField::Company => after!(company_key, Text, Text),
            LeadOrderField::ConversionProbability => after!(conversion_probability, Double, Double),
            LeadOrderField::Status => after!(status, sql_types::LeadStatus, Status),
            LeadOrderField::Source => after!(source, sql_types::LeadSource, Source),
        }
    }

    fn sort(self, query: LeadQuery<'_>, backwards: bool) -> LeadQuery<'_> {
        macro_rules! sort {
            ($column:ident) => {
                if self.descends(backwards) {
                    query.order_by((leads::$column.desc(), leads::id.desc()))
                } else {
                    query.order_by((leads::$column.asc(), leads::id.asc()))
                }
            };
        }
        match self.field {
            LeadOrderField::LeadScore => sort!(lead_score),
            LeadOrderField::CreatedAt => sort!(created_at),
            LeadOrderField::UpdatedAt => sort!(updated_at),
            LeadOrderField::LastContactDate => sort!(last_contact_date),
            LeadOrderField::NextFollowUp => sort!(next_follow_up),
            LeadOrderField::LastName => sort!(last_name_key),
            LeadOrderField::Company => sort!(company_key),
            LeadOrderField::ConversionProbability => sort!(conversion_probability),
            LeadOrderField::Status => sort!(status),
            LeadOrderField::Source => sort!(source),
        }
    }

    /// True if a page in this direction is read in descending order.
    pub(crate) fn descends(self, backwards: bool) -> bool {
        (self.direction == Direction::Desc) != backwards
    }
}
