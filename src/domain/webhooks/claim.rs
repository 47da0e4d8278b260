//! Who sends what now: deliveries that are due, leased to one worker, and never more than one to a subscriber that failed too
//! often.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::standings;
use crate::db::DbConnection;
use crate::db::dialect::for_update_skip_locked;
use crate::db::prepared::OneOf;
use crate::db::schema::webhook_deliveries as d;
use crate::db::types::{DeliveryId, Time};
use crate::domain::actor::Act;
use crate::domain::rulebook::Webhook;
use crate::error::Result;

/// A delivery that one worker may send until its lease ends.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub id: DeliveryId,
    pub until: Time,
}

/// What is to be sent, and to whom.
#[derive(Debug, Clone)]
pub struct Post {
    pub webhook: Webhook,
    pub id: DeliveryId,
    pub event: String,
    pub body: String,
}

/// Subscribers that are not to be called now.
fn resting(connection: &mut DbConnection, now: Time) -> Result<Vec<String>> {
    let broken = standings::broken(connection)?;
    Ok(broken.into_iter().filter(|(_, until)| *until > now).map(|(webhook, _)| webhook).collect())
}

/// Whether anything is due that nobody holds and whose subscriber may be called.
pub fn is_due(connection: &mut DbConnection, now: Time) -> Result<bool> {
    let first: Option<DeliveryId> = d::table
        .filter(d::next_at.is_not_null().and(d::next_at.le(now)))
        .select(d::id)
        .first(connection)
        .optional()?;
    if first.is_none() {
        return Ok(false);
    }
    let resting = resting(connection, now)?;
    let is_free = d::lease_until.is_null().or(d::lease_until.le(now));
    let first: Option<DeliveryId> = d::table
        .filter(d::next_at.is_not_null().and(d::next_at.le(now)))
        .filter(is_free)
        .filter(d::webhook.ne_all(resting))
        .select(d::id)
        .first(connection)
        .optional()?;
    Ok(first.is_some())
}

/// Leases due deliveries, the longest waiting first; of a subscriber that failed too often only one, to try it.
pub fn claim(
    connection: &mut DbConnection,
    now: Time,
    lease_seconds: i64,
    limit: i64,
) -> Result<Vec<Claimed>> {
    let broken = standings::broken(connection)?;
    let resting: Vec<String> =
        broken.iter().filter(|(_, until)| *until > now).map(|(webhook, _)| webhook.clone()).collect();
    let is_free = d::lease_until.is_null().or(d::lease_until.le(now));
    let due: Vec<(DeliveryId, String)> = for_update_skip_locked(
        d::table
            .filter(d::next_at.is_not_null().and(d::next_at.le(now)))
            .filter(is_free)
            .filter(d::webhook.ne_all(resting))
            .order((d::next_at, d::id))
            .limit(limit)
            .select((d::id, d::webhook)),
    )
    .load(connection)?;
    let mut probed = BTreeSet::new();
    let taken: Vec<DeliveryId> = due
        .into_iter()
        .filter(|(_, webhook)| {
            !broken.iter().any(|(one, _)| one == webhook) || probed.insert(webhook.clone())
        })
        .map(|(id, _)| id)
        .collect();
    let until = now.plus_seconds(lease_seconds);
    if !taken.is_empty() {
        diesel::update(d::table.filter(d::id.one_of(taken.iter().copied())))
            .set(d::lease_until.eq(until))
            .execute(connection)?;
    }
    Ok(taken.into_iter().map(|id| Claimed { id, until }).collect())
}

/// What a claimed delivery says; none where its subscription has ended or is off.
pub fn load(connection: &mut DbConnection, act: &Act, id: DeliveryId) -> Result<Option<Post>> {
    let (webhook, event, body): (String, String, String) =
        d::table.find(id).select((d::webhook, d::event, d::body)).first(connection)?;
    let found = act.rules.webhooks.iter().find(|row| row.code == webhook).filter(|row| row.active);
    Ok(found.map(|row| Post { webhook: row.clone(), id, event, body }))
}
