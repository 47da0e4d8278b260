//! The screen of whoever answers: who the number may be, what is open, what the plan says, what else is wrong in the area.
//!
//! Each citizen that is shown is logged as read, before anything is shown. Cases are those that the agent may see.

use diesel::prelude::*;
use serde::Serialize;

use super::calls::{self, CallRow};
use super::course::{CallState, Direction};
use super::{callbacks, seats};
use crate::db::DbConnection;
use crate::db::schema::{cases, phone_calls as c};
use crate::db::types::{PhoneCallId, PhoneCallbackId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::Status;
use crate::domain::citizens::{self, Citizen, CitizenInput, Phone};
use crate::domain::confidentiality::{Why, reads};
use crate::domain::contact_plans;
use crate::domain::problems::{self, ProblemState, ProblemView};
use crate::domain::rulebook::Verb;
use crate::domain::text::mask;
use crate::domain::views::{self, CaseView, CitizenView, DeskPlan};
use crate::domain::{definitions, policy, users, visibility};
use crate::error::{Code, Error, Fields, Language, Result};

/// Citizens of one number that are shown, and cases of one citizen.
const CITIZENS: usize = 5;
const CASES: i64 = 20;
/// Problems that are shown.
const PROBLEMS: usize = 10;
/// Calls of the list.
const CALLS: i64 = 100;

/// A call as the desk sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CallView {
    pub id: PhoneCallId,
    /// The exchange's id of the call; `call_id` of a registration.
    pub call_id: Option<String>,
    pub state: CallState,
    pub direction: Direction,
    /// Whole on the screen of who answers, else all but its end masked; null where the exchange told none.
    pub number: Option<String>,
    /// Our line.
    pub line: Option<String>,
    pub queue: Option<String>,
    /// By the area code of a fixed line; a mobile tells nothing of the place.
    pub province: Option<ProvinceView>,
    /// User name of who answered.
    pub agent: Option<String>,
    /// The exchange names an agent whom nobody knows here.
    pub agent_unknown: bool,
    pub rung_at: Option<Time>,
    pub answered_at: Option<Time>,
    pub ended_at: Option<Time>,
    pub waited_seconds: Option<i32>,
    pub length_seconds: Option<i32>,
}

/// A province by code and name.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProvinceView {
    pub code: String,
    pub name: String,
}

/// One whose number it is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CallerView {
    pub citizen: CitizenView,
    /// Cases that are not closed, the newest first.
    pub open_cases: Vec<CaseView>,
    /// What the desk does now because of a contact plan. It never refuses a filing.
    pub contact_plan: Option<DeskPlan>,
}

/// The screen of whoever answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Card {
    pub call: CallView,
    /// Those whose number it is; more than one where it is shared. The number proves nobody: ask before anything is told.
    pub callers: Vec<CallerView>,
    /// Problems of the area that are not settled: of the line's province, else of the callers' newest case.
    pub problems: Vec<ProblemView>,
    /// The open call-back to this number, which this call may settle.
    pub callback: Option<PhoneCallbackId>,
}

/// The screen of a call, for its agent; of one whose agent is unknown for every agent of the desk.
///
/// # Errors
/// `NotFound` for anybody else.
pub fn card(connection: &mut DbConnection, act: &Act, id: PhoneCallId, reader: Language) -> Result<Card> {
    policy::allow_anywhere(act, Verb::ReadCitizens)?;
    let call = calls::find(connection, id)?;
    if !is_for(connection, act, &call)? {
        return Err(Error::NotFound);
    }
    definitions::log(connection, act, "read", &format!("phone_call:{id}"), "")?;
    let number = call.number(connection, act)?;
    let found = match &number {
        Some(number) => citizens_of(connection, act, number)?,
        None => Vec::new(),
    };
    let mut area = call.province.clone();
    let mut callers = Vec::with_capacity(found.len());
    for citizen in found {
        reads::of_record(connection, act, citizen.id, Verb::ReadCitizens, Why::PhoneCall)?;
        let rows = open_cases(connection, act, &citizen)?;
        area = area.or_else(|| rows.iter().find_map(|row| row.province.clone()));
        let plan = contact_plans::in_force(connection, act, &[citizen.id])?;
        callers.push(CallerView {
            citizen: CitizenView::of(&citizen),
            open_cases: views::cases(connection, act, &rows)?,
            contact_plan: plan.map(|plan| views::desk_plan(act, &plan, reader)),
        });
    }
    let problems = match area {
        Some(area) => problems_of(connection, act, &area)?,
        None => Vec::new(),
    };
    let callback = callbacks::of_number(connection, act, &call)?;
    let agent = agent_of(connection, &call)?;
    Ok(Card { call: view(act, call, number, agent, reader), callers, problems, callback })
}

/// A call as its agent's screen tells it without anybody's name: while it rings, and when it is over.
///
/// # Errors
/// `NotFound` for anybody else.
pub fn glance(
    connection: &mut DbConnection,
    act: &Act,
    id: PhoneCallId,
    reader: Language,
) -> Result<CallView> {
    let call = calls::find(connection, id)?;
    if !is_for(connection, act, &call)? {
        return Err(Error::NotFound);
    }
    let number = call.number(connection, act)?.map(|number| mask(&number, 4));
    let agent = agent_of(connection, &call)?;
    Ok(view(act, call, number, agent, reader))
}

/// Whether the call rings, rang or was answered at the actor's desk.
fn is_for(connection: &mut DbConnection, act: &Act, call: &CallRow) -> Result<bool> {
    let Some(user) = act.actor.user() else { return Ok(false) };
    let is_own = call.user_id == Some(user) || super::pops::shown_to(connection, call.id)?.contains(&user);
    Ok(is_own || (call.user_id.is_none() && seats::is_desk(act, call.office_id)))
}

fn citizens_of(connection: &mut DbConnection, act: &Act, number: &str) -> Result<Vec<Citizen>> {
    let is_mobile = Phone::parse(number).is_ok_and(|phone| phone.is_mobile());
    let told = match is_mobile {
        true => CitizenInput { mobile: Some(number.to_owned()), ..CitizenInput::default() },
        false => CitizenInput { phone: Some(number.to_owned()), ..CitizenInput::default() },
    };
    let wished = citizens::parse(&told, "citizen", &mut Fields::default());
    let mut found = citizens::search(connection, &act.vault, &wished)?;
    found.truncate(CITIZENS);
    Ok(found)
}

fn open_cases(connection: &mut DbConnection, act: &Act, citizen: &Citizen) -> Result<Vec<CaseRow>> {
    Ok(cases::table
        .filter(cases::citizen_id.eq(citizen.id).and(cases::status.ne(Status::Closed)))
        .filter(visibility::visible(act))
        .order(cases::id.desc())
        .limit(CASES)
        .select(CaseRow::as_select())
        .load(connection)?)
}

fn problems_of(connection: &mut DbConnection, act: &Act, province: &str) -> Result<Vec<ProblemView>> {
    let mut rows = Vec::new();
    for state in ProblemState::ALL.iter().filter(|state| !state.is_settled()) {
        let filter = problems::Filter {
            state: Some(*state),
            province: Some(province.to_owned()),
            ..problems::Filter::default()
        };
        rows.extend(problems::list(connection, act, &filter, None, PROBLEMS as i64)?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    rows.truncate(PROBLEMS);
    problems::views(connection, act, &rows)
}

fn agent_of(connection: &mut DbConnection, call: &CallRow) -> Result<Option<String>> {
    let Some(user) = call.user_id else { return Ok(None) };
    Ok(users::names(connection, &[user])?.remove(&user).map(|(name, _)| name))
}

fn view(
    act: &Act,
    call: CallRow,
    number: Option<String>,
    agent: Option<String>,
    reader: Language,
) -> CallView {
    let province =
        call.province.and_then(|code| act.rules.provinces.get(&code)).map(|province| ProvinceView {
            code: province.code.clone(),
            name: if reader == Language::En { province.en.clone() } else { province.fa.clone() },
        });
    CallView {
        id: call.id,
        call_id: call.external_id,
        state: call.state,
        direction: call.direction,
        number,
        line: call.line,
        queue: call.queue,
        province,
        agent_unknown: call.agent_name.is_some() && call.user_id.is_none(),
        agent,
        rung_at: call.rung_at,
        answered_at: call.answered_at,
        ended_at: call.ended_at,
        waited_seconds: call.waited,
        length_seconds: call.length,
    }
}

/// The newest calls of the actor's desk, with masked numbers; `state` and whether only those without a known agent.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    state: Option<CallState>,
    unclaimed: bool,
    reader: Language,
) -> Result<Vec<CallView>> {
    policy::allow_anywhere(act, Verb::ReadCitizens)?;
    let Actor::Staff(staff) = &act.actor else { return Err(Error::Forbidden(Code::Forbidden)) };
    let offices: Vec<_> = act
        .rules
        .offices
        .all()
        .map(|office| office.id)
        .filter(|office| seats::answers(act, staff, *office))
        .collect();
    let mut query = c::table
        .filter(c::office_id.eq_any(offices))
        .order((c::created_at.desc(), c::id.desc()))
        .limit(CALLS)
        .select(CallRow::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(c::state.eq(state));
    }
    if unclaimed {
        query = query.filter(c::user_id.is_null());
    }
    let rows: Vec<CallRow> = query.load(connection)?;
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.user_id).collect();
    let names = if people.is_empty() { Default::default() } else { users::names(connection, &people)? };
    rows.into_iter()
        .map(|row| {
            let number = row.number(connection, act)?.map(|number| mask(&number, 4));
            let agent = row.user_id.and_then(|id| names.get(&id)).map(|(name, _)| name.clone());
            Ok(view(act, row, number, agent, reader))
        })
        .collect()
}
