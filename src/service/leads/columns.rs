use diesel::expression::{
    Expression, Selectable, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;

use crate::db::schema::leads;
use crate::service::leads::list::LeadRow;

/// The columns of [`LeadRow`] in its order, each with what stands in its place where nobody
/// asked for it.
const COLUMNS: [(&str, &str); 25] = [
    ("id", ""),
    ("first_name", "''"),
    ("last_name", "''"),
    ("email", "NULL"),
    ("phone", "NULL"),
    ("company", "NULL"),
    ("source", "'OTHER'::lead_source"),
    ("status", "'NEW'::lead_status"),
    ("assigned_to", "NULL"),
    ("lead_score", "0"),
    ("score_is_manual", "false"),
    ("has_business_email", "false"),
    ("conversion_probability", "0::float8"),
    ("last_contact_date", "NULL"),
    ("next_follow_up", "NULL"),
    ("call_attempts", "0"),
    ("tags", "'{}'::text[]"),
    ("custom_fields", "'{}'::jsonb"),
    ("created_at", "'epoch'::timestamptz"),
    ("updated_at", "'epoch'::timestamptz"),
    ("version", "0"),
    ("archived_at", "NULL"),
    ("status_before_archive", "NULL"),
    ("last_name_key", "''"),
    ("company_key", "NULL"),
];

/// Which columns of a list of leads are read. What is not read has an empty value in the answer,
/// which nobody may look at: reading, sending and decoding columns that the query does not name
/// was a third of PostgreSQL's work on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns(u32);

impl Columns {
    /// All of them.
    pub const ALL: Self = Self((1 << COLUMNS.len()) - 1);
    /// The id alone, which is always read.
    pub const ID: Self = Self(1);

    /// These and the column of this name; all, if there is none of this name.
    pub fn and(self, column: &str) -> Self {
        match COLUMNS.iter().position(|(name, _)| *name == column) {
            Some(position) => Self(self.0 | 1 << position),
            None => Self::ALL,
        }
    }

    fn has(self, position: usize) -> bool {
        self.0 & 1 << position != 0
    }
}

impl QueryFragment<Pg> for Columns {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (position, (column, absent)) in COLUMNS.iter().enumerate() {
            if position > 0 {
                out.push_sql(", ");
            }
            if self.has(position) {
                out.push_identifier("leads")?;
                out.push_sql(".");
                out.push_identifier(column)?;
            } else {
                out.push_sql(absent);
            }
        }
        Ok(())
    }
}

impl Expression for Columns {
    type SqlType = <<LeadRow as Selectable<Pg>>::SelectExpression as Expression>::SqlType;
}

impl AppearsOnTable<leads::table> for Columns {}
impl SelectableExpression<leads::table> for Columns {}

impl ValidGrouping<()> for Columns {
    type IsAggregate = is_aggregate::No;
}

/// Which columns they are is not in the type: statements are told apart by their text.
impl QueryId for Columns {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(test)]
mod tests {
    use diesel::debug_query;
    use diesel::pg::Pg;
    use diesel::prelude::*;

    use super::Columns;
    use crate::db::schema::leads;
    use crate::service::leads::list::LeadRow;

    #[test]
    fn all_columns_are_those_of_a_listed_lead_in_its_order() {
        let whole = leads::table.select(LeadRow::as_select());
        let columns = leads::table.select(Columns::ALL);
        assert_eq!(
            debug_query::<Pg, _>(&columns).to_string(),
            debug_query::<Pg, _>(&whole).to_string()
        );
    }

    #[test]
    fn an_unknown_column_reads_them_all() {
        assert_eq!(Columns::ID.and("no_such_column"), Columns::ALL);
        assert_ne!(Columns::ID.and("email"), Columns::ALL);
    }
}
