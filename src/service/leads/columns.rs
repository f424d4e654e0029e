use chrono::DateTime;
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
use crate::service::leads::search::MatchKind;
use crate::service::leads::{Lead, LeadSource, LeadStatus, ListedLead};
use crate::service::{Json, LeadId};

/// The columns of [`ListedLead`].
const COLUMNS: [&str; 25] = [
    "id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "company",
    "source",
    "status",
    "assigned_to",
    "lead_score",
    "score_is_manual",
    "has_business_email",
    "conversion_probability",
    "last_contact_date",
    "next_follow_up",
    "call_attempts",
    "tags",
    "custom_fields",
    "created_at",
    "updated_at",
    "version",
    "archived_at",
    "status_before_archive",
    "last_name_key",
    "company_key",
];

/// Which columns of a list of leads are read. Those that are not read are empty in the answer, and
/// nobody may look at them. Finding, sending and decoding columns that the query does not name was
/// a third of the work on a page, for PostgreSQL as for the server.
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

impl QueryableByName<Pg> for ListedLead {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let mut listed = unread();
        let lead = &mut listed.lead;
        for index in 0..row.field_count() {
            let field = &Row::get(row, index).ok_or("a column is missing")?;
            match field.field_name().unwrap_or_default() {
                "id" => lead.id = value::<Uuid, _>(field)?,
                "first_name" => lead.first_name = value::<Nullable<Text>, _>(field)?,
                "last_name" => lead.last_name = value::<Nullable<Text>, _>(field)?,
                "email" => lead.email = value::<Nullable<Text>, _>(field)?,
                "phone" => lead.phone = value::<Nullable<Text>, _>(field)?,
                "company" => lead.company = value::<Nullable<Text>, _>(field)?,
                "source" => lead.source = value::<sql_types::LeadSource, _>(field)?,
                "status" => lead.status = value::<sql_types::LeadStatus, _>(field)?,
                "assigned_to" => lead.assigned_to = value::<Nullable<Uuid>, _>(field)?,
                "lead_score" => lead.lead_score = value::<Integer, _>(field)?,
                "score_is_manual" => lead.score_is_manual = value::<Bool, _>(field)?,
                "has_business_email" => lead.has_business_email = value::<Bool, _>(field)?,
                "conversion_probability" => {
                    lead.conversion_probability = value::<Double, _>(field)?;
                }
                "last_contact_date" => {
                    lead.last_contact_date = value::<Nullable<Timestamptz>, _>(field)?;
                }
                "next_follow_up" => lead.next_follow_up = value::<Nullable<Timestamptz>, _>(field)?,
                "call_attempts" => lead.call_attempts = value::<Integer, _>(field)?,
                "tags" => lead.tags = value::<Array<Text>, _>(field)?,
                "custom_fields" => lead.custom_fields = value::<Jsonb, _>(field)?,
                "created_at" => lead.created_at = value::<Timestamptz, _>(field)?,
                "updated_at" => lead.updated_at = value::<Timestamptz, _>(field)?,
                "version" => lead.version = value::<Integer, _>(field)?,
                "archived_at" => lead.archived_at = value::<Nullable<Timestamptz>, _>(field)?,
                "status_before_archive" => {
                    lead.status_before_archive =
                        value::<Nullable<sql_types::LeadStatus>, _>(field)?;
                }
                "last_name_key" => listed.last_name_key = value::<Nullable<Text>, _>(field)?,
                "users_revision" => listed.users_revision = value::<Nullable<BigInt>, _>(field)?,
                // Of a statement that reads a page, see `search::statements`.
                "is_whole" => {}
                "company_key" => listed.company_key = value::<Nullable<Text>, _>(field)?,
                other => return Err(format!("leads have no column {other}").into()),
            }
        }
        Ok(listed)
    }
}

/// A lead of which nothing has been read yet.
fn unread() -> ListedLead {
    let lead = Lead {
        id: LeadId(uuid::Uuid::nil()),
        first_name: None,
        last_name: None,
        email: None,
        phone: None,
        company: None,
        source: LeadSource::Other,
        status: LeadStatus::New,
        assigned_to: None,
        lead_score: 0,
        score_is_manual: false,
        has_business_email: false,
        conversion_probability: 0.0,
        last_contact_date: None,
        next_follow_up: None,
        call_attempts: 0,
        tags: Vec::new(),
        custom_fields: Json::default(),
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
        version: 0,
        archived_at: None,
        status_before_archive: None,
        also_known_as: Vec::new(),
    };
    ListedLead {
        lead,
        last_name_key: None,
        company_key: None,
        found: MatchKind::Exact,
        users_revision: None,
    }
}

fn value<'a, S, T: FromSql<S, Pg>>(field: &impl Field<'a, Pg>) -> deserialize::Result<T> {
    T::from_nullable_sql(field.value())
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
