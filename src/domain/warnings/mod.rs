//! Warnings (اخطار) to superiors: drafted by the service when a referral or an office is badly late, issued or set
//! aside by a named superior (requirement tag S2.2vi).
//!
//! A draft is made once, by its key. One on which nobody acts goes up, level by level, to the centre.

mod pile;

use diesel::prelude::*;
pub use pile::{Piled, of_pile, piled};
use serde::{Deserialize, Serialize};

use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::prepared::prepared;
use crate::db::schema::{cases, warning_cases, warnings};
use crate::db::types::{CaseId, InterimDemandId, OfficeId, ReferralId, Time, UserId, WarningId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::life::Fact;
use crate::domain::cases::{CaseRow, Docket, Expected, last_event, record};
use crate::domain::deadlines;
use crate::domain::notifications::{self, Facts};
use crate::domain::rulebook::{Reach, Verb};
use crate::domain::views::{OfficeView, office_view};
use crate::domain::{input, policy, users, visibility};
use crate::error::{Code, Error, Result};
use crate::{on_both, text_enum};

text_enum! {
    /// Where a warning stands.
    pub enum WarningState { Draft = "draft", Issued = "issued", SetAside = "set_aside" }
}

/// A referral that is late.
#[derive(Debug, Clone, Copy)]
pub struct Late {
    pub case: CaseId,
    pub referral: ReferralId,
    pub office: OfficeId,
}

/// A superior's decision.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ruling {
    /// Why; required to set a warning aside.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A case that a warning is about.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WarningCase {
    pub case_id: CaseId,
    pub tracking_code: String,
    pub referral_id: ReferralId,
    pub href: String,
}

/// A warning as superiors see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WarningView {
    pub id: WarningId,
    /// `point_120`, `point_150`, `outer_limit`, `overdue_office` or `overdue_person`.
    pub cause: String,
    pub state: WarningState,
    /// The office that is late.
    pub office: OfficeView,
    /// User name, where the warning is about one person.
    pub user: Option<String>,
    /// The superior who is to act.
    pub addressed_to: OfficeView,
    /// Late referrals that it counts.
    pub count: i32,
    pub made_at: Time,
    /// When it goes one level up, unless somebody acts.
    pub act_until: Option<Time>,
    /// How often it went up.
    pub steps: i32,
    pub decided_by: Option<String>,
    pub decided_office: Option<String>,
    pub decided_at: Option<Time>,
    pub note: Option<String>,
    /// The cases that the reader may see.
    pub cases: Vec<WarningCase>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = warnings)]
struct Row {
    id: WarningId,
    cause: String,
    office_id: OfficeId,
    user_id: Option<UserId>,
    addressed_to: OfficeId,
    case_id: CaseId,
    count: i32,
    state: WarningState,
    made_at: Time,
    steps: i32,
    next_at: Option<Time>,
    decided_by: Option<UserId>,
    decided_office: Option<OfficeId>,
    decided_at: Option<Time>,
    note: Option<String>,
}

/// The office above; the centre is its own.
pub fn superior(act: &Act, office: OfficeId) -> OfficeId {
    let centre = act.rules.offices.centre();
    act.rules.offices.get(office).and_then(|office| office.parent).unwrap_or(centre)
}

/// Drafts the warning of a point above 100 percent.
pub fn of_point(connection: &mut DbConnection, act: &Act, late: Late, percent: u16) -> Result<()> {
    let key = format!("point:{percent}:{}", late.referral);
    draft(connection, act, &key, &format!("point_{percent}"), late.office, None, &[late]).map(drop)
}

/// Drafts the warning of an outer limit that passed.
pub fn of_outer(connection: &mut DbConnection, act: &Act, late: Late, demand: InterimDemandId) -> Result<()> {
    draft(connection, act, &format!("outer:{demand}"), "outer_limit", late.office, None, &[late]).map(drop)
}

fn draft(
    connection: &mut DbConnection,
    act: &Act,
    key: &str,
    cause: &str,
    office: OfficeId,
    user: Option<UserId>,
    late: &[Late],
) -> Result<bool> {
    let (Some(last), id): (_, WarningId) = (late.last(), act.id()) else { return Ok(false) };
    let to = superior(act, office);
    let values = (
        (warnings::id.eq(id), warnings::key.eq(key.to_owned()), warnings::cause.eq(cause.to_owned())),
        (warnings::office_id.eq(office), warnings::user_id.eq(user), warnings::addressed_to.eq(to)),
        (warnings::case_id.eq(last.case), warnings::count.eq(i32::try_from(late.len()).unwrap_or(i32::MAX))),
        (warnings::state.eq(WarningState::Draft), warnings::made_at.eq(act.now), warnings::steps.eq(0)),
        warnings::next_at.eq(Some(until(act, to)?)),
    );
    let made = on_both!(connection, |c| diesel::insert_into(warnings::table)
        .values(&values)
        .on_conflict_do_nothing()
        .execute(c))?;
    if made == 0 {
        return Ok(false);
    }
    for one in late {
        let row = (
            warning_cases::warning_id.eq(id),
            warning_cases::referral_id.eq(one.referral),
            warning_cases::case_id.eq(one.case),
        );
        on_both!(connection, |c| diesel::insert_into(warning_cases::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    metrics::counter!("samad_warnings_total", "cause" => cause.to_owned()).increment(1);
    Ok(true)
}

fn until(act: &Act, office: OfficeId) -> Result<Time> {
    let span = act.rules.required_span("warning_wait", None, None, None, false)?;
    Ok(deadlines::due(act.rules.calendar(office)?, act.now.timestamp(), span)?.into())
}

/// Drafts on which nobody acted in time.
pub fn idle(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<WarningId>> {
    Ok(warnings::table
        .filter(warnings::next_at.le(now))
        .order(warnings::next_at)
        .limit(limit)
        .select(warnings::id)
        .load(connection)?)
}

/// Sends an idle draft one level up, whose office is told; at the centre it stays.
pub fn go_up(connection: &mut DbConnection, act: &Act, id: WarningId) -> Result<bool> {
    let row: Row = for_update(warnings::table.find(id).select(Row::as_select())).get_result(connection)?;
    if row.state != WarningState::Draft || row.next_at.is_none_or(|next| next > act.now) {
        return Ok(false);
    }
    let is_top = row.addressed_to == act.rules.offices.centre();
    let to = superior(act, row.addressed_to);
    let next = if is_top { None } else { Some(until(act, to)?) };
    prepared(diesel::update(warnings::table.find(id)).set((
        warnings::addressed_to.eq(to),
        warnings::steps.eq(row.steps + i32::from(!is_top)),
        warnings::next_at.eq(next),
    )))
    .execute(connection)?;
    if !is_top {
        let case: CaseRow = cases::table.find(row.case_id).select(CaseRow::as_select()).first(connection)?;
        let event = last_event(connection, case.id)?;
        let facts = Facts { office: Some(row.office_id), due: next, ..Facts::default() };
        notifications::to_office(connection, act, &case, event, to, "warning_raised", &facts)?;
    }
    Ok(true)
}

/// The drafts of a referral whose lateness a closure lifted stand no more, and say why.
pub fn lifted(connection: &mut DbConnection, act: &Act, referral: ReferralId, reason: &str) -> Result<()> {
    let keys = [120, 150].map(|percent| format!("point:{percent}:{referral}"));
    // the key is freed, so that a lateness in truth is warned of in truth
    let of =
        warnings::table.filter(warnings::key.eq_any(keys)).filter(warnings::state.eq(WarningState::Draft));
    let ids: Vec<WarningId> = of.select(warnings::id).load(connection)?;
    for id in ids {
        prepared(diesel::update(warnings::table.find(id)).set((
            (warnings::key.eq(format!("lifted:{id}")), warnings::state.eq(WarningState::SetAside)),
            (warnings::decided_at.eq(act.now), warnings::note.eq(reason), warnings::next_at.eq(None::<Time>)),
        )))
        .execute(connection)?;
    }
    Ok(())
}

/// The offices whose warnings the actor may do `verb` to; none of them is the one that is warned.
fn reach(act: &Act, verb: Verb) -> Vec<OfficeId> {
    let Actor::Staff(staff) = &act.actor else { return Vec::new() };
    let at: Vec<OfficeId> = staff
        .assignments
        .iter()
        .filter(|(role, _)| act.rules.reach(*role, verb) != Reach::None)
        .map(|(_, office)| *office)
        .collect();
    let offices = &act.rules.offices;
    offices.all().map(|o| o.id).filter(|id| at.iter().any(|above| offices.is_within(*id, *above))).collect()
}

/// Warnings addressed to the actor's offices or below, the latest first: one page before `before`.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    state: Option<WarningState>,
    before: Option<WarningId>,
    limit: i64,
) -> Result<Vec<WarningView>> {
    let mut query = warnings::table
        .filter(warnings::addressed_to.eq_any(reach(act, Verb::ReadWarnings)))
        .filter(warnings::id.lt(before.unwrap_or(WarningId(i64::MAX))))
        .order(warnings::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(warnings::state.eq(state));
    }
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(|row| view(connection, act, row)).collect()
}

/// Issues a draft, or sets it aside with a reason.
///
/// # Errors
/// `NotFound` where the actor may not see it; `already_done` where another superior was faster; `same_person` for
/// whoever is warned.
pub fn rule(
    connection: &mut DbConnection,
    act: &Act,
    id: WarningId,
    state: WarningState,
    wish: &Ruling,
) -> Result<WarningView> {
    let row: Row = for_update(warnings::table.find(id).select(Row::as_select())).get_result(connection)?;
    if !reach(act, Verb::ReadWarnings).contains(&row.addressed_to) {
        return Err(Error::NotFound);
    }
    let office = policy::allow(act, Verb::DecideWarning, row.addressed_to)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    if row.user_id == Some(by) {
        return Err(Error::Forbidden(Code::SecondPersonRequired));
    }
    if row.state != WarningState::Draft {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    let reason = wish.reason.as_deref();
    let note = match state {
        WarningState::SetAside => {
            Some(input::text("reason", reason.unwrap_or_default(), input::LINE_MAX).map_err(Error::field)?)
        }
        WarningState::Issued | WarningState::Draft => {
            input::optional_text("reason", reason, input::LINE_MAX).map_err(Error::field)?
        }
    };
    prepared(diesel::update(warnings::table.find(id)).set((
        (warnings::state.eq(state), warnings::decided_by.eq(by), warnings::decided_office.eq(office)),
        (warnings::decided_at.eq(act.now), warnings::note.eq(&note), warnings::next_at.eq(None::<Time>)),
    )))
    .execute(connection)?;
    tell(connection, act, &row, state, office, note)?;
    let row: Row = warnings::table.find(id).select(Row::as_select()).first(connection)?;
    view(connection, act, row)
}

/// The decision stands in the history of every case that it counts; the warned office reads it once.
fn tell(
    connection: &mut DbConnection,
    act: &Act,
    row: &Row,
    state: WarningState,
    by: OfficeId,
    note: Option<String>,
) -> Result<()> {
    // a superior may warn of a sealed case without reading it
    let system = Act { actor: Actor::System, ..act.clone() };
    let linked: Vec<CaseId> = warning_cases::table
        .filter(warning_cases::warning_id.eq(row.id))
        .order(warning_cases::case_id)
        .select(warning_cases::case_id)
        .distinct()
        .load(connection)?;
    for case in linked {
        let mut docket = Docket::open(connection, &system, case, Expected::Any)?;
        let issued = state == WarningState::Issued;
        let fact = Fact::WarningDecided { warning: row.id, issued, office: row.office_id, by };
        let event = record(connection, act, &mut docket, &[fact], Some(by))?;
        if issued && case == row.case_id {
            let facts = Facts { office: Some(row.office_id), reason: note.clone(), ..Facts::default() };
            let to = row.office_id;
            notifications::to_office(connection, act, &docket.row, event, to, "warning_issued", &facts)?;
        }
    }
    Ok(())
}

fn view(connection: &mut DbConnection, act: &Act, row: Row) -> Result<WarningView> {
    let people: Vec<UserId> = [row.user_id, row.decided_by].into_iter().flatten().collect();
    let names = users::names(connection, &people)?;
    let name = |id: Option<UserId>| id.and_then(|id| names.get(&id)).map(|(username, _)| username.clone());
    let linked: Vec<(CaseId, ReferralId)> = warning_cases::table
        .filter(warning_cases::warning_id.eq(row.id))
        .order(warning_cases::referral_id)
        .select((warning_cases::case_id, warning_cases::referral_id))
        .load(connection)?;
    let ids: Vec<CaseId> = linked.iter().map(|(case, _)| *case).collect();
    let seen: Vec<CaseRow> = cases::table
        .filter(cases::id.eq_any(ids))
        .filter(visibility::visible(act))
        .select(CaseRow::as_select())
        .load(connection)?;
    let cases = linked.into_iter().filter_map(|(case, referral_id)| {
        let row = seen.iter().find(|row| row.id == case)?;
        let tracking_code = row.tracking_code.clone();
        Some(WarningCase { case_id: case, tracking_code, referral_id, href: format!("/api/v1/cases/{case}") })
    });
    Ok(WarningView {
        id: row.id,
        cases: cases.collect(),
        office: office_view(act, row.office_id),
        user: name(row.user_id),
        addressed_to: office_view(act, row.addressed_to),
        decided_by: name(row.decided_by),
        decided_office: row.decided_office.map(|id| act.rules.offices.code(id)),
        cause: row.cause,
        state: row.state,
        count: row.count,
        made_at: row.made_at,
        act_until: row.next_at,
        steps: row.steps,
        decided_at: row.decided_at,
        note: row.note,
    })
}
