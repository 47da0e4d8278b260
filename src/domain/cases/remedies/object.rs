//! Object (اعتراض): the same body answers once more, under a new deadline.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{await_answer, due, own_channel, recorder, said, speak, standing};
use crate::db::DbConnection;
use crate::db::schema::objections;
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, ObjectionId, ReferralId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::docket::{Docket, Expected};
use crate::domain::cases::row::Channel;
use crate::domain::cases::{clocks, record, sha256_hex};
use crate::domain::notifications::{self, Facts};
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::error::{Code, Error, Result};

/// An objection to an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// Why the answer does not satisfy, in the citizen's words.
    pub text: String,
    /// The channel it came by; `web` for the citizen's own page, `phone` for staff.
    #[serde(default)]
    pub channel: Option<String>,
}

/// An objection, with its words.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ObjectionRow {
    pub id: ObjectionId,
    /// The referral by which the body answers once more.
    pub referral_id: ReferralId,
    pub text: String,
    pub channel: Channel,
    #[serde(skip)]
    pub recorded_by: Option<UserId>,
    pub at: Time,
}

/// Takes the citizen's objection; the body that answered gets the case back.
///
/// # Errors
/// `nothing_answered`, `window_passed`, `already_objected`, `appeal_pending` or `appeal_decided`.
pub fn object(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Object,
) -> Result<Docket> {
    let (act, id, expected) = &speak(connection, act, id, expected)?;
    let (id, expected) = (*id, *expected);
    let mut docket = Docket::open(connection, act, id, expected)?;
    let office = recorder(act, Verb::Object)?;
    let standing = standing(connection, act, &docket)?;
    let body = docket.life.can_object(standing)?;
    if act.rules.offices.get(body).is_none() {
        return Err(Error::Conflict(Code::NothingAnswered));
    }
    let (text, channel) = said(&wish.text, wish.channel.as_deref(), own_channel(act))?;
    let due_at = due(act, body, "additional_answer")?;
    let (objection, referral): (ObjectionId, ReferralId) = (act.id(), act.id());
    let words = (channel.to_string(), sha256_hex(text.as_bytes()));
    let fact = docket.life.object(standing, objection, referral, Some(due_at), words)?;
    let event = record(connection, act, &mut docket, &[fact], office)?;
    await_answer(connection, id, due_at)?;
    clocks::restart_outer(connection, act, &docket.row)?;
    // a body that has a conflict of interest by now gets nothing back: the case rests at a free desk
    let taker = docket.life.holder;
    if docket.life.hops.get(&referral).is_some_and(|hop| hop.state.is_open()) {
        clocks::start_referral(connection, act, id, referral, body, Some(due_at))?;
    }
    diesel::insert_into(objections::table)
        .values((
            (objections::id.eq(objection), objections::case_id.eq(id), objections::referral_id.eq(referral)),
            (
                objections::text.eq(act.vault.seal(field!(objections::text), objection, &text)?),
                objections::channel.eq(channel.as_str()),
            ),
            (objections::recorded_by.eq(act.actor.user()), objections::at.eq(act.now)),
        ))
        .execute(connection)?;
    let facts = Facts { office: Some(taker), due: Some(due_at), ..Facts::default() };
    notifications::to_office(connection, act, &docket.row, event, taker, "objection_raised", &facts)?;
    notifications::to_citizen(connection, act, &docket.row, event, "objection_raised", &facts)?;
    docket.reload(connection)
}

/// The objections of a case, oldest first.
pub fn objections_of(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<ObjectionRow>> {
    use objections as o;
    type Row = (ObjectionId, ReferralId, Sealed, Channel, Option<UserId>, Time);
    let rows: Vec<Row> = o::table
        .filter(o::case_id.eq(case))
        .order(o::id)
        .select((o::id, o::referral_id, o::text, o::channel, o::recorded_by, o::at))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, referral_id, text, channel, recorded_by, at)| {
            let text = act.vault.open(connection, field!(objections::text), id, &text)?;
            Ok(ObjectionRow { id, referral_id, text, channel, recorded_by, at })
        })
        .collect()
}
