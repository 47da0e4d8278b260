//! Recommendations as staff see them: those addressed to or made by offices of theirs, and the inbox box.

use std::collections::HashMap;

use diesel::dsl::not;
use diesel::prelude::*;
use serde::Serialize;

use super::AdviceState;
use crate::db::DbConnection;
use crate::db::among::among;
use crate::db::connection::MultiBackend;
use crate::db::schema::{cases, lessons, recommendations};
use crate::db::types::{CaseId, OfficeId, RecommendationId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::conflict::condition;
use crate::domain::rulebook::{Reach, Verb};
use crate::domain::users;
use crate::domain::views::{OfficeView, office_view};
use crate::domain::visibility;
use crate::error::{Error, Result};

/// A recommendation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RecommendationView {
    pub id: RecommendationId,
    pub text: String,
    pub from_office: OfficeView,
    pub office: OfficeView,
    pub state: AdviceState,
    pub made_at: Time,
    pub due_at: Time,
    pub overdue: bool,
    /// The last point of the deadline that was reached, in percent.
    pub late_mark: Option<i32>,
    /// The case it comes from; none where the reader may not see that.
    pub case_id: Option<CaseId>,
    pub tracking_code: Option<String>,
    /// Cause that was found with it.
    pub cause: Option<String>,
    /// Why it was refused, or not found done.
    pub reason: Option<String>,
    /// What the office changed.
    pub changed: Option<String>,
    pub replied_by: Option<String>,
    pub replied_at: Option<Time>,
    pub verified_by: Option<String>,
    pub verified_office: Option<String>,
    pub verified_at: Option<Time>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = recommendations)]
struct Row {
    id: RecommendationId,
    case_id: CaseId,
    from_office_id: OfficeId,
    office_id: OfficeId,
    text: String,
    state: AdviceState,
    made_at: Time,
    due_at: Time,
    fired: Option<i32>,
    reason: Option<String>,
    done_text: Option<String>,
    replied_by: Option<UserId>,
    replied_at: Option<Time>,
    verified_by: Option<UserId>,
    verified_office_id: Option<OfficeId>,
    verified_at: Option<Time>,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct AdviceFilter {
    pub state: Option<AdviceState>,
    /// The addressed office.
    pub office: Option<OfficeId>,
    pub overdue: Option<bool>,
}

/// The offices of the actor's trees; none where that is the whole tree.
pub(super) fn own_tree(act: &Act, verb: Verb) -> Option<Vec<OfficeId>> {
    let Actor::Staff(staff) = &act.actor else { return Some(Vec::new()) };
    let mut offices = Vec::new();
    for (role, at) in &staff.assignments {
        match act.rules.reach(*role, verb) {
            Reach::None => {}
            Reach::Own => offices.push(*at),
            Reach::Tree if *at == act.rules.offices.centre() => return None,
            Reach::Tree => {
                let below = act.rules.offices.all().filter(|row| act.rules.offices.is_within(row.id, *at));
                offices.extend(below.map(|row| row.id));
            }
        }
    }
    Some(offices)
}

type Boxed<'a> = recommendations::BoxedQuery<'a, MultiBackend>;

/// Recommendations of which the actor may know: none from a case about the actor.
fn free<'a>(act: &Act) -> Boxed<'a> {
    recommendations::table.filter(not(among(recommendations::case_id, condition::barred(act)))).into_boxed()
}

fn readable<'a>(act: &Act) -> Boxed<'a> {
    let all = free(act).filter(recommendations::state.ne(AdviceState::Draft));
    match own_tree(act, Verb::ReadCase) {
        None => all,
        Some(offices) => all.filter(
            recommendations::office_id
                .eq_any(offices.clone())
                .or(recommendations::from_office_id.eq_any(offices)),
        ),
    }
}

/// One page after `after`, by id, of those that concern the actor's offices.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    filter: &AdviceFilter,
    after: Option<RecommendationId>,
    limit: i64,
) -> Result<Vec<RecommendationView>> {
    use recommendations as r;
    let mut query = readable(act).filter(r::id.gt(after.unwrap_or(RecommendationId(0))));
    if let Some(state) = filter.state {
        query = query.filter(r::state.eq(state));
    }
    if let Some(office) = filter.office {
        query = query.filter(r::office_id.eq(office));
    }
    let waits = [AdviceState::Sent, AdviceState::Accepted];
    match filter.overdue {
        Some(true) => query = query.filter(r::due_at.lt(act.now)).filter(r::state.eq_any(waits)),
        Some(false) => query = query.filter(r::due_at.ge(act.now).or(r::state.ne_all(waits))),
        None => {}
    }
    let rows = query.order(r::id).limit(limit).select(Row::as_select()).load(connection)?;
    views(connection, act, rows)
}

/// One recommendation that concerns the actor's offices.
pub fn find_view(
    connection: &mut DbConnection,
    act: &Act,
    id: RecommendationId,
) -> Result<RecommendationView> {
    let row: Row =
        readable(act).filter(recommendations::id.eq(id)).select(Row::as_select()).first(connection)?;
    views(connection, act, vec![row])?.pop().ok_or(Error::NotFound)
}

/// What waits for these offices: to be done by them, or refused by an office below them.
fn waiting<'a>(act: &Act, offices: &[OfficeId]) -> Boxed<'a> {
    let below = act.rules.offices.all().filter(|row| row.parent.is_some_and(|up| offices.contains(&up)));
    let below: Vec<OfficeId> = below.map(|row| row.id).collect();
    let mine = recommendations::office_id
        .eq_any(offices.to_vec())
        .and(recommendations::state.eq_any([AdviceState::Sent, AdviceState::Accepted]));
    let refused = recommendations::office_id
        .eq_any(below)
        .and(recommendations::state.eq(AdviceState::Refused))
        .and(recommendations::verified_at.is_null());
    free(act).filter(mine.or(refused))
}

/// The box of these offices by due time, after `(due, id)`.
pub fn inbox(
    connection: &mut DbConnection,
    act: &Act,
    offices: &[OfficeId],
    after: Option<(Time, RecommendationId)>,
    limit: i64,
) -> Result<Vec<RecommendationView>> {
    use recommendations as r;
    let mut query = waiting(act, offices);
    if let Some((at, id)) = after {
        query = query.filter(r::due_at.gt(at).or(r::due_at.eq(at).and(r::id.gt(id))));
    }
    let rows = query.order((r::due_at, r::id)).limit(limit).select(Row::as_select()).load(connection)?;
    views(connection, act, rows)
}

/// How many wait there.
pub fn inbox_count(connection: &mut DbConnection, act: &Act, offices: &[OfficeId]) -> Result<i64> {
    Ok(waiting(act, offices).count().get_result(connection)?)
}

/// The recommendations that a case gave rise to.
pub fn recommendation_views(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
) -> Result<Vec<RecommendationView>> {
    let rows = free(act)
        .filter(recommendations::case_id.eq(case))
        .filter(recommendations::state.ne(AdviceState::Draft))
        .order(recommendations::id)
        .select(Row::as_select())
        .load(connection)?;
    views(connection, act, rows)
}

fn views(connection: &mut DbConnection, act: &Act, rows: Vec<Row>) -> Result<Vec<RecommendationView>> {
    let ids: Vec<CaseId> = rows.iter().map(|row| row.case_id).collect();
    let codes: HashMap<CaseId, String> = cases::table
        .filter(cases::id.eq_any(ids.clone()))
        .filter(visibility::visible(act))
        .select((cases::id, cases::tracking_code))
        .load::<(CaseId, String)>(connection)?
        .into_iter()
        .collect();
    let causes: HashMap<CaseId, String> = lessons::table
        .filter(lessons::case_id.eq_any(ids).and(lessons::is_in_force.eq(true)))
        .select((lessons::case_id, lessons::cause))
        .load::<(CaseId, String)>(connection)?
        .into_iter()
        .collect();
    let people: Vec<UserId> =
        rows.iter().flat_map(|row| [row.replied_by, row.verified_by]).flatten().collect();
    let names = users::names(connection, &people)?;
    let name = |id: Option<UserId>| id.and_then(|id| names.get(&id)).map(|(username, _)| username.clone());
    let one = |row: Row| RecommendationView {
        overdue: matches!(row.state, AdviceState::Sent | AdviceState::Accepted) && row.due_at < act.now,
        from_office: office_view(act, row.from_office_id),
        office: office_view(act, row.office_id),
        case_id: codes.contains_key(&row.case_id).then_some(row.case_id),
        tracking_code: codes.get(&row.case_id).cloned(),
        cause: causes.get(&row.case_id).cloned(),
        replied_by: name(row.replied_by),
        verified_by: name(row.verified_by),
        verified_office: row.verified_office_id.map(|office| act.rules.offices.code(office)),
        id: row.id,
        text: row.text,
        state: row.state,
        made_at: row.made_at,
        due_at: row.due_at,
        late_mark: row.fired,
        reason: row.reason,
        changed: row.done_text,
        replied_at: row.replied_at,
        verified_at: row.verified_at,
    };
    Ok(rows.into_iter().map(one).collect())
}
