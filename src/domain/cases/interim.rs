//! The hard outer limit: an interim answer is demanded, and where nobody gives one the service itself tells the
//! citizen honestly how it stands; and a word of progress every month (requirement tags P3.4, P5.3, S2.2v).

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::docket::{Docket, Expected};
use super::life::{Fact, HopRole, Status};
use super::record::record;
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{answers, cases, clock_changes, interim_demands as demands, progress_notices};
use crate::db::types::{AnswerId, CaseId, InterimDemandId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::deadlines;
use crate::domain::notifications::{self, Facts};
use crate::domain::{closures, warnings};
use crate::error::{FieldError, Result};
use crate::on_both;

/// Statuses in which the citizen waits for the service.
const WAITS: [Status; 3] = [Status::Registered, Status::Classified, Status::Referred];

/// When the final answer may be expected, as an office names it: the end of that day.
pub fn expected(act: &Act, office: OfficeId, text: &str) -> std::result::Result<Time, FieldError> {
    let unreadable = |_| FieldError::new("expected_at", "invalid", "تقویمی نیست.", "There is no calendar.");
    let day = closures::parse_day("expected_at", text)?;
    let calendar = act.rules.calendar(office).map_err(unreadable)?;
    let at = Time::from(calendar.end_of_day(day).map_err(|error| unreadable(error.into()))?);
    let span =
        act.rules.required_span("interim_expected_max", None, None, None, false).map_err(unreadable)?;
    let last = deadlines::due(calendar, act.now.timestamp(), span);
    let last = Time::from(last.map_err(|error| unreadable(error.into()))?);
    match at {
        at if at <= act.now => {
            let (fa, en) =
                ("تاریخ پاسخ نهایی باید در آینده باشد.", "The expected date must lie in the future.");
            Err(FieldError::new("expected_at", "in_the_past", fa, en))
        }
        at if at > last => Err(FieldError::new(
            "expected_at",
            "too_late",
            "تاریخ پاسخ نهایی بیش از اندازه دور است؛ تاریخی نزدیک‌تر بنویسید.",
            "The expected date is too far away; name a nearer one.",
        )),
        at => Ok(at),
    }
}

/// Cases past their outer limit of which no interim answer has been demanded.
pub fn past_outer(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<CaseId>> {
    let demanded = demands::table.filter(demands::case_id.eq(cases::id)).filter(
        demands::settled_at.is_null().or(demands::outer_at.nullable().eq(cases::outer_at).assume_not_null()),
    );
    Ok(cases::table
        .filter(
            cases::outer_at.is_not_null().and(cases::answered_at.is_null()).and(cases::closed_at.is_null()),
        )
        .filter(cases::outer_at.le(now))
        .filter(cases::status.eq_any(WAITS))
        .filter(not(exists(demanded)))
        .order(cases::outer_at)
        .limit(limit)
        .select(cases::id)
        .load(connection)?)
}

/// Demands of which the time has come, and progress that the citizen should hear of.
pub fn due(
    connection: &mut DbConnection,
    now: Time,
    limit: i64,
) -> Result<Vec<(CaseId, Option<InterimDemandId>)>> {
    let mut found: Vec<(CaseId, Option<InterimDemandId>)> = demands::table
        .filter(demands::next_at.le(now))
        .order(demands::next_at)
        .limit(limit)
        .select((demands::case_id, demands::id.nullable()))
        .load(connection)?;
    let progress: Vec<CaseId> = progress_notices::table
        .filter(progress_notices::next_at.le(now))
        .order(progress_notices::next_at)
        .limit(limit)
        .select(progress_notices::case_id)
        .load(connection)?;
    found.extend(progress.into_iter().map(|case| (case, None)));
    Ok(found)
}

/// Demands an interim answer of a case past its outer limit; false where it is not so any more.
pub fn demand(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<bool> {
    let docket = Docket::open(connection, act, case, Expected::Any)?;
    let Some(outer) = docket.row.outer_at.filter(|outer| *outer <= act.now) else { return Ok(false) };
    if !WAITS.contains(&docket.life.status) || docket.row.answered_at.is_some() {
        return Ok(false);
    }
    begin(connection, act, docket, "outer_limit", outer)
}

fn begin(
    connection: &mut DbConnection,
    act: &Act,
    mut docket: Docket,
    cause: &str,
    outer: Time,
) -> Result<bool> {
    let case = docket.row.id;
    let (referral, office) = responsible(&docket);
    let span = act.rules.required_span("interim_wait", None, None, None, false)?;
    let due: Time = deadlines::due(act.rules.calendar(office)?, act.now.timestamp(), span)?.into();
    let id: InterimDemandId = act.id();
    let values = (
        (demands::id.eq(id), demands::case_id.eq(case), demands::referral_id.eq(referral)),
        (demands::office_id.eq(office), demands::cause.eq(cause.to_owned()), demands::outer_at.eq(outer)),
        (demands::made_at.eq(act.now), demands::due_at.eq(due), demands::next_at.eq(Some(due))),
    );
    let made = on_both!(connection, |c| diesel::insert_into(demands::table)
        .values(&values)
        .on_conflict_do_nothing()
        .execute(c))?;
    if made == 0 {
        return Ok(false);
    }
    follow(connection, act, &docket)?;
    let fact = Fact::OuterLimitPassed { demand: id, referral, office, cause: cause.to_owned(), due_at: due };
    let event = record(connection, act, &mut docket, &[fact], None)?;
    let facts = Facts { office: Some(office), due: Some(due), ..Facts::default() };
    notifications::to_office(connection, act, &docket.row, event, office, "interim_demanded", &facts)?;
    let above = warnings::superior(act, office);
    notifications::to_office(connection, act, &docket.row, event, above, "outer_superior", &facts)?;
    if let Some(referral) = referral {
        warnings::of_outer(connection, act, warnings::Late { case, referral, office }, id)?;
    }
    Ok(true)
}

/// Who owes the answer to the citizen: the body that leads, else whoever holds the case.
fn responsible(docket: &Docket) -> (Option<ReferralId>, OfficeId) {
    let lead = docket.life.lead.and_then(|id| docket.life.hops.get(&id).map(|hop| (id, hop)));
    match lead.filter(|(_, hop)| hop.state.is_open() && hop.role == HopRole::Lead) {
        Some((id, hop)) => (Some(id), hop.office),
        None => (None, docket.life.holder),
    }
}

/// From now on the citizen hears every month how it stands.
fn follow(connection: &mut DbConnection, act: &Act, docket: &Docket) -> Result<()> {
    let first = month_after(act, docket, docket.row.received_at)?;
    let next = if first > act.now { first } else { month_after(act, docket, act.now)? };
    let row = (
        progress_notices::case_id.eq(docket.row.id),
        progress_notices::next_at.eq(Some(next)),
        progress_notices::sent.eq(0),
    );
    on_both!(connection, |c| diesel::insert_into(progress_notices::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

fn month_after(act: &Act, docket: &Docket, from: Time) -> Result<Time> {
    let span = act.rules.required_span("progress_notice", None, None, None, false)?;
    Ok(deadlines::due(act.rules.calendar(docket.life.holder)?, from.timestamp(), span)?.into())
}

/// An answer to the citizen was approved: what was demanded is given.
pub(super) fn answered(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    answer: AnswerId,
    is_interim: bool,
) -> Result<()> {
    let case = docket.row.id;
    let open = demands::table.filter(demands::case_id.eq(case).and(demands::settled_at.is_null()));
    let at: Option<Time> = answers::table.find(answer).select(answers::expected_at).first(connection)?;
    let by = if is_interim { "answer" } else { "final" };
    let settled = prepared(diesel::update(open).set((
        (demands::settled_at.eq(act.now), demands::settled_by.eq(by), demands::answer_id.eq(answer)),
        (demands::expected_at.eq(at), demands::next_at.eq(at)),
    )))
    .execute(connection)?;
    let (Some(expected), Some(outer)) = (at, docket.row.outer_at) else { return Ok(()) };
    if settled > 0 || !is_interim {
        return Ok(());
    }
    // given before it was demanded: the date that the office named now counts in place of the limit
    let (referral, office) = responsible(docket);
    let id: InterimDemandId = act.id();
    let values = (
        (demands::id.eq(id), demands::case_id.eq(case), demands::referral_id.eq(referral)),
        (demands::office_id.eq(office), demands::cause.eq("outer_limit"), demands::outer_at.eq(outer)),
        (
            demands::made_at.eq(act.now),
            demands::due_at.eq(act.now),
            demands::next_at.eq(Some(expected.max(outer))),
        ),
        (demands::settled_at.eq(act.now), demands::settled_by.eq("answer"), demands::answer_id.eq(answer)),
        demands::expected_at.eq(expected),
    );
    on_both!(connection, |c| diesel::insert_into(demands::table)
        .values(&values)
        .on_conflict_do_nothing()
        .execute(c))?;
    follow(connection, act, docket)
}

type DemandRow = (OfficeId, Option<Time>, Option<Time>, Option<Time>);

/// The time of a demand has come: the service speaks itself, or the date that was named has passed.
pub fn settle(connection: &mut DbConnection, act: &Act, case: CaseId, id: InterimDemandId) -> Result<bool> {
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    let (office, settled, expected, next): DemandRow = demands::table
        .find(id)
        .select((demands::office_id, demands::settled_at, demands::expected_at, demands::next_at))
        .first(connection)?;
    if next.is_none_or(|next| next > act.now) {
        return Ok(false);
    }
    let row = diesel::update(demands::table.find(id));
    match (docket.life.status, settled) {
        (Status::AwaitingCitizen, _) => {
            // the citizen is asked, so the clock stands
            row.set(demands::next_at.eq(act.now.plus_days(1))).execute(connection)?;
        }
        (Status::Answered | Status::Closed, _) => {
            let settled = settled.unwrap_or(act.now);
            row.set((demands::settled_at.eq(settled), demands::next_at.eq(None::<Time>)))
                .execute(connection)?;
        }
        (Status::Registered | Status::Classified | Status::Referred, Some(_)) => {
            row.set(demands::next_at.eq(None::<Time>)).execute(connection)?;
            begin(connection, act, docket, "expected_passed", expected.unwrap_or(act.now))?;
        }
        (Status::Registered | Status::Classified | Status::Referred, None) => {
            let expected = foreseen(connection, act, &docket)?;
            row.set((
                (demands::settled_at.eq(act.now), demands::settled_by.eq("system")),
                (demands::expected_at.eq(expected), demands::next_at.eq(expected)),
            ))
            .execute(connection)?;
            speak(connection, act, &mut docket, id, office, expected)?;
        }
    }
    Ok(true)
}

/// The honest word of the service: who holds it, why as far as recorded, until when, and the way up.
fn speak(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    demand: InterimDemandId,
    office: OfficeId,
    expected_at: Time,
) -> Result<()> {
    let reason = recorded_reason(connection, docket.row.id)?;
    let fact = Fact::InterimSent { demand, office, expected_at, reason: reason.clone() };
    let event = record(connection, act, docket, &[fact], None)?;
    let holder = docket.life.holder;
    let facts = Facts { office: Some(holder), due: Some(expected_at), reason, ..Facts::default() };
    notifications::to_citizen(connection, act, &docket.row, event, "interim_system", &facts)
}

/// The last reason that somebody wrote down for taking longer; none where nobody did, and so it is told.
fn recorded_reason(connection: &mut DbConnection, case: CaseId) -> Result<Option<String>> {
    use clock_changes as c;
    let reason: Option<Option<String>> = c::table
        .filter(c::case_id.eq(case).and(c::change.eq("extend")))
        .order(c::id.desc())
        .select(c::reason)
        .first(connection)
        .optional()?;
    Ok(reason.flatten())
}

/// A date still to come: the promise, else a week of work from now.
fn foreseen(connection: &mut DbConnection, act: &Act, docket: &Docket) -> Result<Time> {
    let named: Option<Option<Time>> = demands::table
        .filter(demands::case_id.eq(docket.row.id).and(demands::expected_at.is_not_null()))
        .order(demands::id.desc())
        .select(demands::expected_at)
        .first(connection)
        .optional()?;
    let known = [named.flatten(), Some(docket.row.due_at)].into_iter().flatten().find(|at| *at > act.now);
    if let Some(known) = known {
        return Ok(known);
    }
    let span = act.rules.required_span("interim_expected", None, None, None, false)?;
    Ok(deadlines::due(act.rules.calendar(docket.life.holder)?, act.now.timestamp(), span)?.into())
}

/// Tells a citizen who waits how the case stands, and when the next word comes.
pub fn progress(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<bool> {
    use progress_notices as p;
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    let (next, sent): (Option<Time>, i32) =
        p::table.find(case).select((p::next_at, p::sent)).first(connection)?;
    if next.is_none_or(|next| next > act.now) {
        return Ok(false);
    }
    let row = diesel::update(p::table.find(case));
    if docket.life.status == Status::Closed {
        row.set(p::next_at.eq(None::<Time>)).execute(connection)?;
        return Ok(true);
    }
    let waits = WAITS.contains(&docket.life.status);
    let next = month_after(act, &docket, act.now)?;
    row.set((p::next_at.eq(next), p::sent.eq(sent + i32::from(waits)))).execute(connection)?;
    if waits {
        let (office, expected_at) = (docket.life.holder, foreseen(connection, act, &docket)?);
        let number = u32::try_from(sent + 1).unwrap_or(1);
        let fact = Fact::ProgressNoticed { office, number, expected_at };
        let event = record(connection, act, &mut docket, &[fact], None)?;
        let facts = Facts { office: Some(office), due: Some(expected_at), ..Facts::default() };
        notifications::to_citizen(connection, act, &docket.row, event, "progress_notice", &facts)?;
    }
    Ok(true)
}
