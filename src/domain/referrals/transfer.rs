//! Transfer (انتقال): sideways to another office, three times in a life; then the centre rules (tag P3.2).

use diesel::prelude::*;

use super::Move;
use super::row::{ReferralRow, find};
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::referrals;
use crate::db::types::ReferralId;
use crate::domain::actor::Act;
use crate::domain::cases::life::{Fact, HopRole, Status, Target};
use crate::domain::cases::{Docket, Expected, clocks, record};
use crate::domain::confidentiality;
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{FieldError, Fields, Result};

/// Transfers a referral to `wish.office`; gives the new referral, or the ended one where the centre rules.
pub fn transfer(
    connection: &mut DbConnection,
    act: &Act,
    id: ReferralId,
    expected: Expected,
    wish: &Move,
) -> Result<ReferralRow> {
    let (mut docket, hop) = Docket::open_referral(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Transfer, hop.office)?;
    let old = find(connection, id)?;
    let (reason, receiver) = check(act, wish)?;
    // the clock goes on: a transfer buys no time
    let target = Target { referral: act.id(), office: receiver, role: hop.role, due_at: old.due_at };
    let most = u32::try_from(act.rules.number("transfers_max")?).unwrap_or(u32::MAX);
    let fact =
        docket.life.transfer(id, &target, reason.clone(), &act.rules.offices, &docket.conflict, most)?;
    confidentiality::extract::require(connection, &docket.row)?;
    let event = record(connection, act, &mut docket, std::slice::from_ref(&fact), Some(office))?;
    prepared(diesel::update(referrals::table.find(id)).set(referrals::note.eq(&reason)))
        .execute(connection)?;
    if docket.life.status == Status::Classified {
        clocks::start_triage(connection, act, &mut docket)?;
    }
    let Fact::ReferralTransferred { to, .. } = &fact else { return find(connection, id) };
    clocks::start_referral(connection, act, docket.row.id, to.referral, to.office, to.due_at)?;
    prepared(
        diesel::update(referrals::table.find(to.referral)).set(referrals::instruction.eq(&old.instruction)),
    )
    .execute(connection)?;
    let facts =
        Facts { office: Some(to.office), due: to.due_at, instruction: old.instruction, ..Facts::default() };
    notifications::to_office(connection, act, &docket.row, event, to.office, "case_referred", &facts)?;
    if to.role == HopRole::Lead && to.parent.is_none() {
        let facts = Facts { instruction: None, ..facts };
        notifications::to_citizen(connection, act, &docket.row, event, "case_referred", &facts)?;
    }
    find(connection, to.referral)
}

fn check(act: &Act, wish: &Move) -> Result<(String, crate::db::types::OfficeId)> {
    let mut fields = Fields::default();
    let words = wish.reason.as_deref().or(wish.note.as_deref()).unwrap_or_default();
    let reason = fields.take(input::text("reason", words, input::LINE_MAX));
    let office = match wish.office.as_deref() {
        Some(code) => fields.take(act.rules.offices.find("office", code)).map(|office| office.id),
        None => fields.take(Err(FieldError::required("office"))),
    };
    fields.finish()?;
    Ok((reason.unwrap_or_default(), office.unwrap_or(act.rules.offices.centre())))
}
