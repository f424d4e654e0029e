use std::marker::PhantomData;

use diesel::expression::{TypedExpressionType, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Nullable, SqlType};

/// A constant in the statement itself: `TRUE`, `FALSE`, or a word of an enum.
///
/// Diesel binds values as parameters. PostgreSQL's generic plan then estimates half of all rows for a
/// boolean and very few for a range, so that the statement is planned badly, or anew at every execution.
#[derive(Debug, Clone, Copy)]
pub struct Constant<Type = Nullable<Bool>>(Value, PhantomData<Type>);

#[derive(Debug, Clone, Copy)]
enum Value {
    Truth(bool),
    Word(&'static str),
}

impl Constant {
    /// `TRUE` or `FALSE`.
    pub fn truth(is_true: bool) -> Self {
        Self(Value::Truth(is_true), PhantomData)
    }
}

impl<Type> Constant<Type> {
    /// A word of an enum, of letters and underscores.
    pub fn word(word: &'static str) -> Self {
        Self(Value::Word(word), PhantomData)
    }
}

impl<Type> Expression for Constant<Type>
where
    Type: SqlType + TypedExpressionType,
{
    type SqlType = Type;
}

impl<Type> QueryFragment<Pg> for Constant<Type> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self.0 {
            Value::Truth(true) => out.push_sql("TRUE"),
            Value::Truth(false) => out.push_sql("FALSE"),
            Value::Word(word) => {
                out.push_sql("'");
                out.push_sql(word);
                out.push_sql("'");
            }
        }
        Ok(())
    }
}

impl<Type, From> AppearsOnTable<From> for Constant<Type> where Self: Expression {}

impl<Type, From> SelectableExpression<From> for Constant<Type> where Self: Expression {}

impl<Type> ValidGrouping<()> for Constant<Type> {
    type IsAggregate = is_aggregate::Never;
}

/// No static id: the value is not in the type, so that statements are cached by their text.
impl<Type> QueryId for Constant<Type> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
