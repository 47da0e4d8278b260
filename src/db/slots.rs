//! Leases on id slots: each process holds one number, so that two never make the same id.

use diesel::prelude::*;

use super::connection::DbConnection;
use super::dialect::for_update;
use super::ids::IdMaker;
use super::schema::process_slots;
use super::types::Time;
use crate::error::{Error, Result};

/// Slots that can be held at once.
const SLOTS: i64 = 1024;
/// Seconds that a lease lasts without renewal.
pub const LEASE_SECONDS: i64 = 120;

/// Takes the first free slot for `holder` and gives an id maker that starts above its floor.
pub fn acquire(connection: &mut DbConnection, holder: &str, now: Time) -> Result<(i64, IdMaker)> {
    let rows: Vec<(i64, i64, Time)> = for_update(
        process_slots::table
            .select((process_slots::slot, process_slots::floor_ms, process_slots::expires_at))
            .order(process_slots::slot),
    )
    .load(connection)?;
    let now_ms = now.as_microsecond() / 1000;
    let expires = now.plus_seconds(LEASE_SECONDS);
    if let Some((slot, floor, _)) = rows.iter().find(|(_, _, expires_at)| *expires_at <= now) {
        diesel::update(process_slots::table.find(slot))
            .set((process_slots::holder.eq(holder), process_slots::expires_at.eq(expires)))
            .execute(connection)?;
        // a holder that died may have made ids for a whole lease after it last raised its floor
        return Ok((*slot, IdMaker::new(*slot, *floor + LEASE_SECONDS * 1000)));
    }
    let taken: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let slot = (0..SLOTS).find(|slot| !taken.contains(slot)).ok_or_else(|| {
        Error::internal("all 1024 process slots are held; stop a process or wait two minutes")
    })?;
    diesel::insert_into(process_slots::table)
        .values((
            process_slots::slot.eq(slot),
            process_slots::holder.eq(holder),
            process_slots::floor_ms.eq(now_ms),
            process_slots::expires_at.eq(expires),
        ))
        .execute(connection)?;
    Ok((slot, IdMaker::new(slot, 0)))
}

/// Renews a lease and raises its floor; false when another process holds the slot by now.
pub fn renew(
    connection: &mut DbConnection,
    slot: i64,
    holder: &str,
    high_water_ms: i64,
    now: Time,
) -> Result<bool> {
    let rows = diesel::update(process_slots::table.find(slot).filter(process_slots::holder.eq(holder)))
        .set((
            process_slots::floor_ms.eq(high_water_ms.max(now.as_microsecond() / 1000)),
            process_slots::expires_at.eq(now.plus_seconds(LEASE_SECONDS)),
        ))
        .execute(connection)?;
    Ok(rows == 1)
}

/// Gives the slot back at a graceful stop.
pub fn release(connection: &mut DbConnection, slot: i64, holder: &str, high_water_ms: i64) -> Result<()> {
    diesel::update(process_slots::table.find(slot).filter(process_slots::holder.eq(holder)))
        .set((
            process_slots::floor_ms.eq(high_water_ms + 1 - LEASE_SECONDS * 1000),
            process_slots::expires_at.eq(Time::from_microsecond(0)),
        ))
        .execute(connection)?;
    Ok(())
}
