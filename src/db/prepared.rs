//! Statements that are prepared once and kept.
//!
//! Diesel prepares an update, a literal and a statement with a list anew each time, since it cannot know how many
//! texts come about; parsing them costs more than running them. Here the texts are few: literals are constants, and a
//! list is filled up to the next power of two with its last value.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, TypedExpressionType, ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Bool, HasSqlType, SqlType};

use super::connection::DbConnection;

/// A statement that is kept by its text; of texts that depend on what is bound there must be few.
#[derive(Debug, Clone, Copy)]
pub struct Prepared<T>(T);

/// Keeps a statement of few texts, such as an update.
pub fn prepared<T>(statement: T) -> Prepared<T> {
    Prepared(statement)
}

impl<T: QueryFragment<D>, D: Backend> QueryFragment<D> for Prepared<T> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, D>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &D) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<T> QueryId for Prepared<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T: Query> Query for Prepared<T> {
    type SqlType = T::SqlType;
}

impl<T> RunQueryDsl<DbConnection> for Prepared<T> {}

/// A condition whose text is a constant.
#[derive(Debug, Clone, Copy)]
pub struct Fixed(pub &'static str);

impl Expression for Fixed {
    type SqlType = Bool;
}

impl<F> AppearsOnTable<F> for Fixed {}

impl<F> SelectableExpression<F> for Fixed {}

impl<G> ValidGrouping<G> for Fixed {
    type IsAggregate = is_aggregate::No;
}

impl QueryId for Fixed {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<D: Backend> QueryFragment<D> for Fixed {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, D>) -> QueryResult<()> {
        pass.push_sql("(");
        pass.push_sql(self.0);
        pass.push_sql(")");
        Ok(())
    }
}

/// A column, and the values that it may have; with none of them no row is found.
#[derive(Debug, Clone)]
pub struct Listed<C, T, S> {
    column: C,
    values: Vec<T>,
    kind: PhantomData<S>,
}

/// Columns that are compared with a list.
pub trait OneOf: Expression + Sized {
    /// Whether the column has one of these values; where it has none, that is no.
    fn one_of<T: Clone>(self, values: impl IntoIterator<Item = T>) -> Listed<Self, T, Self::SqlType> {
        let mut values: Vec<T> = values.into_iter().collect();
        if let Some(last) = values.last().cloned() {
            values.resize(values.len().next_power_of_two(), last);
        }
        Listed { column: self, values, kind: PhantomData }
    }
}

impl<C: Column> OneOf for C {}

impl<C, T, S> Expression for Listed<C, T, S>
where
    C: Expression<SqlType = S>,
    S: SqlType + TypedExpressionType,
{
    type SqlType = Bool;
}

impl<C, T, S, F> AppearsOnTable<F> for Listed<C, T, S>
where
    C: AppearsOnTable<F>,
    Self: Expression,
{
}

impl<C, T, S, F> SelectableExpression<F> for Listed<C, T, S>
where
    C: SelectableExpression<F>,
    Self: AppearsOnTable<F>,
{
}

impl<C, T, S, G> ValidGrouping<G> for Listed<C, T, S> {
    type IsAggregate = is_aggregate::No;
}

impl<C, T, S> QueryId for Listed<C, T, S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, T, S, D> QueryFragment<D> for Listed<C, T, S>
where
    D: Backend + HasSqlType<S>,
    C: QueryFragment<D>,
    T: ToSql<S, D>,
    S: SqlType,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, D>) -> QueryResult<()> {
        if self.values.is_empty() {
            pass.push_sql("1=0");
            return Ok(());
        }
        self.column.walk_ast(pass.reborrow())?;
        pass.push_sql(" IN (");
        for (index, value) in self.values.iter().enumerate() {
            if index > 0 {
                pass.push_sql(", ");
            }
            pass.push_bind_param::<S, T>(value)?;
        }
        pass.push_sql(")");
        Ok(())
    }
}
