//! The feed: one entry for each time that something happened to a referral of the office.
//!
//! Entries are written with their event. Their order is given when they are read for the first time, under the lock of the
//! system's row: an entry of a transaction that ended late comes after those that were read, and none is ever skipped.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::prepared::OneOf;
use crate::db::schema::{cases, exchange_feed, exchange_systems, referrals};
use crate::db::types::{CaseId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::Docket;
use crate::domain::cases::life::{HopState, Life, Status};
use crate::domain::referrals::ReferralRow;
use crate::domain::visibility;
use crate::error::Result;

/// Entries that get their position at once.
const STEP: i64 = 500;

/// What happened to a referral, with the referral and its case as they are now.
#[derive(Debug, Clone)]
pub struct Entry {
    pub position: i64,
    /// The last event of the act; `connected` for what was open when the system was connected.
    pub event: String,
    pub at: Time,
    pub referral: ReferralRow,
    pub case: CaseRow,
}

/// Writes what an act did to referrals of offices whose own system is connected; `before` is the state before it.
pub fn tell(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    before: &Life,
    event: &'static str,
) -> Result<()> {
    if act.rules.exchange.is_empty() {
        return Ok(());
    }
    let closes = before.status != Status::Closed && docket.life.status == Status::Closed;
    for (id, hop) in docket.life.hops.iter().filter(|(_, hop)| act.rules.exchange.contains(&hop.office)) {
        let concerns = closes || hop.state.is_open() || before.hops.get(id) != Some(hop);
        if concerns {
            insert(connection, act, hop.office, *id, docket.row.id, event)?;
        }
    }
    Ok(())
}

/// Lays all open referrals of an office into its feed.
pub(super) fn fill(connection: &mut DbConnection, act: &Act, office: OfficeId) -> Result<()> {
    use referrals as r;
    let open: Vec<(ReferralId, CaseId)> = r::table
        .filter(r::office_id.eq(office))
        .filter(r::state.eq_any([HopState::Sent, HopState::Accepted]))
        .order(r::id)
        .select((r::id, r::case_id))
        .load(connection)?;
    open.into_iter().try_for_each(|(id, case)| insert(connection, act, office, id, case, "connected"))
}

fn insert(
    connection: &mut DbConnection,
    act: &Act,
    office: OfficeId,
    referral: ReferralId,
    case: CaseId,
    event: &str,
) -> Result<()> {
    use exchange_feed as f;
    let id: i64 = act.id();
    diesel::insert_into(f::table)
        .values((
            (f::id.eq(id), f::office_id.eq(office), f::referral_id.eq(referral), f::case_id.eq(case)),
            (f::event.eq(event), f::at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Whether entries wait for their position.
pub fn unplaced(connection: &mut DbConnection, office: OfficeId) -> Result<bool> {
    let waiting = exchange_feed::table
        .filter(exchange_feed::office_id.eq(office).and(exchange_feed::position.is_null()));
    let first: Option<i64> = waiting.select(exchange_feed::id).first(connection).optional()?;
    Ok(first.is_some())
}

/// Gives waiting entries their positions, oldest first, and notes that the system reads.
pub fn place(connection: &mut DbConnection, act: &Act, office: OfficeId) -> Result<()> {
    use {exchange_feed as f, exchange_systems as e};
    let held: Vec<i64> = for_update(e::table.find(office).select(e::position)).load(connection)?;
    let Some(mut position) = held.first().copied() else { return Ok(()) };
    let waiting: Vec<i64> = f::table
        .filter(f::office_id.eq(office).and(f::position.is_null()))
        .order(f::id)
        .limit(STEP)
        .select(f::id)
        .load(connection)?;
    for id in waiting {
        position += 1;
        diesel::update(f::table.find(id)).set(f::position.eq(position)).execute(connection)?;
    }
    diesel::update(e::table.find(office))
        .set((e::position.eq(position), e::read_at.eq(act.now)))
        .execute(connection)?;
    Ok(())
}

type Line = (Option<i64>, String, Time, ReferralId, CaseId);

/// Entries after a position, in their order, without those whose case the actor may not see; with the position up to which
/// was read, and whether there is more.
pub fn page(
    connection: &mut DbConnection,
    act: &Act,
    office: OfficeId,
    after: i64,
    limit: i64,
) -> Result<(Vec<Entry>, i64, bool)> {
    use exchange_feed as f;
    let mut lines: Vec<Line> = f::table
        .filter(f::office_id.eq(office).and(f::position.gt(after)))
        .order(f::position)
        .limit(limit + 1)
        .select((f::position, f::event, f::at, f::referral_id, f::case_id))
        .load(connection)?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = lines.len() > size;
    lines.truncate(size);
    let last = lines.last().and_then(|line| line.0).unwrap_or(after);
    let seen: Vec<CaseRow> = cases::table
        .filter(cases::id.one_of(lines.iter().map(|line| line.4)))
        .filter(visibility::visible(act))
        .select(CaseRow::as_select())
        .load(connection)?;
    let hops: Vec<ReferralRow> = referrals::table
        .filter(referrals::id.one_of(lines.iter().map(|line| line.3)))
        .select(ReferralRow::as_select())
        .load(connection)?;
    let entries = lines.into_iter().filter_map(|(position, event, at, referral, case)| {
        let case = seen.iter().find(|row| row.id == case)?.clone();
        let referral = hops.iter().find(|row| row.id == referral)?.clone();
        Some(Entry { position: position?, event, at, referral, case })
    });
    Ok((entries.collect(), last, has_more))
}
