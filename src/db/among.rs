//! `column IN (subquery)` for a subquery that is a whole of its own.
//!
//! Diesel's own form asks the conditions of a subquery to fit the outer tables too, which a boxed condition on one
//! table cannot promise. This one takes any query that names nothing of the outer one.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;

/// Whether a column is among the rows of a query.
#[derive(Debug, Clone, Copy)]
pub struct Among<E, Q> {
    column: E,
    query: Q,
}

/// Whether `column` is among the rows of `query`, which selects one column of the same type and names nothing of
/// the query around it.
pub fn among<E, Q>(column: E, query: Q) -> Among<E, Q> {
    Among { column, query }
}

impl<E, Q> Expression for Among<E, Q> {
    type SqlType = Bool;
}

impl<E, Q, GB> ValidGrouping<GB> for Among<E, Q> {
    type IsAggregate = is_aggregate::No;
}

impl<E: AppearsOnTable<QS>, Q, QS> AppearsOnTable<QS> for Among<E, Q> {}

impl<E: SelectableExpression<QS>, Q, QS> SelectableExpression<QS> for Among<E, Q> {}

impl<E, Q> QueryId for Among<E, Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<E, Q, DB> QueryFragment<DB> for Among<E, Q>
where
    DB: Backend,
    E: QueryFragment<DB>,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
