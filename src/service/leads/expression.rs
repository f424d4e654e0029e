//! The types and SQL functions that queries and conditions on leads are made of.

use diesel::dsl::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text, Uuid};

use crate::db::Constant;
use crate::db::schema::{lead_search, leads};

/// A query over leads whose conditions and order are still being built.
pub type LeadQuery<'a> = IntoBoxed<'a, leads::table, Pg>;

/// A condition on a lead.
///
/// NULL counts as false. `and` and `or` keep to that by themselves; `not` is written as
/// `IS DISTINCT FROM true`, so that "not company X" also finds leads without a company.
pub type Condition = Box<dyn BoxableExpression<leads::table, Pg, SqlType = Nullable<Bool>>>;

/// A condition on the rows of one table.
pub(super) type On<Table> = Box<dyn BoxableExpression<Table, Pg, SqlType = Nullable<Bool>>>;

/// A condition on `lead_search`, the table with the search index.
pub(super) type IndexCondition = On<lead_search::table>;

diesel::define_sql_function! {
    /// The position of a part in a text, from 1; 0 if the text does not contain it.
    fn strpos(text: Nullable<Text>, part: Nullable<Text>) -> Nullable<Integer>;
}
diesel::infix_operator!(HasMatch, " ~ ", backend: diesel::pg::Pg);
diesel::define_sql_function! {
    /// True if a text has characters that are not ASCII.
    fn beyond_ascii(text: Text) -> Bool;
}
diesel::define_sql_function! {
    /// The words of the name in `search_text`.
    fn words_of_name(search_text: Text) -> Array<Text>;
}
diesel::define_sql_function! {
    /// The assignee of a lead in the index of `lead_search`; [`uuid::Uuid::nil`] for unassigned leads.
    fn lead_owner(assigned_to: Nullable<Uuid>) -> Array<Uuid>;
}
diesel::define_sql_function! {
    /// Candidates for words of names that are similar to this one.
    fn near_words(typed: Text) -> Array<Text>;
}

/// Escapes a text for a LIKE pattern: its own `%`, `_` and `\`.
pub(crate) fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        if matches!(c, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

pub(super) fn every(conditions: Vec<Condition>) -> Condition {
    let all = conditions
        .into_iter()
        .reduce(|left, right| Box::new(left.and(right)));
    all.unwrap_or_else(|| Box::new(Constant::truth(true)))
}

pub(super) fn both<Table: 'static>(left: On<Table>, right: On<Table>) -> On<Table>
where
    diesel::dsl::And<On<Table>, On<Table>, Nullable<Bool>>:
        BoxableExpression<Table, Pg, SqlType = Nullable<Bool>>,
{
    Box::new(left.and(right))
}

pub(super) fn either<Table: 'static>(left: On<Table>, right: On<Table>) -> On<Table>
where
    diesel::dsl::Or<On<Table>, On<Table>, Nullable<Bool>>:
        BoxableExpression<Table, Pg, SqlType = Nullable<Bool>>,
{
    Box::new(left.or(right))
}
