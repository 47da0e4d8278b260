//! What gateways complain of, for the health page: the last alarm of each, until it takes a message again, and how often
//! somebody with the right key called from an address that is not on the list.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::Alarm;
use crate::db::DbConnection;
use crate::db::dialect::Both;
use crate::db::schema::sms_standings as s;
use crate::db::types::Time;
use crate::error::Result;

/// Days for which a call from a wrong address is shown.
const REFUSED_DAYS: i64 = 7;

/// Notes whether a gateway takes us, where that changed.
pub fn note(connection: &mut DbConnection, now: Time, gateway: &str, alarm: Option<Alarm>) -> Result<()> {
    let at = alarm.map(|_| now);
    let row = (s::gateway.eq(gateway), s::alarm.eq(alarm), s::alarm_at.eq(at), s::refused.eq(0));
    let again = (s::alarm.eq(alarm), s::alarm_at.eq(at));
    Both(diesel::insert_into(s::table).values(row).on_conflict(s::gateway).do_update().set(again))
        .execute(connection)?;
    Ok(())
}

/// Notes a call from an address that is not on the gateway's list.
pub fn refused(connection: &mut DbConnection, now: Time, gateway: &str) -> Result<()> {
    let row = (s::gateway.eq(gateway), s::refused.eq(1), s::refused_at.eq(now));
    let again = (s::refused.eq(s::refused + 1), s::refused_at.eq(now));
    Both(diesel::insert_into(s::table).values(row).on_conflict(s::gateway).do_update().set(again))
        .execute(connection)?;
    Ok(())
}

/// Gateways with what they complain of.
pub fn alarms(connection: &mut DbConnection) -> Result<BTreeMap<String, Alarm>> {
    let rows: Vec<(String, Option<Alarm>)> =
        s::table.filter(s::alarm.is_not_null()).select((s::gateway, s::alarm)).load(connection)?;
    Ok(rows.into_iter().filter_map(|(gateway, alarm)| Some((gateway, alarm?))).collect())
}

/// Gateways whose calls were turned away lately, with how many.
pub fn turned_away(connection: &mut DbConnection, now: Time) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = s::table
        .filter(s::refused_at.gt(now.plus_days(-REFUSED_DAYS)))
        .select((s::gateway, s::refused))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}
