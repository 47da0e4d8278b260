//! How subscribers answer: after so many failures in a row nobody is bothered for a while, then one delivery tries again
//! (the circuit breaker).

use diesel::prelude::*;
use serde::Serialize;

use super::deliveries::Retry;
use crate::db::DbConnection;
use crate::db::dialect::Both;
use crate::db::schema::webhook_standings as s;
use crate::db::types::Time;
use crate::error::Result;

/// How one subscriber answers.
#[derive(Debug, Clone, Default, Serialize, Queryable, utoipa::ToSchema)]
pub struct Standing {
    /// Failures in a row.
    pub failures: i32,
    /// Until when nothing is sent, since too many failed; then one delivery tries again.
    pub open_until: Option<Time>,
    /// The last failure.
    pub error: Option<String>,
    pub failed_at: Option<Time>,
    pub succeeded_at: Option<Time>,
}

/// How a subscriber answers; nothing yet where it was never called.
pub fn standing(connection: &mut DbConnection, webhook: &str) -> Result<Standing> {
    let known = s::table
        .find(webhook)
        .select((s::failures, s::open_until, s::error, s::failed_at, s::succeeded_at))
        .first(connection)
        .optional()?;
    Ok(known.unwrap_or_default())
}

/// Subscribers whose breaker is open or about to try again, with the end of the pause.
pub(super) fn broken(connection: &mut DbConnection) -> Result<Vec<(String, Time)>> {
    let open = s::table.filter(s::open_until.is_not_null());
    let found: Vec<(String, Option<Time>)> = open.select((s::webhook, s::open_until)).load(connection)?;
    Ok(found.into_iter().filter_map(|(webhook, until)| Some((webhook, until?))).collect())
}

/// Subscribers that do not answer.
pub fn failing(connection: &mut DbConnection) -> Result<Vec<String>> {
    Ok(broken(connection)?.into_iter().map(|(webhook, _)| webhook).collect())
}

/// Notes that a subscriber took a delivery.
pub(super) fn succeeded(connection: &mut DbConnection, webhook: &str, now: Time) -> Result<()> {
    ensure(connection, webhook)?;
    diesel::update(s::table.find(webhook))
        .set((s::failures.eq(0), s::open_until.eq(None::<Time>), s::succeeded_at.eq(now)))
        .execute(connection)?;
    Ok(())
}

/// Notes a failure; after too many in a row the breaker opens.
pub(super) fn failed(
    connection: &mut DbConnection,
    webhook: &str,
    now: Time,
    error: &str,
    retry: &Retry,
) -> Result<()> {
    ensure(connection, webhook)?;
    diesel::update(s::table.find(webhook))
        .set((s::failures.eq(s::failures + 1), s::error.eq(error), s::failed_at.eq(now)))
        .execute(connection)?;
    let many = s::table.find(webhook).filter(s::failures.ge(retry.breaker_failures));
    let until = now.plus_seconds(retry.breaker_seconds);
    diesel::update(many).set(s::open_until.eq(until)).execute(connection)?;
    Ok(())
}

fn ensure(connection: &mut DbConnection, webhook: &str) -> Result<()> {
    let row = (s::webhook.eq(webhook), s::failures.eq(0));
    Both(diesel::insert_into(s::table).values(row).on_conflict_do_nothing()).execute(connection)?;
    Ok(())
}
