//! Problems as the public sees them, and the citizens of their cases.

use serde::Serialize;

use super::answer::standing_answer;
use super::link::of_case;
use super::row::{Filter, ProblemRow, counts, find, list};
use super::{Counts, ProblemState};
use crate::db::DbConnection;
use crate::db::types::{CaseId, ProblemId, Time};
use crate::domain::actor::Act;
use crate::domain::views::{OfficeView, office_view};
use crate::error::{Language, Result};

/// A problem, for everybody.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicProblem {
    pub code: String,
    /// In the reader's language.
    pub name: String,
    pub name_fa: String,
    pub name_en: String,
    pub category: Option<String>,
    pub province: Option<String>,
    pub county: Option<String>,
    /// Who works on it.
    pub office: OfficeView,
    pub state: ProblemState,
    pub state_text: String,
    pub due_at: Time,
    /// The approved answer in the reader's language.
    pub answer: Option<String>,
    /// Why it is not solvable.
    pub reason: Option<String>,
    pub settled_at: Option<Time>,
    /// How many cases and citizens stand behind it; null below the limit `public_count_min`.
    pub cases: Option<i64>,
    pub citizens: Option<i64>,
}

/// One page of the problems that are marked public; those that are only proposed are not.
pub fn public_list(
    connection: &mut DbConnection,
    act: &Act,
    filter: &Filter,
    reader: Language,
    after: Option<ProblemId>,
    limit: i64,
) -> Result<(Vec<PublicProblem>, Option<ProblemId>)> {
    let filter = Filter { is_public: Some(true), ..filter.clone() };
    let mut rows = list(connection, act, &filter, after, limit + 1)?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| has_more).map(|row| row.id);
    let ids: Vec<ProblemId> = rows.iter().map(|row| row.id).collect();
    let counted = counts(connection, &ids)?;
    let shown = rows.iter().filter(|row| row.state != ProblemState::Proposed);
    let told = shown
        .map(|row| {
            let counts = counted.get(&row.id).copied().unwrap_or_default();
            public(connection, act, row, counts, reader)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok((told, next))
}

/// The problem behind a case as its citizen sees it; none while it is only proposed.
pub fn of_public_case(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    reader: Language,
) -> Result<Option<PublicProblem>> {
    let Some(id) = of_case(connection, case)? else { return Ok(None) };
    let row = find(connection, act, id)?;
    if row.state == ProblemState::Proposed {
        return Ok(None);
    }
    let counts = counts(connection, &[id])?.remove(&id).unwrap_or_default();
    public(connection, act, &row, counts, reader).map(Some)
}

fn public(
    connection: &mut DbConnection,
    act: &Act,
    row: &ProblemRow,
    counts: Counts,
    reader: Language,
) -> Result<PublicProblem> {
    let answer = standing_answer(connection, row.id)?;
    let smallest = act.rules.number("public_count_min")?;
    let at_least = |count: i64| Some(count).filter(|count| *count >= smallest);
    Ok(PublicProblem {
        code: row.code.clone(),
        name: if reader == Language::En { row.name_en.clone() } else { row.name_fa.clone() },
        name_fa: row.name_fa.clone(),
        name_en: row.name_en.clone(),
        category: row.category.clone(),
        province: row.province.clone(),
        county: row.county.clone(),
        office: office_view(act, row.office_id),
        state: row.state,
        state_text: row.state.words(reader).to_owned(),
        due_at: row.due_at,
        answer: answer.map(|answer| answer.text(reader).to_owned()),
        reason: row.reason.clone(),
        settled_at: row.settled_at,
        cases: at_least(counts.cases),
        citizens: at_least(counts.citizens),
    })
}
