//! The report of lateness: every referral that was late in a period, which points fired, who was told, and what
//! followed; and whatever was late without anybody noticing (requirement tag S2.2v).
//!
//! A point counts as unnoticed when its time is over by more than a quarter of an hour and no record says that it
//! fired. The report asks the records alone, never the clocks' own marks, so that it can contradict them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::{cases, deadline_points as points, interim_demands as demands, questions, referrals};
use crate::db::schema::{warning_cases, warnings};
use crate::db::types::{CaseId, OfficeId, ReferralId, Time, WarningId};
use crate::domain::actor::Act;
use crate::domain::cases::life::{HopRole, Status};
use crate::domain::deadlines::{self, Point};
use crate::domain::visibility;
use crate::domain::warnings::WarningState;
use crate::error::Result;

/// Seconds that a point may be over before its silence counts.
const GRACE_SECONDS: i64 = 900;
/// Referrals that are read at once.
const PAGE: i64 = 500;
/// The points after which somebody must know.
const POINTS: [Point; 3] = [Point::Dunning, Point::Superior, Point::Centre];

/// A point that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Fired {
    /// Percent of the working time: 50, 80, 100, 120, 150.
    pub percent: i32,
    pub at: Time,
    /// Code of the office that was told.
    pub told: String,
    /// When a closure took the mark back.
    pub lifted_at: Option<Time>,
}

/// A warning that followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Followed {
    pub id: WarningId,
    pub cause: String,
    pub state: WarningState,
}

/// An interim answer that was demanded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Demanded {
    pub made_at: Time,
    pub settled_at: Option<Time>,
    /// `answer`, `system` or `final`.
    pub settled_by: Option<String>,
    pub expected_at: Option<Time>,
}

/// A referral that was late in the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LateReferral {
    pub referral_id: ReferralId,
    pub case_id: CaseId,
    pub tracking_code: String,
    /// Code of the office.
    pub office: String,
    pub due_at: Time,
    pub ended_at: Option<Time>,
    pub points: Vec<Fired>,
    pub warnings: Vec<Followed>,
    pub interim: Vec<Demanded>,
}

/// A point that nobody was told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Unnoticed {
    pub case_id: CaseId,
    /// None where the case waits at the desk.
    pub referral_id: Option<ReferralId>,
    pub office: String,
    pub percent: u16,
    /// When it was reached.
    pub reached_at: Time,
}

/// An office in the period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OfficeLateness {
    /// Late referrals.
    pub late: i64,
    pub warnings_draft: i64,
    pub warnings_issued: i64,
    pub warnings_set_aside: i64,
}

/// The report of a period.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Report {
    pub from: Time,
    pub to: Time,
    /// Late referrals in all.
    pub late: i64,
    /// One page of them, by id.
    pub items: Vec<LateReferral>,
    pub next_cursor: Option<String>,
    /// Empty when every lateness was noticed.
    pub unnoticed: Vec<Unnoticed>,
    /// By code of the office.
    pub offices: BTreeMap<String, OfficeLateness>,
}

/// Which part of the list.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub from: Time,
    pub to: Time,
    pub after: ReferralId,
    pub limit: usize,
}

type PointRow = (Option<ReferralId>, i32, Time, OfficeId, Option<Time>);
type DemandRow = (CaseId, Time, Option<Time>, Option<String>, Option<Time>);
type Row = ((ReferralId, CaseId, String, OfficeId), (Time, Option<Time>, Option<Time>, Option<Time>));

/// Everything late between two instants, of the cases that the actor may see.
pub fn report(connection: &mut DbConnection, act: &Act, span: Span) -> Result<Report> {
    let Span { from, to, .. } = span;
    let mut report = Report {
        from,
        to,
        late: 0,
        items: Vec::new(),
        next_cursor: None,
        unnoticed: desks(connection, act, span)?,
        offices: BTreeMap::new(),
    };
    let mut cursor = ReferralId(0);
    while let Some((last, page)) = rows(connection, act, span, cursor)? {
        cursor = last;
        let late: Vec<&Row> = page.iter().filter(|row| is_late(row)).collect();
        let fired = fired(connection, act, &late)?;
        for row in late {
            let of_row = fired.get(&row.0.0).cloned().unwrap_or_default();
            report.unnoticed.extend(missing(act, row, &of_row, to)?);
            report.late += 1;
            report.offices.entry(act.rules.offices.code(row.0.3)).or_default().late += 1;
            if row.0.0 > span.after && report.items.len() <= span.limit {
                report.items.push(item(act, row, of_row));
            }
        }
    }
    if report.items.len() > span.limit {
        report.items.truncate(span.limit);
        report.next_cursor = report.items.last().map(|item| item.referral_id.to_string());
    }
    follow(connection, &mut report.items)?;
    count_warnings(connection, act, span, &mut report.offices)?;
    Ok(report)
}

/// The next late referrals of visible cases, and the last one that was looked at; none after the end.
fn rows(
    connection: &mut DbConnection,
    act: &Act,
    span: Span,
    after: ReferralId,
) -> Result<Option<(ReferralId, Vec<Row>)>> {
    use referrals as r;
    type Hop = (ReferralId, CaseId, OfficeId, (Time, Option<Time>, Option<Time>, bool));
    let until = span.to.min(act.now);
    let hops: Vec<Hop> = r::table
        .filter(r::id.gt(after).and(r::role.ne(HopRole::Copy)).and(r::due_at.lt(until)))
        .filter(r::ended_at.is_null().or(r::ended_at.gt(r::due_at)))
        .filter(r::ended_at.is_null().or(r::ended_at.ge(span.from)))
        .order(r::id)
        .limit(PAGE)
        .select((r::id, r::case_id, r::office_id, (r::started_at, r::due_at, r::ended_at, r::is_paused)))
        .load(connection)?;
    let Some(last) = hops.last().map(|hop| hop.0) else { return Ok(None) };
    let ids: Vec<CaseId> = hops.iter().map(|hop| hop.1).collect();
    let seen: Vec<(CaseId, String)> = cases::table
        .filter(cases::id.eq_any(&ids))
        .filter(visibility::visible(act))
        .select((cases::id, cases::tracking_code))
        .load(connection)?;
    let seen: BTreeMap<CaseId, String> = seen.into_iter().collect();
    // a clock that was stopped and never ran again, also where the case ended meanwhile
    let asked: Vec<(CaseId, Time)> = questions::table
        .filter(questions::case_id.eq_any(&ids).and(questions::replied_at.is_null()))
        .order(questions::id)
        .select((questions::case_id, questions::asked_at))
        .load(connection)?;
    let asked: BTreeMap<CaseId, Time> = asked.into_iter().collect();
    let rows = hops.into_iter().filter_map(|(id, case, office, (started, due, ended, is_paused))| {
        let (code, paused) = (seen.get(&case)?, asked.get(&case).copied().filter(|_| is_paused));
        Some(((id, case, code.clone(), office), (started, due, ended, paused)))
    });
    Ok(Some((last, rows.collect())))
}

/// A clock that was stopped before its due time is not late.
fn is_late((_, (_, due, _, stopped)): &Row) -> bool {
    stopped.zip(*due).is_none_or(|(stopped, due)| stopped > due)
}

fn fired(
    connection: &mut DbConnection,
    act: &Act,
    rows: &[&Row],
) -> Result<BTreeMap<ReferralId, Vec<Fired>>> {
    let ids: Vec<ReferralId> = rows.iter().map(|row| row.0.0).collect();
    let found: Vec<PointRow> = points::table
        .filter(points::referral_id.eq_any(ids))
        .order(points::id)
        .select((points::referral_id, points::percent, points::at, points::told_office_id, points::lifted_at))
        .load(connection)?;
    let mut by_referral: BTreeMap<ReferralId, Vec<Fired>> = BTreeMap::new();
    for (referral, percent, at, told, lifted_at) in found {
        let Some(referral) = referral else { continue };
        let told = act.rules.offices.code(told);
        by_referral.entry(referral).or_default().push(Fired { percent, at, told, lifted_at });
    }
    Ok(by_referral)
}

/// Points of a referral whose time is over and of which there is no record.
fn missing(act: &Act, row: &Row, fired: &[Fired], to: Time) -> Result<Vec<Unnoticed>> {
    let ((referral, case, _, office), (started, Some(due), ended, stopped)) = row else {
        return Ok(Vec::new());
    };
    let horizon = [Some(to), Some(act.now), *ended, *stopped].into_iter().flatten().min().unwrap_or(to);
    let horizon = horizon.plus_seconds(-GRACE_SECONDS);
    let calendar = act.rules.calendar(*office)?;
    let mut missing = Vec::new();
    for point in POINTS {
        let at = deadlines::point_at(calendar, started.timestamp(), due.timestamp(), point)?;
        let reached_at = Time::from(at);
        let percent = point.percent();
        let is_known = fired.iter().any(|one| one.percent == i32::from(percent) && one.lifted_at.is_none());
        if reached_at <= horizon && !is_known {
            let office = act.rules.offices.code(*office);
            missing.push(Unnoticed {
                case_id: *case,
                referral_id: Some(*referral),
                office,
                percent,
                reached_at,
            });
        }
    }
    Ok(missing)
}

/// Cases that wait at a desk beyond its time and of which there is no record.
fn desks(connection: &mut DbConnection, act: &Act, span: Span) -> Result<Vec<Unnoticed>> {
    let horizon = span.to.min(act.now).plus_seconds(-GRACE_SECONDS);
    let noted = points::table
        .filter(points::case_id.eq(cases::id).and(points::referral_id.is_null()))
        .filter(points::percent.ge(100).and(points::lifted_at.is_null()))
        .filter(points::at.nullable().ge(cases::triage_due_at).assume_not_null());
    let late: Vec<(CaseId, OfficeId, Option<Time>)> = cases::table
        .filter(cases::triage_due_at.is_not_null().and(cases::triage_due_at.le(horizon)))
        .filter(cases::status.eq_any([Status::Registered, Status::Classified]))
        .filter(diesel::dsl::not(diesel::dsl::exists(noted)))
        .filter(visibility::visible(act))
        .order(cases::id)
        .select((cases::id, cases::holder_office_id, cases::triage_due_at))
        .load(connection)?;
    let unnoticed = |(case_id, office, due): (CaseId, OfficeId, Option<Time>)| {
        let office = act.rules.offices.code(office);
        Some(Unnoticed { case_id, referral_id: None, office, percent: 100, reached_at: due? })
    };
    Ok(late.into_iter().filter_map(unnoticed).collect())
}

fn item(act: &Act, row: &Row, points: Vec<Fired>) -> LateReferral {
    let ((referral_id, case_id, tracking_code, office), (started, due, ended_at, ..)) = row;
    LateReferral {
        referral_id: *referral_id,
        case_id: *case_id,
        tracking_code: tracking_code.clone(),
        office: act.rules.offices.code(*office),
        due_at: due.unwrap_or(*started),
        ended_at: *ended_at,
        points,
        warnings: Vec::new(),
        interim: Vec::new(),
    }
}

/// What followed upon each lateness.
fn follow(connection: &mut DbConnection, items: &mut [LateReferral]) -> Result<()> {
    let (referrals, cases): (Vec<ReferralId>, Vec<CaseId>) =
        items.iter().map(|item| (item.referral_id, item.case_id)).unzip();
    let warned: Vec<(ReferralId, WarningId, String, WarningState)> = warning_cases::table
        .inner_join(warnings::table)
        .filter(warning_cases::referral_id.eq_any(referrals))
        .order(warnings::id)
        .select((warning_cases::referral_id, warnings::id, warnings::cause, warnings::state))
        .load(connection)?;
    let demanded: Vec<DemandRow> = demands::table
        .filter(demands::case_id.eq_any(cases))
        .order(demands::id)
        .select((
            demands::case_id,
            demands::made_at,
            demands::settled_at,
            demands::settled_by,
            demands::expected_at,
        ))
        .load(connection)?;
    for item in items {
        let of_item = warned.iter().filter(|(referral, ..)| *referral == item.referral_id);
        item.warnings = of_item
            .map(|(_, id, cause, state)| Followed { id: *id, cause: cause.clone(), state: *state })
            .collect();
        let of_case = demanded.iter().filter(|(case, ..)| *case == item.case_id);
        item.interim = of_case
            .map(|(_, made_at, settled_at, settled_by, expected_at)| Demanded {
                made_at: *made_at,
                settled_at: *settled_at,
                settled_by: settled_by.clone(),
                expected_at: *expected_at,
            })
            .collect();
    }
    Ok(())
}

/// Warnings of the period per office, for the offices that the report names.
fn count_warnings(
    connection: &mut DbConnection,
    act: &Act,
    span: Span,
    offices: &mut BTreeMap<String, OfficeLateness>,
) -> Result<()> {
    let counts: Vec<(OfficeId, WarningState, i64)> = warnings::table
        .filter(warnings::made_at.ge(span.from).and(warnings::made_at.lt(span.to)))
        .group_by((warnings::office_id, warnings::state))
        .select((warnings::office_id, warnings::state, diesel::dsl::count_star()))
        .load(connection)?;
    for (office, state, count) in counts {
        let Some(row) = offices.get_mut(&act.rules.offices.code(office)) else { continue };
        match state {
            WarningState::Draft => row.warnings_draft += count,
            WarningState::Issued => row.warnings_issued += count,
            WarningState::SetAside => row.warnings_set_aside += count,
        }
    }
    Ok(())
}
