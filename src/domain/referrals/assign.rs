//! Assign: a referral is given to a person who may handle it in its office.

use super::Move;
use super::row::{ReferralRow, find};
use crate::db::DbConnection;
use crate::db::types::ReferralId;
use crate::domain::actor::Act;
use crate::domain::cases::{Docket, Expected, record};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::users;
use crate::error::{Error, FieldError, Result};

/// Gives a referral to `wish.user`, who must be able to answer in its office.
pub fn assign(
    connection: &mut DbConnection,
    act: &Act,
    id: ReferralId,
    expected: Expected,
    wish: &Move,
) -> Result<ReferralRow> {
    let (mut docket, hop) = Docket::open_referral(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Assign, hop.office)?;
    let name = wish.user.as_deref().ok_or_else(|| Error::field(FieldError::required("user")))?;
    let person = users::staff_by_username(connection, name)?
        .filter(|staff| policy::assignment_for(&act.rules, staff, Verb::Answer, hop.office).is_some())
        .ok_or_else(|| {
            Error::field(FieldError::new(
                "user",
                "no_handler",
                "این کاربر در این واحد کارشناس رسیدگی نیست.",
                "This user is no handler of this office.",
            ))
        })?;
    let fact = docket.life.assign(id, person.id)?;
    record(connection, act, &mut docket, &[fact], Some(office))?;
    find(connection, id)
}
