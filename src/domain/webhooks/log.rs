//! The log of webhooks: what was sent to whom, every try at it, and sending it again.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::deliveries::{DeliveryRow, DeliveryState, Subject, queue};
use crate::db::DbConnection;
use crate::db::schema::{webhook_deliveries as d, webhook_tries as t};
use crate::db::types::{DeliveryId, Time};
use crate::domain::actor::Act;
use crate::error::{Error, Result};

/// One try.
#[derive(Debug, Clone, Serialize, Queryable, utoipa::ToSchema)]
pub struct TryRow {
    pub at: Time,
    pub response: Option<i32>,
    pub error: Option<String>,
    pub duration_ms: i64,
}

/// Sends a subscriber a delivery that is about nothing, to try it.
pub fn ping(connection: &mut DbConnection, act: &Act, webhook: &str) -> Result<DeliveryRow> {
    let body = json!({ "type": super::PING, "timestamp": act.now, "data": {} });
    let id = queue(connection, act, webhook, super::PING, Subject::default(), &body)?;
    find(connection, webhook, id)
}

/// Deliveries of a subscription, the newest first, one page before `before`.
pub fn list(
    connection: &mut DbConnection,
    webhook: &str,
    state: Option<DeliveryState>,
    before: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<DeliveryRow>> {
    let mut query = d::table
        .filter(d::webhook.eq(webhook.to_owned()))
        .order(d::id.desc())
        .limit(limit)
        .select(DeliveryRow::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(d::state.eq(state));
    }
    if let Some(before) = before {
        query = query.filter(d::id.lt(before));
    }
    Ok(query.load(connection)?)
}

/// One delivery of a subscription.
pub fn find(connection: &mut DbConnection, webhook: &str, id: DeliveryId) -> Result<DeliveryRow> {
    let found = d::table.find(id).filter(d::webhook.eq(webhook.to_owned()));
    Ok(found.select(DeliveryRow::as_select()).first(connection)?)
}

/// What a delivery says, and every try at it.
pub fn tries(connection: &mut DbConnection, id: DeliveryId) -> Result<(Value, Vec<TryRow>)> {
    let body: String = d::table.find(id).select(d::body).first(connection)?;
    let body = serde_json::from_str(&body).map_err(|error| Error::Internal(Box::new(error)))?;
    let all = t::table
        .filter(t::delivery_id.eq(id))
        .order(t::id)
        .select((t::at, t::response, t::error, t::duration_ms))
        .load(connection)?;
    Ok((body, all))
}

/// Sends a delivery again, under the same id; one that waits goes out at once.
pub fn replay(
    connection: &mut DbConnection,
    act: &Act,
    webhook: &str,
    id: DeliveryId,
) -> Result<DeliveryRow> {
    find(connection, webhook, id)?;
    // one that is being sent now is left alone
    let free = d::table.find(id).filter(d::lease_until.is_null().or(d::lease_until.le(act.now)));
    diesel::update(free)
        .set((
            (d::state.eq(DeliveryState::Queued), d::attempts.eq(0), d::next_at.eq(act.now)),
            (d::lease_until.eq(None::<Time>), d::settled_at.eq(None::<Time>)),
        ))
        .execute(connection)?;
    find(connection, webhook, id)
}

/// Sends all failed deliveries of a subscription again; gives how many.
pub fn replay_failed(connection: &mut DbConnection, act: &Act, webhook: &str) -> Result<usize> {
    let failed = d::table.filter(d::webhook.eq(webhook.to_owned()).and(d::state.eq(DeliveryState::Failed)));
    Ok(diesel::update(failed)
        .set((
            (d::state.eq(DeliveryState::Queued), d::attempts.eq(0), d::next_at.eq(act.now)),
            (d::lease_until.eq(None::<Time>), d::settled_at.eq(None::<Time>)),
        ))
        .execute(connection)?)
}

/// How many deliveries were given up, by subscription.
pub fn undelivered(connection: &mut DbConnection) -> Result<BTreeMap<String, i64>> {
    let failed: Vec<(String, i64)> = d::table
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("webhook_deliveries.state = 'failed'"))
        .group_by(d::webhook)
        .select((d::webhook, diesel::dsl::count_star()))
        .load(connection)?;
    Ok(failed.into_iter().collect())
}

/// Forgets what was settled before a time; gives the number of deliveries.
pub fn forget(connection: &mut DbConnection, before: Time) -> Result<usize> {
    let old = d::table.filter(d::settled_at.is_not_null().and(d::settled_at.lt(before))).select(d::id);
    diesel::delete(t::table.filter(t::delivery_id.eq_any(old))).execute(connection)?;
    Ok(diesel::delete(d::table.filter(d::settled_at.is_not_null().and(d::settled_at.lt(before))))
        .execute(connection)?)
}
