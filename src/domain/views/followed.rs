//! The boxes of the inbox that hold no referral: problems that the actor's offices own, and recommendations that
//! wait for them.

use super::inbox::{InboxItem, Tray, urgency};
use crate::db::DbConnection;
use crate::db::types::{OfficeId, ProblemId, RecommendationId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::list::Cursor;
use crate::domain::rulebook::{Reach, Verb};
use crate::domain::{problems, quality};
use crate::error::Result;

fn offices(act: &Act, verb: Verb) -> Vec<OfficeId> {
    let Actor::Staff(staff) = &act.actor else { return Vec::new() };
    let may = |role| act.rules.reach(role, verb) != Reach::None;
    staff.assignments.iter().filter(|(role, _)| may(*role)).map(|(_, office)| *office).collect()
}

/// How many there are in each of the two.
pub(super) fn counts(connection: &mut DbConnection, act: &Act) -> Result<[(Tray, i64); 2]> {
    let (own, advised) = (offices(act, Verb::RunProblem), offices(act, Verb::FollowAdvice));
    let problems = if own.is_empty() { 0 } else { problems::inbox_count(connection, act, &own)? };
    let advice = if advised.is_empty() { 0 } else { quality::inbox_count(connection, act, &advised)? };
    Ok([(Tray::Problems, problems), (Tray::Recommendations, advice)])
}

/// Sort time, sort id and item of one page of a box, at most `limit`.
pub(super) fn page(
    connection: &mut DbConnection,
    act: &Act,
    tray: Tray,
    limit: i64,
    cursor: Option<&Cursor>,
) -> Result<Vec<(Time, i64, InboxItem)>> {
    if tray == Tray::Problems {
        let after = cursor.map(|c| (c.at, ProblemId(c.id)));
        let rows = problems::inbox(connection, act, &offices(act, Verb::RunProblem), after, limit)?;
        let views = problems::views(connection, act, &rows)?;
        return Ok(views
            .into_iter()
            .map(|view| {
                (view.due_at, view.id.0, item(act, tray, view.created_at, view.due_at, Some(view), None))
            })
            .collect());
    }
    let after = cursor.map(|c| (c.at, RecommendationId(c.id)));
    let rows = quality::inbox(connection, act, &offices(act, Verb::FollowAdvice), after, limit)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.due_at, row.id.0, item(act, tray, row.made_at, row.due_at, None, Some(row))))
        .collect())
}

fn item(
    act: &Act,
    tray: Tray,
    started: Time,
    due: Time,
    problem: Option<problems::ProblemView>,
    recommendation: Option<quality::RecommendationView>,
) -> InboxItem {
    InboxItem {
        r#box: tray.to_string(),
        due_at: Some(due),
        interim_due_at: None,
        reasons: Vec::new(),
        urgency: urgency(act, Some(started), Some(due)).to_owned(),
        case: None,
        referral: None,
        problem,
        recommendation,
    }
}
