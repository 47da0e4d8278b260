//! Recall (بازپس‌گیری): the sender takes a referral back, with a reason.

use diesel::prelude::*;

use super::Move;
use super::row::{ReferralRow, find};
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::referrals;
use crate::db::types::ReferralId;
use crate::domain::actor::Act;
use crate::domain::cases::life::Status;
use crate::domain::cases::{Docket, Expected, clocks, record};
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Error, Result};

/// Takes a referral back; everything below it ends.
pub fn recall(
    connection: &mut DbConnection,
    act: &Act,
    id: ReferralId,
    expected: Expected,
    wish: &Move,
) -> Result<ReferralRow> {
    let (mut docket, hop) = Docket::open_referral(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Recall, hop.from)?;
    let words = wish.reason.as_deref().or(wish.note.as_deref()).unwrap_or_default();
    let reason = input::text("reason", words, input::LINE_MAX).map_err(Error::field)?;
    let fact = docket.life.recall(id, reason.clone())?;
    record(connection, act, &mut docket, &[fact], Some(office))?;
    prepared(diesel::update(referrals::table.find(id)).set(referrals::note.eq(reason)))
        .execute(connection)?;
    if docket.life.status == Status::Classified {
        clocks::start_triage(connection, act, &mut docket)?;
    }
    find(connection, id)
}
