use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql};
use diesel::expression::{Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::row::{Field, NamedRow, Row};
use diesel::sql_types::{
    Array, BigInt, Bool, Double, Integer, Jsonb, Nullable, Text, Timestamptz, Untyped, Uuid,
};

use crate::db::UsersRevision;
use crate::db::schema::{leads, sql_types};
use crate::service::leads::lead::full_name;
use crate::service::leads::search::MatchKind;
use crate::service::leads::{Lead, LeadSource, LeadStatus};
use crate::service::{Json, LeadId, UserId};

/// Declares the columns that a list can read of a lead: how each is called, what it is in Rust, and
/// what in SQL.
macro_rules! listed_lead {
    ($($column:ident: $type:ty as $sql:ty,)*) => {
        /// A lead as a list has it: with the columns that were asked for, and nothing in place of the
        /// others. To look at one that was not read is a defect, and panics.
        #[derive(Debug, Clone, Default)]
        pub struct ListedLead {
            $($column: Option<$type>,)*
            pub(crate) last_name_key: Option<String>,
            pub(crate) company_key: Option<String>,
            /// How it was found.
            pub(crate) found: MatchKind,
            pub(crate) users_revision: Option<i64>,
        }

        const COLUMNS: &[&str] = &[$(stringify!($column),)* "last_name_key", "company_key"];

        #[expect(missing_docs, reason = "the columns, documented for clients in graphql")]
        impl ListedLead {
            $(pub fn $column(&self) -> &$type {
                self.$column.as_ref().expect("a list reads the columns of the fields that it shows")
            })*
        }

        /// All columns are read.
        impl From<Lead> for ListedLead {
            fn from(lead: Lead) -> Self {
                Self { $($column: Some(lead.$column),)* ..Self::default() }
            }
        }

        impl QueryableByName<Pg> for ListedLead {
            fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
                let mut lead = Self::default();
                for index in 0..row.field_count() {
                    let field = &Row::get(row, index).ok_or("a column is missing")?;
                    match field.field_name().unwrap_or_default() {
                        $(stringify!($column) => lead.$column = Some(value::<$sql, _>(field)?),)*
                        "last_name_key" => lead.last_name_key = value::<Nullable<Text>, _>(field)?,
                        "company_key" => lead.company_key = value::<Nullable<Text>, _>(field)?,
                        "users_revision" => lead.users_revision = value::<Nullable<BigInt>, _>(field)?,
                        // Of a statement that reads a page, see `search::statements`.
                        "is_whole" => {}
                        other => return Err(format!("leads have no column {other}").into()),
                    }
                }
                Ok(lead)
            }
        }
    };
}

listed_lead! {
    id: LeadId as Uuid,
    first_name: Option<String> as Nullable<Text>,
    last_name: Option<String> as Nullable<Text>,
    email: Option<String> as Nullable<Text>,
    phone: Option<String> as Nullable<Text>,
    company: Option<String> as Nullable<Text>,
    source: LeadSource as sql_types::LeadSource,
    status: LeadStatus as sql_types::LeadStatus,
    assigned_to: Option<UserId> as Nullable<Uuid>,
    lead_score: i32 as Integer,
    score_is_manual: bool as Bool,
    has_business_email: bool as Bool,
    conversion_probability: f64 as Double,
    last_contact_date: Option<DateTime<Utc>> as Nullable<Timestamptz>,
    next_follow_up: Option<DateTime<Utc>> as Nullable<Timestamptz>,
    call_attempts: i32 as Integer,
    tags: Vec<String> as Array<Text>,
    custom_fields: Json as Jsonb,
    created_at: DateTime<Utc> as Timestamptz,
    updated_at: DateTime<Utc> as Timestamptz,
    version: i32 as Integer,
    archived_at: Option<DateTime<Utc>> as Nullable<Timestamptz>,
    status_before_archive: Option<LeadStatus> as Nullable<sql_types::LeadStatus>,
}

fn value<'a, S, T: FromSql<S, Pg>>(field: &impl Field<'a, Pg>) -> deserialize::Result<T> {
    T::from_nullable_sql(field.value())
}

impl ListedLead {
    /// See [`Lead::full_name`].
    pub fn full_name(&self) -> std::borrow::Cow<'_, str> {
        full_name(self.first_name(), self.last_name(), self.company())
    }

    /// The approximate number of bytes that it takes in memory.
    pub fn size(&self) -> usize {
        let texts = [
            &self.first_name,
            &self.last_name,
            &self.email,
            &self.phone,
            &self.company,
        ];
        let texts = texts.into_iter().flatten().flatten();
        let texts = texts.chain(self.tags.iter().flatten()).map(String::len);
        let custom_fields = self.custom_fields.as_ref();
        size_of::<Self>()
            + texts.sum::<usize>()
            + custom_fields.map_or(0, |fields| fields.as_str().len())
    }
}

/// The columns of a list of leads that are read. Finding, sending and decoding columns that the query
/// does not name was a third of the work on a page, for PostgreSQL as for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns(u32);

/// Stands for the users' revision, which is no column: see [`crate::db::Premise`].
const USERS_REVISION: u32 = 1 << COLUMNS.len();

impl Columns {
    /// All of them.
    pub const ALL: Self = Self((1 << COLUMNS.len()) - 1);
    /// The id alone, which is always read.
    pub const ID: Self = Self(1);

    /// These and the column of this name; all, if there is none of this name.
    pub fn and(self, column: &str) -> Self {
        match COLUMNS.iter().position(|name| *name == column) {
            Some(position) => Self(self.0 | 1 << position),
            None => Self(self.0 | Self::ALL.0),
        }
    }

    /// The number of columns.
    pub(super) fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    /// These and the users' revision.
    pub fn and_users_revision(self) -> Self {
        Self(self.0 | USERS_REVISION)
    }
}

impl QueryFragment<Pg> for Columns {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let is_wanted = |(position, _): &(usize, &&str)| self.0 & 1 << position != 0;
        let wanted = COLUMNS.iter().enumerate().filter(is_wanted);
        for (position, (_, column)) in wanted.enumerate() {
            out.push_sql(if position == 0 { "" } else { ", " });
            out.push_identifier("leads")?;
            out.push_sql(".");
            out.push_identifier(column)?;
        }
        if self.0 & USERS_REVISION != 0 {
            out.push_sql(", ");
            UsersRevision.walk_ast(out.reborrow())?;
            out.push_sql(" AS users_revision");
        }
        Ok(())
    }
}

/// Which columns there are is not in the type, so rows are read by their names.
impl Expression for Columns {
    type SqlType = Untyped;
}

impl AppearsOnTable<leads::table> for Columns {}
impl SelectableExpression<leads::table> for Columns {}

impl ValidGrouping<()> for Columns {
    type IsAggregate = is_aggregate::No;
}

/// Nor are statements told apart by the type, but by their text.
impl QueryId for Columns {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(test)]
mod tests {
    use super::Columns;

    #[test]
    fn an_unknown_column_reads_them_all() {
        assert_eq!(Columns::ID.and("no_such_column"), Columns::ALL);
        assert_ne!(Columns::ID.and("email"), Columns::ALL);
    }
}
