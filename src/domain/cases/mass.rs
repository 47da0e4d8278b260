//! The end of a mass case (rules.md §5; requirement tag S4.5): two persons, the first with the minutes of whoever
//! heard the matter. Time alone never closes one.

use diesel::prelude::*;

use super::answer::check_outcome;
use super::close::{self, Close, Ending};
use super::docket::Docket;
use super::learn;
use super::life::{Closing, Fact, Status};
use super::note;
use super::record::{record, sha256_hex};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::quality::Lesson;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Fields, Result};

/// Proposes the closing of a mass case with minutes, or confirms that of another person.
///
/// # Errors
/// `second_person_required` for whoever proposed it; missing `minutes` of the first; a wrong outcome.
pub(super) fn close(
    connection: &mut DbConnection,
    act: &Act,
    mut docket: Docket,
    wish: &Close,
) -> Result<Docket> {
    let is_advice = wish.outcome == "advice";
    let verb = if is_advice { Verb::Advise } else { Verb::Close };
    let office = policy::allow(act, verb, docket.life.holder)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    match is_advice {
        true => docket.life.can_advise()?,
        false if docket.life.status == Status::Answered => docket.life.can_close()?,
        false => return Err(Error::Conflict(Code::WrongState)),
    }
    let Read { text, remedy, reason, minutes, lesson, first } =
        read(connection, act, &docket, wish, is_advice)?;
    let minutes_sha256 = minutes.as_deref().map_or_else(String::new, |words| sha256_hex(words.as_bytes()));
    let closing = Closing { outcome: wish.outcome.clone(), reason: reason.clone(), minutes_sha256, by };
    match docket.life.close_mass(closing, None)? {
        fact @ Fact::ClosingProposed { .. } => {
            record(connection, act, &mut docket, &[fact], Some(office))?;
            let minutes = note::Note { text: minutes.unwrap_or_default() };
            note::keep(connection, act, &mut docket, &minutes, office)?;
            docket.reload(connection)
        }
        _ => {
            let reason = first.and_then(|first| first.reason);
            let (outcome, template) = (wish.outcome.as_str(), "case_closed");
            let ending = Ending { outcome, reason, text, remedy, template, lesson, ..Ending::default() };
            close::end(connection, act, docket, ending, Some(office))
        }
    }
}

/// A closing as it was wished.
struct Read {
    text: Option<String>,
    remedy: Option<String>,
    reason: Option<String>,
    minutes: Option<String>,
    lesson: Lesson,
    /// The proposal that this call confirms.
    first: Option<Closing>,
}

fn read(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    wish: &Close,
    is_advice: bool,
) -> Result<Read> {
    let mut fields = Fields::default();
    let text = match is_advice {
        true => fields.take(input::text("text", wish.text.as_deref().unwrap_or_default(), input::TEXT_MAX)),
        false => fields.take(input::optional_text("text", wish.text.as_deref(), input::TEXT_MAX)).flatten(),
    };
    let remedy =
        fields.take(input::optional_text("remedy", wish.remedy.as_deref(), input::TEXT_MAX)).flatten();
    let stands = docket.row.outcome.as_deref() == Some(wish.outcome.as_str());
    let reason = wish.reason_code.clone().or_else(|| docket.row.outcome_reason.clone().filter(|_| stands));
    if !is_advice {
        check_outcome(act, &docket.row.kind, &wish.outcome, reason.as_deref(), &mut fields);
    }
    let first = docket.life.family.closing.clone().filter(|first| first.outcome == wish.outcome);
    let minutes = match first {
        Some(_) => None,
        None => {
            fields.take(input::text("minutes", wish.minutes.as_deref().unwrap_or_default(), input::TEXT_MAX))
        }
    };
    let lesson = learn::of_closing(connection, act, docket, wish, &mut fields)?;
    fields.finish()?;
    Ok(Read { text, remedy, reason, minutes, lesson, first })
}

/// The window or the wait of a mass case has passed: its holder is told that two persons may close it now.
pub(super) fn come_due(connection: &mut DbConnection, act: &Act, mut docket: Docket) -> Result<()> {
    end_window(connection, docket.row.id)?;
    let event = record(connection, act, &mut docket, &[Fact::ClosingDue], None)?;
    let office = docket.life.holder;
    let facts = Facts { office: Some(office), ..Facts::default() };
    notifications::to_office(connection, act, &docket.row, event, office, "mass_closing_due", &facts)
}

/// The window of a case is over, though the case is not.
pub(super) fn end_window(connection: &mut DbConnection, case: CaseId) -> Result<()> {
    diesel::update(cases::table.find(case))
        .set((cases::window_until.eq(None::<Time>), cases::wait_until.eq(None::<Time>)))
        .execute(connection)?;
    Ok(())
}
