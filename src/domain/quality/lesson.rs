//! What a closing finds: the cause of the case, and what should change so that there is no next one (ISO 10002:2018,
//! requirement tag P3.3).
//!
//! Written with an answer it waits for the approval as the answer does; written with a closing it holds at once.

use diesel::prelude::*;

use super::AdviceState;
use super::impartial::{conflict_of, free_office};
use super::recommend::{self, Recommend, due_at};
use crate::db::DbConnection;
use crate::db::schema::{lessons, recommendations};
use crate::db::types::{AnswerId, CaseId, EventId, LessonId, OfficeId, RecommendationId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{CaseRow, Docket, clocks, sha256_hex};
use crate::error::{FieldError, Fields, Result};

/// What was found, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lesson {
    cause: Option<String>,
    /// Text, office, due.
    recommendation: Option<(String, OfficeId, Time)>,
}

/// What bringing a lesson into force adds to the act: facts for the case's history, and who is to be told.
#[derive(Debug, Default)]
pub struct Effect {
    pub facts: Vec<Fact>,
    recommendation: Option<RecommendationId>,
}

/// Whether the kind of a case makes its closing name a cause.
pub fn needs_cause(act: &Act, kind: &str) -> bool {
    act.rules.kinds.get(kind).is_some_and(|kind| kind.needs_cause)
}

/// Reads what was found; every wrong field is named. A kind that needs a cause gets one here, unless this round of
/// the case has one already.
pub fn check(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    (cause, recommendation): (Option<&str>, Option<&Recommend>),
    fields: &mut Fields,
) -> Result<Lesson> {
    let cause = cause.map(str::trim).filter(|code| !code.is_empty());
    let cause = match cause {
        Some(code) => fields.take(act.rules.cause("cause", code).map(|cause| cause.code.clone())),
        None if needs_cause(act, &docket.row.kind) && !has_lesson(connection, docket)? => {
            let list = act.rules.causes.keys().cloned().collect::<Vec<_>>().join(", ");
            fields.add(FieldError::new(
                "cause",
                "required",
                format!("علت این پرونده را بنویسید تا تکرار نشود: {list}"),
                format!("Name the cause of this case, so that it can be learnt from: {list}."),
            ));
            None
        }
        None => None,
    };
    let recommendation = match recommendation {
        Some(wish) => recommend::read(connection, act, docket, wish, fields)?,
        None => None,
    };
    Ok(Lesson { cause, recommendation })
}

fn round(docket: &Docket) -> i32 {
    i32::try_from(docket.life.round()).unwrap_or(i32::MAX)
}

/// Whether the present round has a cause in force.
fn has_lesson(connection: &mut DbConnection, docket: &Docket) -> Result<bool> {
    let there: i64 = lessons::table
        .filter(lessons::case_id.eq(docket.row.id).and(lessons::round.eq(round(docket))))
        .filter(lessons::is_in_force.eq(true))
        .count()
        .get_result(connection)?;
    Ok(there > 0)
}

/// Keeps a lesson beside an answer that waits for approval; `office` is the body it is found at.
pub fn keep_draft(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    answer: AnswerId,
    office: OfficeId,
    lesson: &Lesson,
) -> Result<()> {
    insert(connection, act, docket, Some(answer), office, lesson).map(drop)
}

/// Takes the draft back with its answer.
pub fn drop_draft(connection: &mut DbConnection, answer: AnswerId) -> Result<()> {
    let mine = lessons::table.filter(lessons::answer_id.eq(answer).and(lessons::is_in_force.eq(false)));
    diesel::delete(mine).execute(connection)?;
    let drafts = recommendations::table
        .filter(recommendations::answer_id.eq(answer))
        .filter(recommendations::state.eq(AdviceState::Draft));
    diesel::delete(drafts).execute(connection)?;
    Ok(())
}

/// The lesson beside an answer comes into force with its approval.
pub fn take_force(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    answer: AnswerId,
) -> Result<Effect> {
    let lesson: Option<LessonId> = lessons::table
        .filter(lessons::answer_id.eq(answer))
        .select(lessons::id)
        .first(connection)
        .optional()?;
    let advice: Option<RecommendationId> = recommendations::table
        .filter(recommendations::answer_id.eq(answer))
        .select(recommendations::id)
        .first(connection)
        .optional()?;
    enforce(connection, act, case, lesson, advice)
}

/// A lesson told with a closing comes into force at once.
pub fn record_lesson(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    lesson: &Lesson,
) -> Result<Effect> {
    let office = docket.life.against();
    let (lesson, advice) = insert(connection, act, docket, None, office, lesson)?;
    enforce(connection, act, docket.row.id, lesson, advice)
}

fn insert(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    answer: Option<AnswerId>,
    office: OfficeId,
    lesson: &Lesson,
) -> Result<(Option<LessonId>, Option<RecommendationId>)> {
    let case = docket.row.id;
    let mut ids = (None, None);
    if let Some(cause) = &lesson.cause {
        use lessons as l;
        let id: LessonId = act.id();
        diesel::insert_into(l::table)
            .values((
                (l::id.eq(id), l::case_id.eq(case), l::round.eq(round(docket)), l::answer_id.eq(answer)),
                (l::cause.eq(cause), l::office_id.eq(office), l::recorded_by.eq(act.actor.user())),
                (l::at.eq(act.now), l::is_in_force.eq(false)),
            ))
            .execute(connection)?;
        ids.0 = Some(id);
    }
    if let Some((text, to, due)) = &lesson.recommendation {
        use recommendations as r;
        let id: RecommendationId = act.id();
        diesel::insert_into(r::table)
            .values((
                (r::id.eq(id), r::case_id.eq(case), r::answer_id.eq(answer), r::from_office_id.eq(office)),
                (r::office_id.eq(to), r::text.eq(text), r::state.eq(AdviceState::Draft)),
                (r::made_by.eq(act.actor.user()), r::made_at.eq(act.now), r::due_at.eq(due)),
            ))
            .execute(connection)?;
        ids.1 = Some(id);
    }
    Ok(ids)
}

fn enforce(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    lesson: Option<LessonId>,
    advice: Option<RecommendationId>,
) -> Result<Effect> {
    let mut effect = Effect { facts: Vec::new(), recommendation: advice };
    if let Some(id) = lesson {
        diesel::update(lessons::table.filter(lessons::case_id.eq(case)))
            .set(lessons::is_in_force.eq(false))
            .execute(connection)?;
        diesel::update(lessons::table.find(id))
            .set((lessons::is_in_force.eq(true), lessons::at.eq(act.now)))
            .execute(connection)?;
        let (cause, office) =
            lessons::table.find(id).select((lessons::cause, lessons::office_id)).first(connection)?;
        effect.facts.push(Fact::CauseRecorded { cause, office });
    }
    if let Some(id) = advice {
        use recommendations as r;
        let (office, due, text): (OfficeId, Time, String) =
            r::table.find(id).select((r::office_id, r::due_at, r::text)).first(connection)?;
        // whom the case is about may have been said since it was written
        let office = free_office(act, &conflict_of(connection, act, case)?, office)?;
        // an approval that came late leaves the office at least the time it would have had
        let due = if due > act.now { due } else { due_at(act, office)? };
        let next = clocks::next_point(act.rules.calendar(office)?, act.now, due, None)?;
        diesel::update(r::table.find(id))
            .set((
                (r::office_id.eq(office), r::state.eq(AdviceState::Sent), r::made_at.eq(act.now)),
                (r::due_at.eq(due), r::next_at.eq(next)),
            ))
            .execute(connection)?;
        let text_sha256 = sha256_hex(text.as_bytes());
        effect.facts.push(Fact::RecommendationMade { recommendation: id, office, text_sha256 });
    }
    Ok(effect)
}

/// Tells the addressed office of a new recommendation.
pub fn announce(
    connection: &mut DbConnection,
    act: &Act,
    case: &CaseRow,
    event: EventId,
    effect: &Effect,
) -> Result<()> {
    match effect.recommendation {
        Some(id) => recommend::tell(connection, act, case, event, id),
        None => Ok(()),
    }
}
