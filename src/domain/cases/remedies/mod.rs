//! What a citizen who is not content with an answer, or with its absence, can do about it: object once, rate,
//! appeal to the level above; and the decision on an appeal.
//!
//! Whether it is open now is asked of the state machine (`life`) with what rows and limits say of the case
//! ([`standing`]); each verb writes its fact, its own row, the clocks and the notices in one transaction.

mod appeal;
mod decide;
mod link;
mod object;
mod rate;

use diesel::prelude::*;

pub use appeal::{Appeal, AppealRow, appeal, appeals_of};
pub use decide::{Decide, decide, hands, may_decide};
pub use link::{by_rating_token, rating_token};
pub use object::{Object, ObjectionRow, object, objections_of};
pub use rate::{Rate, RatingChannel, rate};

use super::docket::{Docket, Expected, find_visible};
use super::family;
use super::life::{Standing, Status};
use super::row::Channel;
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{cases, referrals};
use crate::db::types::{CaseId, OfficeId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::deadlines;
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::{Rulebook, Verb};
use crate::error::{Code, Error, Fields, Language, Result};

/// In whose name an objection or appeal is made: a representative speaks for the group, whose version is not the
/// one that the citizen's own case was read at.
fn speak(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
) -> Result<(Act, CaseId, Expected)> {
    find_visible(connection, act, id)?;
    let (act, spoken) = family::voice(connection, act, id)?;
    let expected = if spoken == id { expected } else { Expected::Any };
    Ok((act, spoken, expected))
}

/// What the rules and clocks say of a case now.
pub fn standing(connection: &mut DbConnection, act: &Act, docket: &Docket) -> Result<Standing> {
    let window = match docket.life.status {
        Status::Answered => docket.row.window_until,
        Status::Closed => docket.row.remedy_until,
        _ => None,
    };
    let working = docket.life.body().filter(|(_, hop)| hop.state.is_open());
    let due = match (docket.life.status, working) {
        (Status::Referred, Some((id, _))) if docket.life.open_appeal().is_none() => {
            referrals::table.find(id).select(referrals::due_at).first(connection)?
        }
        _ => None,
    };
    let poor = u8::try_from(act.rules.number("rating_poor_max")?).unwrap_or(u8::MAX);
    Ok(Standing { now: act.now, window, due, poor })
}

/// Until when a case that closes with `outcome` may be objected to, rated and appealed; none where the
/// citizen ended it.
pub fn window(act: &Act, docket: &Docket, outcome: &str) -> Result<Option<Time>> {
    if matches!(outcome, "withdrawn" | "merged") {
        return Ok(None);
    }
    let office = docket.life.holder;
    due(act, office, "objection_window").map(Some)
}

/// The remedies outside the service as the citizen reads them: courts and ombudsman, with how to reach them.
pub fn signposts(rules: &Rulebook, language: Language) -> String {
    let mut rows: Vec<_> = rules.remedies.values().collect();
    rows.sort_by_key(|row| row.order);
    let words = |row: &&crate::domain::rulebook::Remedy| match language {
        Language::Fa => format!("{}: {}", row.fa, row.how_fa),
        Language::En => format!("{}: {}", row.en, row.how_en),
    };
    rows.iter().map(words).collect::<Vec<_>>().join("\n")
}

/// A limit of this subject laid on the office's calendar from now on.
fn due(act: &Act, office: OfficeId, subject: &str) -> Result<Time> {
    let level = act.rules.offices.get(office).map(|office| office.level.as_str());
    let span = act.rules.required_span(subject, None, None, level, false)?;
    Ok(deadlines::due(act.rules.calendar(office)?, act.now.timestamp(), span)?.into())
}

/// In whose name a citizen's word is taken down: nobody's when the citizen acts, else the recorder's office.
fn recorder(act: &Act, verb: Verb) -> Result<Option<OfficeId>> {
    match &act.actor {
        Actor::Citizen { .. } | Actor::System => Ok(None),
        Actor::Gateway { office, .. } => Ok(Some(*office)),
        Actor::Staff(_) => policy::allow_anywhere(act, verb).map(Some),
        Actor::Public => Err(Error::Forbidden(Code::Forbidden)),
    }
}

/// The citizen's words and the channel they came by.
fn said(text: &str, channel: Option<&str>, otherwise: Channel) -> Result<(String, Channel)> {
    let mut fields = Fields::default();
    let text = fields.take(input::text("text", text, input::TEXT_MAX));
    let channel = channel
        .map_or(Some(otherwise), |code| fields.take(input::choice::<Channel>("channel", code)))
        .unwrap_or(otherwise);
    fields.finish()?;
    Ok((text.unwrap_or_default(), channel))
}

/// The channel where none is named: the citizen's own page, or a call taken by staff.
fn own_channel(act: &Act) -> Channel {
    match act.actor {
        Actor::Citizen { .. } => Channel::Web,
        _ => Channel::Phone,
    }
}

/// The case waits for a new answer: the former one stays among the answers but no longer stands.
fn await_answer(connection: &mut DbConnection, case: CaseId, due: Time) -> Result<()> {
    prepared(diesel::update(cases::table.find(case)).set((
        (cases::outcome_text.eq(None::<String>), cases::outcome_reason.eq(None::<String>)),
        cases::answered_at.eq(None::<Time>),
    )))
    .execute(connection)?;
    await_decision(connection, case, due)
}

/// The case is open again with a new promise; its answer stands for now.
fn await_decision(connection: &mut DbConnection, case: CaseId, due: Time) -> Result<()> {
    prepared(diesel::update(cases::table.find(case)).set((
        (cases::closed_at.eq(None::<Time>), cases::window_until.eq(None::<Time>)),
        (cases::remedy_until.eq(None::<Time>), cases::remedy.eq(None::<String>)),
        cases::due_at.eq(due),
    )))
    .execute(connection)?;
    Ok(())
}
