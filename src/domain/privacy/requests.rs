//! A citizen asks that everything of theirs be erased; the privacy officer grants or refuses with words and a
//! source. What was granted goes by the same machine as retention, case by case, as soon as nothing forbids it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::erase::{Cause, erase};
use super::notices;
use super::obstacles::{Candidate, obstacles};
use super::{parts, reach};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{cases, citizens, erasure_requests as r};
use crate::db::types::{CitizenId, ErasureRequestId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::Channel;
use crate::domain::history::Class;
use crate::domain::notifications::Facts;
use crate::domain::rulebook::Verb;
use crate::domain::{deadlines, definitions, input, policy};
use crate::error::{Code, Error, FieldError, Fields, Language, Result};
use crate::text_enum;

text_enum! {
    /// Where a request stands.
    pub enum RequestState {
        Open = "open", Refused = "refused",
        /// Goes as soon as nothing forbids it.
        Granted = "granted",
        /// Nothing of the citizen is left.
        Done = "done",
    }
}

/// A request as it is taken down.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskErasure {
    /// In the citizen's words.
    pub reason: String,
    /// How it came; a visit where nothing is said.
    #[serde(default)]
    pub channel: Option<String>,
}

/// The decision on a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideErasure {
    /// Whether it is granted.
    pub grant: bool,
    /// Coded reason of use `erasure`, for a refusal.
    #[serde(default)]
    pub reason_code: Option<String>,
    /// The law behind the decision.
    pub source: String,
    /// What the citizen is told.
    pub words: String,
}

/// A request as stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize, utoipa::ToSchema)]
#[diesel(table_name = r)]
pub struct RequestView {
    pub id: ErasureRequestId,
    pub citizen_id: CitizenId,
    pub channel: Channel,
    pub reason: String,
    pub at: Time,
    /// When it must be decided.
    pub due_at: Time,
    pub state: RequestState,
    pub reason_code: Option<String>,
    pub source: Option<String>,
    pub words: Option<String>,
    pub decided_at: Option<Time>,
    #[serde(skip)]
    pub recorded_by: Option<UserId>,
    #[serde(skip)]
    pub decided_by: Option<UserId>,
}

/// Takes a request down; it must be decided within the limit `erasure_decision`.
///
/// # Errors
/// `NotFound` without such a citizen; `already_done` while one is open or being carried out.
pub fn ask(
    connection: &mut DbConnection,
    act: &Act,
    citizen: CitizenId,
    wish: &AskErasure,
) -> Result<RequestView> {
    let citizen = reach::allow(connection, act, citizen)?;
    let mut fields = Fields::default();
    let reason = fields.take(input::text("reason", &wish.reason, input::LINE_MAX));
    let channel = wish.channel.as_deref().unwrap_or("visit");
    let channel = fields.take(input::choice::<Channel>("channel", channel));
    fields.finish()?;
    let _: CitizenId =
        for_update(citizens::table.find(citizen).select(citizens::id)).get_result(connection)?;
    let running: i64 = r::table
        .filter(r::citizen_id.eq(citizen))
        .filter(r::state.eq_any([RequestState::Open, RequestState::Granted]))
        .count()
        .get_result(connection)?;
    if running > 0 {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    let id: ErasureRequestId = act.id();
    diesel::insert_into(r::table)
        .values((
            (r::id.eq(id), r::citizen_id.eq(citizen), r::channel.eq(channel.unwrap_or(Channel::Visit))),
            (r::reason.eq(reason.unwrap_or_default()), r::recorded_by.eq(act.actor.user())),
            (r::at.eq(act.now), r::due_at.eq(due(act)?), r::state.eq(RequestState::Open)),
        ))
        .execute(connection)?;
    definitions::log(connection, act, "ask_erasure", &format!("citizen:{citizen}"), "")?;
    find(connection, id)
}

fn due(act: &Act) -> Result<Time> {
    let span = act.rules.required_span("erasure_decision", None, None, None, false)?;
    let calendar = act.rules.calendar(act.rules.offices.centre())?;
    deadlines::due(calendar, act.now.timestamp(), span).map(Time::from).map_err(Error::internal)
}

/// Requests in the order of their ids, of one state or all.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    state: Option<RequestState>,
    after: Option<ErasureRequestId>,
    limit: i64,
) -> Result<Vec<RequestView>> {
    policy::allow_anywhere(act, Verb::Erase)?;
    let mut query = r::table.order(r::id).limit(limit).select(RequestView::as_select()).into_boxed();
    if let Some(state) = state {
        query = query.filter(r::state.eq(state));
    }
    Ok(query.filter(r::id.gt(after.unwrap_or(ErasureRequestId(0)))).load(connection)?)
}

fn find(connection: &mut DbConnection, id: ErasureRequestId) -> Result<RequestView> {
    Ok(r::table.find(id).select(RequestView::as_select()).first(connection)?)
}

/// Decides an open request; another person than the one who took it down. The citizen is told.
///
/// # Errors
/// `already_done` when it was decided; `second_person_required`; field errors for a refusal without coded reason.
pub fn decide(
    connection: &mut DbConnection,
    act: &Act,
    id: ErasureRequestId,
    wish: &DecideErasure,
) -> Result<RequestView> {
    policy::allow_anywhere(act, Verb::Erase)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let request = for_update(r::table.find(id).select(RequestView::as_select())).get_result(connection)?;
    if request.state != RequestState::Open {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    if request.recorded_by == Some(by) {
        return Err(Error::Forbidden(Code::SecondPersonRequired));
    }
    reach::be_impartial(connection, act, request.citizen_id)?;
    let mut fields = Fields::default();
    let source = fields.take(input::text("source", &wish.source, input::LINE_MAX)).unwrap_or_default();
    let words = fields.take(input::text("words", &wish.words, input::TEXT_MAX)).unwrap_or_default();
    let code = refusal(act, wish, &mut fields);
    fields.finish()?;
    let state = if wish.grant { RequestState::Granted } else { RequestState::Refused };
    diesel::update(r::table.find(id))
        .set((
            (r::state.eq(state), r::reason_code.eq(&code), r::source.eq(&source), r::words.eq(&words)),
            (r::decided_by.eq(by), r::decided_at.eq(act.now)),
        ))
        .execute(connection)?;
    let subject = format!("citizen:{}", request.citizen_id);
    definitions::log(connection, act, "decide_erasure", &subject, state.as_str())?;
    let template = if wish.grant { "erasure_granted" } else { "erasure_refused" };
    notices::tell(connection, act, request.citizen_id, template, |language| Facts {
        reason: code.as_deref().map(|code| reason_words(act, code, language)),
        text: Some(words.clone()),
        ..Facts::default()
    })?;
    find(connection, id)
}

/// The coded reason of a refusal; a grant has none.
fn refusal(act: &Act, wish: &DecideErasure, fields: &mut Fields) -> Option<String> {
    match (wish.grant, wish.reason_code.as_deref()) {
        (true, None) => None,
        (true, Some(_)) => {
            let (fa, en) = ("پذیرش دلیل کدشده ندارد.", "A grant has no coded reason; leave it out.");
            fields.add(FieldError::new("reason_code", "not_for_grant", fa, en));
            None
        }
        (false, None) => {
            fields.add(FieldError::required("reason_code"));
            None
        }
        (false, Some(code)) => {
            fields.take(act.rules.reason("erasure", "reason_code", code)).map(|reason| reason.code.clone())
        }
    }
}

fn reason_words(act: &Act, code: &str, language: Language) -> String {
    let reason = act.rules.reason("erasure", "reason_code", code);
    reason.map_or_else(
        |_| code.to_owned(),
        |reason| if language == Language::En { reason.en.clone() } else { reason.fa.clone() },
    )
}

/// Granted requests that are looked at in one round, and cases of each.
const ROUND: i64 = 20;

/// Carries out what was granted, as far as nothing forbids it; gives how many cases were erased.
pub fn carry_out(connection: &mut DbConnection, act: &Act) -> Result<usize> {
    let granted: Vec<RequestView> = for_update(
        r::table
            .filter(r::state.eq(RequestState::Granted))
            .order(r::decided_at)
            .limit(ROUND)
            .select(RequestView::as_select()),
    )
    .load(connection)?;
    let mut erased = 0;
    for request in granted {
        let of_citizen: Vec<Candidate> = cases::table
            .filter(cases::citizen_id.eq(request.citizen_id))
            .order(cases::id)
            .limit(ROUND)
            .select(Candidate::as_select())
            .load(connection)?;
        let stopped = obstacles(connection, act.now, &of_citizen)?;
        let all: BTreeSet<Class> = Class::ALL.iter().copied().collect();
        let source = request.source.clone().unwrap_or_default();
        let cause = Cause { rule: None, source, decided_by: request.decided_by };
        for case in of_citizen.iter().filter(|case| !stopped.contains_key(&case.id)) {
            erase(connection, act, case.id, &all, &cause)?;
            erased += 1;
        }
        settle(connection, act, &request)?;
    }
    Ok(erased)
}

/// A request is done when nothing of the citizen is left; its own words then go as well.
fn settle(connection: &mut DbConnection, act: &Act, request: &RequestView) -> Result<()> {
    parts::forget_citizen(connection, act, request.citizen_id)?;
    let left: i64 =
        citizens::table.filter(citizens::id.eq(request.citizen_id)).count().get_result(connection)?;
    if left == 0 {
        diesel::update(r::table.find(request.id))
            .set((r::state.eq(RequestState::Done), r::reason.eq(""), r::words.eq(None::<String>)))
            .execute(connection)?;
    }
    Ok(())
}
