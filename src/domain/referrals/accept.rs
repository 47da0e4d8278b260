//! Accept: the office takes the referral up; whoever does so holds it.

use super::row::{ReferralRow, find};
use crate::db::DbConnection;
use crate::db::types::ReferralId;
use crate::domain::actor::Act;
use crate::domain::cases::life::Taker;
use crate::domain::cases::{Docket, Expected, record};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Result};

/// Takes a referral up.
pub fn accept(
    connection: &mut DbConnection,
    act: &Act,
    id: ReferralId,
    expected: Expected,
) -> Result<ReferralRow> {
    let (mut docket, hop) = Docket::open_referral(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Accept, hop.office)?;
    let user = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let fact = docket.life.accept(id, Taker { office, user })?;
    record(connection, act, &mut docket, &[fact], Some(office))?;
    find(connection, id)
}
