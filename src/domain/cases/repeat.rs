//! Close as a repeat, and the new facts that open such a case again.
//!
//! The third identical filing may be closed by a supervisor after two notified answers on the same matter (Korea,
//! article 23). The citizen is told when the earlier answers went out and that new facts open the case; those go to
//! the audit desk, never back to whoever closed it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::TrackingCode;
use super::clocks;
use super::close::{Ending, end};
use super::docket::{Docket, Expected};
use super::life::{Fact, REPEAT, Status};
use super::remedies;
use super::row::CaseRow;
use crate::db::DbConnection;
use crate::db::schema::{cases, messages};
use crate::db::types::{CaseId, CitizenId, EventId, OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::citizens::{self, Kin};
use crate::domain::conflict::desk;
use crate::domain::input;
use crate::domain::notifications::{self, DeliveryState, Facts, date};
use crate::domain::policy;
use crate::domain::repeats::{self, Matter};
use crate::domain::rulebook::Verb;
use crate::domain::text::persian_digits;
use crate::error::{Code, Error, FieldError, Fields, Language, Result};

/// The coded reason of such a closing.
const ANSWERED: &str = "repeat_answered";
/// Most earlier cases that are named.
const NAMED_MAX: usize = 10;

/// A closing as a repeat.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CloseAsRepeat {
    /// Ids or tracking codes of the earlier cases whose answers were sent.
    pub of: Vec<String>,
    /// Why nothing in it is new, in words; the citizen reads it.
    pub reason: String,
}

/// An earlier case, and when its answer went out.
struct Answered {
    row: CaseRow,
    kin: Kin,
    told_at: Time,
}

/// Closes a case as the repeat of earlier ones whose answers were notified.
///
/// # Errors
/// A field error on `of` for each case that is not the same matter of the same citizen or household, or was not
/// answered and notified; `own_earlier_answer` for whoever had a hand in an earlier one.
pub fn close_as_repeat(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &CloseAsRepeat,
) -> Result<Docket> {
    let docket = Docket::open(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::CloseAsRepeat, docket.life.holder)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    docket.life.can_close_as_repeat()?;
    let mut fields = Fields::default();
    let reason = fields.take(input::text("reason", &wish.reason, input::LINE_MAX)).unwrap_or_default();
    let earlier = check_earlier(connection, act, &docket, &wish.of, &mut fields)?;
    fields.finish()?;
    for one in &earlier {
        if remedies::hands(connection, one.row.id)?.contains(&by) {
            return Err(Error::Forbidden(Code::OwnEarlierAnswer));
        }
    }
    let language = if docket.row.language == "en" { Language::En } else { Language::Fa };
    let of = earlier.iter().map(|one| one.row.id).collect();
    let ending = Ending {
        outcome: REPEAT,
        reason: Some(ANSWERED.into()),
        text: Some(words(&earlier, &reason, language)),
        remedy: Some(new_facts_remedy(language).into()),
        template: "case_closed_repeat",
        judged: Some(Fact::RepeatJudged { of, reason, by }),
        ..Ending::default()
    };
    end(connection, act, docket, ending, Some(office))
}

fn check_earlier(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    named: &[String],
    fields: &mut Fields,
) -> Result<Vec<Answered>> {
    if named.len() > NAMED_MAX {
        let (fa, en) = (format!("حداکثر {NAMED_MAX} پرونده."), format!("At most {NAMED_MAX} cases."));
        fields.add(FieldError::new("of", "too_many", fa, en));
        return Ok(Vec::new());
    }
    let matter = Matter::of(connection, &act.vault, &docket.row)?;
    let mut seen = BTreeSet::new();
    let mut earlier = Vec::new();
    for (index, name) in named.iter().enumerate() {
        let field = format!("of[{index}]");
        match find(connection, act, name)? {
            Some(row) if row.id == docket.row.id => fields.add(itself(&field)),
            // the same one twice counts once
            Some(row) if !seen.insert(row.id) => {}
            Some(row) => match check_one(connection, act, docket, &matter, row)? {
                Ok(answered) => earlier.push(answered),
                Err((code, fa, en)) => fields.add(FieldError::new(field, code, fa, en)),
            },
            None => fields.add(FieldError::unknown(field, name)),
        }
    }
    let least = usize::try_from(act.rules.number("repeat_min")? - 1).unwrap_or(2).max(1);
    if seen.len() < least {
        fields.add(FieldError::new(
            "of",
            "too_few",
            persian_digits(&format!(
                "دست‌کم {least} پرونده پیشین با پاسخ ابلاغ‌شده نام ببرید؛ با کمتر از آن باید به این پرونده رسیدگی شود."
            )),
            format!("Name at least {least} earlier cases with a notified answer; with fewer this case is to be handled."),
        ));
    }
    Ok(earlier)
}

fn itself(field: &str) -> FieldError {
    let (fa, en) =
        ("این همین پرونده است؛ پرونده‌های پیشین را نام ببرید.", "This is the case itself; name earlier ones.");
    FieldError::new(field, "same_case", fa, en)
}

/// A case by id or tracking code whose citizen the actor may be told.
fn find(connection: &mut DbConnection, act: &Act, name: &str) -> Result<Option<CaseRow>> {
    let id: Option<CaseId> = match TrackingCode::parse(name) {
        Ok(code) => {
            let by_code = cases::table.filter(cases::tracking_code.eq(code.as_str())).select(cases::id);
            by_code.first(connection).optional()?
        }
        Err(_) => None,
    };
    let Some(id) = id.or_else(|| name.trim().parse().ok()) else { return Ok(None) };
    Ok(repeats::visible(connection, act, &[id])?.pop())
}

type Refusal = (&'static str, &'static str, &'static str);

fn check_one(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    matter: &Matter,
    row: CaseRow,
) -> Result<Result<Answered, Refusal>> {
    let kin = match (docket.row.citizen_id, row.citizen_id) {
        (Some(own), Some(other)) => kin(connection, act, own, other)?,
        (None, _) | (_, None) => None,
    };
    let Some(kin) = kin.filter(|_| row.registered_at <= docket.row.registered_at) else {
        return Ok(Err((
            "not_same_citizen",
            "پرونده پیشین همین شهروند یا خانوار نیست؛ آن را بردارید.",
            "Not an earlier case of this citizen or household; leave it out.",
        )));
    };
    let other = Matter::of(connection, &act.vault, &row)?;
    if repeats::judge(&act.rules, matter, &other)?.is_none() {
        return Ok(Err((
            "not_same_matter",
            "موضوعش همین نیست: نه موضوع و مکان یکی است نه متن نزدیک؛ آن را بردارید.",
            "Not the same matter: neither subject and place nor words agree; leave it out.",
        )));
    }
    if !matches!(row.status, Status::Answered | Status::Closed) {
        return Ok(Err((
            "not_answered",
            "این پرونده هنوز باز است؛ گفته شهروند را به همان بیفزایید.",
            "This case is still open; add the citizen's words to it instead.",
        )));
    }
    Ok(match told_at(connection, row.id)? {
        Some(told_at) => Ok(Answered { row, kin, told_at }),
        None => Err((
            "not_notified",
            "پاسخ این پرونده به شهروند فرستاده نشده یا نرسیده است؛ نخست آن را ابلاغ کنید.",
            "Its answer was not sent to the citizen, or did not arrive; notify it first.",
        )),
    })
}

fn kin(connection: &mut DbConnection, act: &Act, own: CitizenId, other: CitizenId) -> Result<Option<Kin>> {
    let citizen = citizens::load(connection, &act.vault, own)?;
    Ok(repeats::kin_of(connection, act, &citizen, &[other])?.pop().flatten())
}

/// When the last answer of a case was sent, and is not known to have failed.
fn told_at(connection: &mut DbConnection, case: CaseId) -> Result<Option<Time>> {
    use DeliveryState as S;
    use messages as m;
    let arrived = [S::Sent, S::AtCarrier, S::Delivered, S::Unknown];
    let answers = ["answer_approved", "case_closed", "appeal_decided"];
    Ok(m::table
        .filter(m::case_id.eq(case).and(m::direction.eq("out")).and(m::audience.eq("citizen")))
        .filter(m::template.eq_any(answers).and(m::state.eq_any(arrived)))
        .order(m::id.desc())
        .select(m::created_at)
        .first(connection)
        .optional()?)
}

/// What the citizen is told: when the own earlier answers went out, and why nothing is new. Of the household's
/// cases nothing is said but that they count.
fn words(earlier: &[Answered], reason: &str, language: Language) -> String {
    let own =
        earlier.iter().filter(|one| one.kin == Kin::Citizen).map(|one| date(Some(one.told_at), language));
    let own: Vec<String> = own.collect();
    let count = earlier.len();
    match (language, own.is_empty()) {
        (Language::Fa, false) => {
            let when = own.join("، ");
            format!("به این موضوع پیش‌تر پاسخ داده شده است؛ تاریخ پاسخ‌ها: {when}. دلیل بستن: {reason}")
        }
        (Language::Fa, true) => {
            persian_digits(&format!("به این موضوع پیش‌تر {count} بار پاسخ داده شده است. دلیل بستن: {reason}"))
        }
        (Language::En, false) => {
            let when = own.join(", ");
            format!(
                "This matter was answered before; dates of the answers: {when}. Why it is closed: {reason}"
            )
        }
        (Language::En, true) => {
            format!("This matter was answered {count} times before. Why it is closed: {reason}")
        }
    }
}

fn new_facts_remedy(language: Language) -> &'static str {
    match language {
        Language::Fa => {
            "اگر مطلب یا مدرک تازه‌ای دارید، هر زمان آن را به همین پرونده بیفزایید؛ پرونده باز می‌شود و فرد دیگری رسیدگی می‌کند."
        }
        Language::En => {
            "If you have new facts or papers, add them to this case at any time; it is then opened and handled by another person."
        }
    }
}

/// Who gets a case that new facts opened: the audit desk that the limits name, or the nearest desk above it that is
/// free of conflict (tag S4.7).
fn audit_desk(connection: &mut DbConnection, act: &Act, docket: &Docket) -> Result<OfficeId> {
    let offices = &act.rules.offices;
    let named = act.rules.limits.get("repeat_new_facts").and_then(|limit| limit.office.as_deref());
    let wished = named.and_then(|code| offices.by_code(code)).map_or(offices.centre(), |office| office.id);
    match docket.conflict.bars_office(offices, wished) {
        true => desk::free(connection, act, &docket.conflict, wished, Verb::Classify),
        false => Ok(wished),
    }
}

/// The fact that new facts opened the case at the audit desk.
pub(super) fn reopening(connection: &mut DbConnection, act: &Act, docket: &Docket) -> Result<Fact> {
    let office = audit_desk(connection, act, docket)?;
    let due = clocks::promise(act, office, act.now, clocks::Promised::of(&docket.row))?.due_at;
    Ok(Fact::CaseReopened {
        reason: "new_facts".into(),
        status: Status::Classified,
        office,
        hop: None,
        due_at: Some(due),
    })
}

/// Lays a reopening by new facts on the row: no ending, a new promise, and the desk's clock; the citizen is told.
pub(super) fn take_up(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    event: EventId,
) -> Result<()> {
    let office = docket.life.holder;
    let due = clocks::promise(act, office, act.now, clocks::Promised::of(&docket.row))?.due_at;
    super::reopen::clear_ending(connection, act, &docket.row, due)?;
    clocks::start_triage(connection, act, docket)?;
    let reason = if docket.row.language == "en" { "new facts" } else { "مطلب تازه" };
    let facts =
        Facts { office: Some(office), due: Some(due), reason: Some(reason.into()), ..Facts::default() };
    notifications::to_citizen(connection, act, &docket.row, event, "case_reopened", &facts)
}
