//! Release of the identity behind a sealed case: asked for with a reason, decided by the privacy officer, who is never the
//! one who asked; for a named person, for a time, and revocable. An expired release needs no worker: it is judged by the
//! clock whenever it would be used.

use diesel::prelude::*;

pub use super::request_row::{Decision, Reason, Release, RequestRow, State};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::identity_requests as r;
use crate::db::types::{CaseId, IdentityRequestId, OfficeId, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::life::Fact;
use crate::domain::cases::{CaseRow, Docket, Expected, find_visible, record};
use crate::domain::rulebook::Verb;
use crate::domain::{input, policy, users};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// The release under which this person may see the identity of this case now.
pub(super) fn released(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    user: UserId,
) -> Result<Option<IdentityRequestId>> {
    Ok(r::table
        .filter(r::case_id.eq(case).and(r::released_to.eq(user)).and(r::decision.eq(Decision::Released)))
        .filter(r::revoked_at.is_null().and(r::until.gt(act.now)))
        .order(r::id.desc())
        .select(r::id)
        .first(connection)
        .optional()?)
}

fn reason(given: Option<&str>) -> Result<String> {
    input::text("reason", given.unwrap_or_default(), input::LINE_MAX).map_err(Error::field)
}

/// Asks for the identity behind a visible sealed case.
///
/// # Errors
/// `not_sealed`; `already_done` while this person's last request awaits its decision.
pub fn ask(connection: &mut DbConnection, act: &Act, case: CaseId, wish: &Reason) -> Result<RequestRow> {
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    let office = policy::allow(act, Verb::AskIdentity, docket.life.holder)
        .or_else(|_| policy::allow_anywhere(act, Verb::AskIdentity))?;
    let asked_by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let reason = reason(wish.reason.as_deref())?;
    must_be_sealed(&docket.row)?;
    let waits: i64 = r::table
        .filter(r::case_id.eq(case).and(r::asked_by.eq(asked_by)).and(r::decided_at.is_null()))
        .count()
        .get_result(connection)?;
    if waits > 0 {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    let id: IdentityRequestId = act.id();
    diesel::insert_into(r::table)
        .values((
            (r::id.eq(id), r::case_id.eq(case), r::asked_by.eq(asked_by), r::office_id.eq(office)),
            (r::reason.eq(reason), r::asked_at.eq(act.now)),
        ))
        .execute(connection)?;
    record(connection, act, &mut docket, &[Fact::IdentityAsked { request: id }], Some(office))?;
    find(connection, id)
}

fn must_be_sealed(row: &CaseRow) -> Result<()> {
    if row.is_sealed { Ok(()) } else { Err(Error::Conflict(Code::NotSealed)) }
}

/// The request of this id; whether it may be seen is asked elsewhere.
fn find(connection: &mut DbConnection, id: IdentityRequestId) -> Result<RequestRow> {
    Ok(r::table.find(id).select(RequestRow::as_select()).first(connection)?)
}

/// A request that the actor may decide on, with its case; both locked.
fn to_decide(
    connection: &mut DbConnection,
    act: &Act,
    id: IdentityRequestId,
) -> Result<(Docket, RequestRow, UserId, OfficeId)> {
    policy::allow_anywhere(act, Verb::ReleaseIdentity)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let request = find(connection, id)?;
    let docket = Docket::open(connection, act, request.case_id, Expected::Any)?;
    let office = policy::allow(act, Verb::ReleaseIdentity, docket.row.intake_office_id)?;
    let _: IdentityRequestId = for_update(r::table.find(id).select(r::id)).get_result(connection)?;
    Ok((docket, find(connection, id)?, by, office))
}

fn must_be_open(request: &RequestRow, by: UserId) -> Result<()> {
    if request.asked_by == by {
        return Err(Error::Forbidden(Code::SecondPersonRequired));
    }
    if request.decision.is_some() { Err(Error::Conflict(Code::AlreadyDone)) } else { Ok(()) }
}

/// Releases the identity and the original words to a named person for a time.
///
/// # Errors
/// `second_person_required` on one's own request or to oneself; fields `reason`, `hours`, `to`.
pub fn release(
    connection: &mut DbConnection,
    act: &Act,
    id: IdentityRequestId,
    wish: &Release,
) -> Result<RequestRow> {
    let (mut docket, request, by, office) = to_decide(connection, act, id)?;
    must_be_open(&request, by)?;
    must_be_sealed(&docket.row)?;
    let mut fields = Fields::default();
    let reason =
        fields.take(input::text("reason", wish.reason.as_deref().unwrap_or_default(), input::LINE_MAX));
    let hours = fields.take(hours(act, wish.hours)?);
    let to = match wish.to.as_deref() {
        Some(username) => {
            reader(connection, act, request.case_id, username)?.map(|to| fields.take(to)).unwrap_or(None)
        }
        None => Some((request.asked_by, request.office_id)),
    };
    fields.finish()?;
    let (Some(reason), Some(hours), Some((to, of))) = (reason, hours, to) else {
        return Err(Error::internal("a required field was lost"));
    };
    if to == by {
        return Err(Error::Forbidden(Code::SecondPersonRequired));
    }
    let until = act.now.plus_seconds(hours * 3600);
    diesel::update(r::table.find(id))
        .set((
            (r::decision.eq(Decision::Released), r::decided_by.eq(by), r::decided_at.eq(act.now)),
            (r::decision_reason.eq(reason), r::released_to.eq(to), r::until.eq(until)),
        ))
        .execute(connection)?;
    let fact = Fact::IdentityReleased { request: id, to, office: of, by, until };
    record(connection, act, &mut docket, &[fact], Some(office))?;
    find(connection, id)
}

fn hours(act: &Act, wished: Option<i64>) -> Result<Result<i64, FieldError>> {
    let most = act.rules.number("identity_release_hours_max")?;
    let usual = act.rules.number("identity_release_hours")?;
    Ok(match wished.unwrap_or(usual) {
        hours if (1..=most).contains(&hours) => Ok(hours),
        _ => Err(FieldError::new(
            "hours",
            "out_of_range",
            format!("میان ۱ و {most} ساعت."),
            format!("Between 1 and {most} hours."),
        )),
    })
}

type Reader = std::result::Result<(UserId, OfficeId), FieldError>;

/// The person of this user name, and an office of theirs; they must see the case already.
fn reader(connection: &mut DbConnection, act: &Act, case: CaseId, username: &str) -> Result<Option<Reader>> {
    let Some(staff) = users::staff_by_username(connection, username)? else {
        return Ok(Some(Err(FieldError::unknown("to", username))));
    };
    let known = (staff.id, staff.assignments.iter().map(|(_, office)| *office).next());
    let theirs = Act { actor: Actor::Staff(staff), ..act.clone() };
    let sees = find_visible(connection, &theirs, case).is_ok();
    Ok(Some(match known {
        (id, Some(office)) if sees => Ok((id, office)),
        _ => Err(FieldError::new(
            "to",
            "cannot_see",
            "این شخص پرونده را نمی‌بیند؛ کسی را نام ببرید که روی آن کار می‌کند.",
            "This person does not see the case; name one who works on it.",
        )),
    }))
}

/// Refuses a request.
pub fn refuse(
    connection: &mut DbConnection,
    act: &Act,
    id: IdentityRequestId,
    wish: &Reason,
) -> Result<RequestRow> {
    let (mut docket, request, by, office) = to_decide(connection, act, id)?;
    must_be_open(&request, by)?;
    let reason = reason(wish.reason.as_deref())?;
    diesel::update(r::table.find(id))
        .set((
            (r::decision.eq(Decision::Refused), r::decided_by.eq(by), r::decided_at.eq(act.now)),
            r::decision_reason.eq(reason),
        ))
        .execute(connection)?;
    record(connection, act, &mut docket, &[Fact::IdentityRefused { request: id, by }], Some(office))?;
    find(connection, id)
}

/// Takes a release back before its time.
///
/// # Errors
/// `wrong_state` where nothing is released now.
pub fn revoke(
    connection: &mut DbConnection,
    act: &Act,
    id: IdentityRequestId,
    wish: &Reason,
) -> Result<RequestRow> {
    let (mut docket, request, by, office) = to_decide(connection, act, id)?;
    let reason = reason(wish.reason.as_deref())?;
    match request.state(act.now) {
        State::Released => {}
        State::Revoked => return Err(Error::Conflict(Code::AlreadyDone)),
        State::Open | State::Refused | State::Expired => return Err(Error::Conflict(Code::WrongState)),
    }
    diesel::update(r::table.find(id))
        .set((r::revoked_by.eq(by), r::revoked_at.eq(act.now), r::revoke_reason.eq(reason)))
        .execute(connection)?;
    record(connection, act, &mut docket, &[Fact::IdentityRevoked { request: id, by }], Some(office))?;
    find(connection, id)
}

/// The requests of a visible case, oldest first: all of them to those who decide or audit, one's own to everybody else.
pub fn of_case(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<RequestRow>> {
    let sees_all = [Verb::ReleaseIdentity, Verb::ReadAudit]
        .into_iter()
        .any(|verb| policy::allow_anywhere(act, verb).is_ok());
    let mut query =
        r::table.filter(r::case_id.eq(case)).order(r::id).select(RequestRow::as_select()).into_boxed();
    if !sees_all {
        let user = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
        query = query.filter(r::asked_by.eq(user).or(r::released_to.eq(user).assume_not_null()));
    }
    Ok(query.load(connection)?)
}

/// Requests that await a decision of this privacy officer, oldest first, after `after`.
pub fn waiting(
    connection: &mut DbConnection,
    act: &Act,
    after: Option<IdentityRequestId>,
    limit: i64,
) -> Result<Vec<RequestRow>> {
    use crate::db::schema::cases;
    policy::allow_anywhere(act, Verb::ReleaseIdentity)?;
    let open = r::table.filter(r::decided_at.is_null());
    // they are few: one for each person who works on a sealed case at most
    let visible: Vec<CaseId> = cases::table
        .filter(cases::id.eq_any(open.select(r::case_id)))
        .filter(crate::domain::visibility::visible(act))
        .select(cases::id)
        .load(connection)?;
    Ok(open
        .filter(r::case_id.eq_any(visible))
        .filter(r::id.gt(after.unwrap_or(IdentityRequestId(0))))
        .order(r::id)
        .limit(limit)
        .select(RequestRow::as_select())
        .load(connection)?)
}
