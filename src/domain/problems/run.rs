//! What the owner of a problem does with it: gives it to an office and a person, and keeps what is known true.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::ProblemState;
use super::impartial::check_owner;
use super::propose::{check_cause, check_due, check_place, due_at, owner, runner};
use super::row::{ProblemRow, find, lock, note};
use crate::db::DbConnection;
use crate::db::schema::problems;
use crate::db::types::{ProblemId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::clocks;
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Fields, Result};

/// Who owns a problem from now on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignProblem {
    /// Code of the office.
    pub office: String,
    /// User name of a person there.
    #[serde(default)]
    pub user: Option<String>,
}

/// Changed fields of a problem; what is missing stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProblem {
    #[serde(default)]
    pub name_fa: Option<String>,
    #[serde(default)]
    pub name_en: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub category: Option<String>,
    #[serde(default)]
    pub province: Option<String>,
    #[serde(default)]
    pub county: Option<String>,
    #[serde(default)]
    pub cause: Option<String>,
    #[serde(default)]
    pub public: Option<bool>,
    /// A new deadline; points that passed do not fire again.
    #[serde(default)]
    pub due_at: Option<Time>,
}

/// Gives a problem to an office; one that was only proposed is thereby taken up, with a full deadline.
pub fn assign(
    connection: &mut DbConnection,
    act: &Act,
    id: ProblemId,
    wish: &AssignProblem,
) -> Result<ProblemRow> {
    let row = lock(connection, act, id)?;
    let by_office = policy::allow(act, Verb::RunProblem, row.office_id)?;
    let state = row.state.assigned()?;
    let mut fields = Fields::default();
    let office = fields.take(owner(act, &wish.office));
    let user = match (office, wish.user.as_deref()) {
        (Some(office), Some(name)) => runner(connection, act, office, name, &mut fields)?,
        _ => None,
    };
    check_owner(connection, act, id, (office, user), &mut fields)?;
    fields.finish()?;
    let office = office.ok_or_else(|| Error::internal("an owner passed its check"))?;
    let is_new = row.state == ProblemState::Proposed;
    let (started, due, fired) = match is_new {
        true => (act.now, due_at(act, office, row.category.as_deref())?, None),
        false => (row.started_at, row.due_at, row.fired),
    };
    let next = clocks::next_point(act.rules.calendar(office)?, started, due, fired)?;
    diesel::update(problems::table.find(id))
        .set((
            (problems::office_id.eq(office), problems::user_id.eq(user), problems::state.eq(state)),
            (problems::started_at.eq(started), problems::due_at.eq(due)),
            (problems::fired.eq(fired), problems::next_at.eq(next)),
        ))
        .execute(connection)?;
    let to = act.rules.offices.code(office);
    note(connection, act, id, Some(by_office), "assigned", Some(&to))?;
    find(connection, act, id)
}

/// Changes what is known of a problem.
pub fn change(
    connection: &mut DbConnection,
    act: &Act,
    id: ProblemId,
    wish: &ChangeProblem,
) -> Result<ProblemRow> {
    let row = lock(connection, act, id)?;
    let office = policy::allow(act, Verb::RunProblem, row.office_id)?;
    let mut fields = Fields::default();
    let mut text = |field: &str, told: &Option<String>, old: &str, max: usize| match told {
        Some(value) => fields.take(input::text(field, value, max)).unwrap_or_default(),
        None => old.to_owned(),
    };
    let name_fa = text("name_fa", &wish.name_fa, &row.name_fa, input::LINE_MAX);
    let name_en = text("name_en", &wish.name_en, &row.name_en, input::LINE_MAX);
    let description = text("description", &wish.description, &row.description, input::TEXT_MAX);
    let category = wish.category.clone().or(row.category);
    let province = wish.province.clone().or(row.province);
    let county = wish.county.clone().or(row.county);
    check_place(act, (category.as_deref(), province.as_deref(), county.as_deref()), &mut fields);
    check_cause(act, wish.cause.as_deref(), &mut fields);
    check_due(act, wish.due_at, &mut fields);
    fields.finish()?;
    if wish.due_at.is_some() && row.state.is_settled() {
        return Err(Error::Conflict(Code::ProblemState));
    }
    let due = wish.due_at.unwrap_or(row.due_at);
    let next = match wish.due_at {
        Some(due) => clocks::next_point(act.rules.calendar(row.office_id)?, row.started_at, due, row.fired)?,
        None => row.next_at,
    };
    diesel::update(problems::table.find(id))
        .set((
            (problems::name_fa.eq(name_fa), problems::name_en.eq(name_en)),
            (problems::description.eq(description), problems::category.eq(category)),
            (problems::province.eq(province), problems::county.eq(county)),
            problems::cause.eq(wish.cause.clone().or(row.cause)),
            problems::is_public.eq(wish.public.unwrap_or(row.is_public)),
            (problems::due_at.eq(due), problems::next_at.eq(next)),
        ))
        .execute(connection)?;
    note(connection, act, id, Some(office), "changed", None)?;
    find(connection, act, id)
}
