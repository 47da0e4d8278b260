//! Extend (تمدید مهلت): once, at most the original length, with a reason to the citizen; a second time only
//! with the citizen's consent (the Korean petitions decree).

use super::row::{ReferralRow, find};
use super::{Move, consent};
use crate::db::DbConnection;
use crate::db::types::{OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::{Extension, Fact, Hop, HopRole};
use crate::domain::cases::{Docket, Expected, clocks, record};
use crate::domain::deadlines::{self, Span};
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// Moves a referral's deadline by `wish.days` working days and tells the citizen why; the second time the citizen
/// is asked first, and the clock runs on until the answer.
pub fn extend(
    connection: &mut DbConnection,
    act: &Act,
    id: ReferralId,
    expected: Expected,
    wish: &Move,
) -> Result<ReferralRow> {
    let (mut docket, hop) = Docket::open_referral(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Extend, hop.office)?;
    let extension = docket.life.can_extend(id)?;
    let old = find(connection, id)?;
    let (days, reason) = check(wish)?;
    let told = told(act, wish, &reason, &docket.row.language);
    let due_at = new_due(connection, act, &old, hop.office, days)?;
    check_above(connection, &docket, &hop, id, due_at)?;
    let longer = Longer { referral: id, office: hop.office, due_before: old.due_at, due_at, reason, told };
    match extension {
        Extension::First => grant(connection, act, &mut docket, &longer, Some(office), None)?,
        Extension::ByConsent => consent::ask(connection, act, &mut docket, &longer, office, days)?,
    }
    find(connection, id)
}

/// A longer deadline.
pub(super) struct Longer {
    pub referral: ReferralId,
    pub office: OfficeId,
    pub due_before: Option<Time>,
    pub due_at: Time,
    pub reason: String,
    /// The reason as the citizen reads it.
    pub told: String,
}

/// Writes an extension, after the consent that allows it where there is one.
pub(super) fn grant(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    longer: &Longer,
    in_name_of: Option<OfficeId>,
    consent: Option<Fact>,
) -> Result<()> {
    let Longer { referral, office, due_before, due_at, .. } = *longer;
    let (reason, with_consent) = (longer.reason.clone(), consent.is_some());
    let fact = Fact::DeadlineExtended { referral, due_before, due_at, reason, with_consent };
    let facts: Vec<Fact> = consent.into_iter().chain([fact.clone()]).collect();
    let event = record(connection, act, docket, &facts, in_name_of)?;
    let hop = docket.life.hops.get(&referral);
    let is_root_lead = hop.is_some_and(|hop| hop.role == HopRole::Lead && hop.parent.is_none());
    clocks::extend(connection, act, &docket.row, &fact, office, is_root_lead)?;
    if is_root_lead {
        let reason = Some(longer.told.clone());
        let facts = Facts { office: Some(office), due: Some(due_at), reason, ..Facts::default() };
        notifications::to_citizen(connection, act, &docket.row, event, "deadline_extended", &facts)?;
    }
    Ok(())
}

fn check(wish: &Move) -> Result<(u16, String)> {
    let mut fields = Fields::default();
    let days = match wish.days {
        Some(days) if (1..=365).contains(&days) => days,
        Some(_) => {
            fields.add(FieldError::new(
                "days",
                "out_of_range",
                "میان ۱ و ۳۶۵ روز کاری.",
                "Between 1 and 365 working days.",
            ));
            0
        }
        None => {
            fields.add(FieldError::required("days"));
            0
        }
    };
    let words = wish.reason.as_deref().or(wish.note.as_deref()).unwrap_or_default();
    let reason = fields.take(input::text("reason", words, input::LINE_MAX));
    fields.finish()?;
    Ok((days, reason.unwrap_or_default()))
}

/// What the citizen reads: for a coded reason the note, else the code's own words; free words as they are.
fn told(act: &Act, wish: &Move, reason: &str, language: &str) -> String {
    let Ok(row) = act.rules.reason("extension", "reason", reason) else { return reason.to_owned() };
    let words = if language == "en" { &row.en } else { &row.fa };
    wish.note.as_deref().map(str::trim).filter(|note| !note.is_empty()).unwrap_or(words).to_owned()
}

/// The new due time; the extension is at most as long as the original deadline.
pub(super) fn new_due(
    connection: &mut DbConnection,
    act: &Act,
    old: &ReferralRow,
    office: OfficeId,
    days: u16,
) -> Result<Time> {
    let due = old.due_at.ok_or(Error::Conflict(Code::WrongState))?;
    let calendar = act.rules.calendar(office)?;
    let extended = deadlines::due(calendar, due.timestamp(), Span::WorkingDays(days))?;
    let gained = clocks::extended_by(connection, calendar, old.id)?;
    let original = calendar
        .working_between(old.started_at.timestamp(), due.timestamp())
        .seconds()
        .saturating_sub(gained);
    let more = calendar.working_between(due.timestamp(), extended).seconds();
    let percent = u64::try_from(act.rules.number("extension_max_percent")?).unwrap_or(0);
    if more.saturating_mul(100) > original.saturating_mul(percent) {
        return Err(Error::field(FieldError::new(
            "days",
            "longer_than_original",
            format!("تمدید از {percent} درصد مهلت نخست بلندتر است؛ روزهای کمتری بخواهید."),
            format!(
                "The extension is longer than {percent} percent of the original deadline; ask for fewer days."
            ),
        )));
    }
    Ok(extended.into())
}

/// A helper or sub-referral stays inside what it works for.
fn check_above(
    connection: &mut DbConnection,
    docket: &Docket,
    hop: &Hop,
    id: ReferralId,
    due_at: Time,
) -> Result<()> {
    let Some(above) = hop.parent.or(docket.life.lead).filter(|above| *above != id) else { return Ok(()) };
    match find(connection, above)?.due_at {
        Some(bound) if due_at > bound => Err(Error::field(FieldError::new(
            "days",
            "too_late",
            format!("مهلت باید پیش از {bound} باشد؛ نخست مهلت دستگاه محوری را تمدید کنید."),
            format!("The deadline must not be after {bound}; extend the lead's first."),
        ))),
        Some(_) | None => Ok(()),
    }
}
