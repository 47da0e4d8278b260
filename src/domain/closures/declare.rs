//! Declare (اعلام تعطیلی) and withdraw a closure; how far its recomputation has come.

use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::wish::{Wish, check};
use crate::db::DbConnection;
use crate::db::schema::{closure_cases, closure_runs, closures};
use crate::db::types::{ClosureId, ClosureRunId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::calendar::JalaliDate;
use crate::domain::rulebook::Verb;
use crate::domain::{definitions, input, policy, rulebook, users};
use crate::error::{Code, Error, Result};

/// A withdrawal of a closure.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// Why it is taken back.
    #[serde(default)]
    pub reason: String,
}

/// How far a recomputation has come.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Progress {
    /// `declaration` or `withdrawal`.
    pub of: String,
    pub begun_at: Time,
    /// Open cases that it may touch; null until the worker has counted them.
    pub cases: Option<i64>,
    pub done: i64,
    /// Cases in which a due time moved.
    pub moved: i64,
    /// Citizens who were sent a new date.
    pub told: i64,
    pub finished_at: Option<Time>,
}

/// A closure.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ClosureView {
    pub id: ClosureId,
    pub calendar: String,
    pub province: Option<String>,
    /// ISO dates, and the same in Jalali.
    pub from: String,
    pub to: String,
    pub from_jalali: String,
    pub to_jalali: String,
    /// The hours that are not worked; null for whole days.
    pub slots: Option<Vec<String>>,
    pub reason: String,
    pub source: String,
    pub declared_by: Option<String>,
    pub declared_at: Time,
    pub withdrawn_by: Option<String>,
    pub withdrawn_at: Option<Time>,
    pub withdrawal_reason: Option<String>,
    pub progress: Vec<Progress>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = closures)]
struct Row {
    id: ClosureId,
    calendar: String,
    province: Option<String>,
    first_day: String,
    last_day: String,
    hours: Option<String>,
    reason: String,
    source: String,
    declared_by: Option<UserId>,
    declared_at: Time,
    withdrawn_by: Option<UserId>,
    withdrawn_at: Option<Time>,
    withdrawal_reason: Option<String>,
}

/// Declares a closure; from now on nothing is promised without it, and the recomputation of what runs begins.
pub fn declare(connection: &mut DbConnection, act: &Act, calendar: &str, wish: &Wish) -> Result<ClosureView> {
    policy::allow_anywhere(act, Verb::Configure)?;
    let id: ClosureId = act.id();
    let (closure, source) = check(act, calendar, id, wish)?;
    let hours = closure
        .hours
        .as_ref()
        .map(|slots| slots.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    diesel::insert_into(closures::table)
        .values((
            (closures::id.eq(id), closures::calendar.eq(&closure.calendar)),
            (closures::province.eq(&closure.province), closures::hours.eq(hours)),
            (
                closures::first_day.eq(closure.first.to_string()),
                closures::last_day.eq(closure.last.to_string()),
            ),
            (closures::reason.eq(&closure.reason), closures::source.eq(source)),
            (closures::declared_by.eq(act.actor.user()), closures::declared_at.eq(act.now)),
        ))
        .execute(connection)?;
    begin(connection, act, id, false)?;
    definitions::log(connection, act, "declare", &format!("closure:{id}"), &closure.reason)?;
    read(connection, calendar, id)
}

/// Takes a closure back; what it moved is moved back.
///
/// # Errors
/// `already_done` for one that was taken back before.
pub fn withdraw(
    connection: &mut DbConnection,
    act: &Act,
    calendar: &str,
    id: ClosureId,
    wish: &Withdrawal,
) -> Result<ClosureView> {
    policy::allow_anywhere(act, Verb::Configure)?;
    let present = read(connection, calendar, id)?;
    if present.withdrawn_at.is_some() {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    let reason = input::text("reason", &wish.reason, input::LINE_MAX).map_err(Error::field)?;
    let changed = diesel::update(closures::table.find(id).filter(closures::withdrawn_at.is_null()))
        .set((
            closures::withdrawn_by.eq(act.actor.user()),
            closures::withdrawn_at.eq(act.now),
            closures::withdrawal_reason.eq(&reason),
        ))
        .execute(connection)?;
    if changed == 0 {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    begin(connection, act, id, true)?;
    definitions::log(connection, act, "withdraw", &format!("closure:{id}"), &reason)?;
    read(connection, calendar, id)
}

fn begin(connection: &mut DbConnection, act: &Act, closure: ClosureId, is_withdrawal: bool) -> Result<()> {
    let id: ClosureRunId = act.id();
    diesel::insert_into(closure_runs::table)
        .values((
            (closure_runs::id.eq(id), closure_runs::closure_id.eq(closure)),
            (closure_runs::is_withdrawal.eq(is_withdrawal), closure_runs::begun_at.eq(act.now)),
            closure_runs::cursor.eq(0),
        ))
        .execute(connection)?;
    rulebook::changed(connection)
}

/// One closure of a calendar.
pub fn read(connection: &mut DbConnection, calendar: &str, id: ClosureId) -> Result<ClosureView> {
    let row: Row = closures::table
        .filter(closures::id.eq(id).and(closures::calendar.eq(calendar)))
        .select(Row::as_select())
        .first(connection)?;
    view(connection, row)
}

/// The closures of a calendar, the latest declared first: one page before `before`.
pub fn list(
    connection: &mut DbConnection,
    calendar: &str,
    before: Option<ClosureId>,
    limit: i64,
) -> Result<Vec<ClosureView>> {
    let rows: Vec<Row> = closures::table
        .filter(closures::calendar.eq(calendar))
        .filter(closures::id.lt(before.unwrap_or(ClosureId(i64::MAX))))
        .order(closures::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| view(connection, row)).collect()
}

fn view(connection: &mut DbConnection, row: Row) -> Result<ClosureView> {
    let people: Vec<UserId> = [row.declared_by, row.withdrawn_by].into_iter().flatten().collect();
    let names = users::names(connection, &people)?;
    let name = |id: Option<UserId>| id.and_then(|id| names.get(&id)).map(|(username, _)| username.clone());
    Ok(ClosureView {
        id: row.id,
        progress: progress(connection, row.id)?,
        calendar: row.calendar,
        province: row.province,
        from_jalali: jalali(&row.first_day),
        to_jalali: jalali(&row.last_day),
        from: row.first_day,
        to: row.last_day,
        slots: row.hours.map(|text| text.split(' ').map(str::to_owned).collect()),
        reason: row.reason,
        source: row.source,
        declared_by: name(row.declared_by),
        declared_at: row.declared_at,
        withdrawn_by: name(row.withdrawn_by),
        withdrawn_at: row.withdrawn_at,
        withdrawal_reason: row.withdrawal_reason,
    })
}

fn jalali(iso: &str) -> String {
    let date = iso.parse().ok().and_then(|date| JalaliDate::from_civil(date).ok());
    date.map(|date| date.to_string()).unwrap_or_default()
}

type RunRow = (ClosureRunId, bool, Time, Option<i64>, Option<Time>);

fn progress(connection: &mut DbConnection, closure: ClosureId) -> Result<Vec<Progress>> {
    use closure_runs as r;
    let runs: Vec<RunRow> = r::table
        .filter(r::closure_id.eq(closure))
        .order(r::id)
        .select((r::id, r::is_withdrawal, r::begun_at, r::total, r::finished_at))
        .load(connection)?;
    runs.into_iter()
        .map(|(id, is_withdrawal, begun_at, cases, finished_at)| {
            let of = || closure_cases::table.filter(closure_cases::run_id.eq(id)).select(count_star());
            let moved = of().filter(closure_cases::is_moved.eq(true));
            let told = of().filter(closure_cases::is_told.eq(true));
            Ok(Progress {
                of: if is_withdrawal { "withdrawal" } else { "declaration" }.to_owned(),
                begun_at,
                cases,
                done: of().first(connection)?,
                moved: moved.first(connection)?,
                told: told.first(connection)?,
                finished_at,
            })
        })
        .collect()
}
