//! Return (عودت): back up to the sender, with a coded reason and a suggested office.

use diesel::prelude::*;

use super::Move;
use super::row::{ReferralRow, find};
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::referrals;
use crate::db::types::{OfficeId, ReferralId};
use crate::domain::actor::Act;
use crate::domain::cases::life::Status;
use crate::domain::cases::{Docket, Expected, clocks, record};
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{FieldError, Fields, Result};

/// The reasons that say "not ours": they need an office whose it is.
const NOT_OURS: [&str; 2] = ["not_ours", "other_unit"];

/// Returns a referral; `wish.reason` is a code of use `return`.
pub fn give_back(
    connection: &mut DbConnection,
    act: &Act,
    id: ReferralId,
    expected: Expected,
    wish: &Move,
) -> Result<ReferralRow> {
    let (mut docket, hop) = Docket::open_referral(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Return, hop.office)?;
    let (reason, suggested, note) = check(act, wish)?;
    let fact = docket.life.give_back(id, reason.clone(), suggested)?;
    record(connection, act, &mut docket, &[fact], Some(office))?;
    prepared(diesel::update(referrals::table.find(id)).set((
        referrals::reason_code.eq(reason),
        referrals::note.eq(note),
        referrals::suggested_office_id.eq(suggested),
    )))
    .execute(connection)?;
    if docket.life.status == Status::Classified {
        clocks::start_triage(connection, act, &mut docket)?;
    }
    find(connection, id)
}

fn check(act: &Act, wish: &Move) -> Result<(String, Option<OfficeId>, Option<String>)> {
    let mut fields = Fields::default();
    let code = wish.reason.as_deref().unwrap_or_default();
    let reason = match code {
        "" => fields.take(Err(FieldError::required("reason"))),
        code => fields.take(act.rules.reason("return", "reason", code).map(|reason| reason.code.clone())),
    };
    let suggested = wish
        .office
        .as_deref()
        .and_then(|code| fields.take(act.rules.offices.find("office", code)))
        .map(|office| office.id);
    if suggested.is_none() && wish.office.is_none() && NOT_OURS.contains(&code) {
        fields.add(FieldError::new(
            "office",
            "required",
            "«مربوط به ما نیست» واحد پیشنهادی می‌خواهد.",
            "'Not ours' needs a suggested office.",
        ));
    }
    let note = fields.take(input::optional_text("note", wish.note.as_deref(), input::TEXT_MAX)).flatten();
    fields.finish()?;
    Ok((reason.unwrap_or_default(), suggested, note))
}
