//! What a case teaches, told with its answer or closing; and the answer of the problem behind it.

use super::answer::Answer;
use super::close::Close;
use super::docket::Docket;
use crate::db::DbConnection;
use crate::domain::actor::Act;
use crate::domain::problems;
use crate::domain::quality::{self, Lesson};
use crate::error::{Code, Error, FieldError, Fields, Language, Result};

/// What the citizen will read: the writer's own words, or the answer of the problem behind the case.
pub(super) fn words(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    wish: &Answer,
) -> Result<String> {
    if wish.problem_answer != Some(true) {
        return Ok(wish.text.clone());
    }
    let answer = problems::answer_for(connection, act, docket.row.id)?;
    let answer = answer.ok_or(Error::Conflict(Code::NoProblemAnswer))?;
    let reader = if docket.row.language == "en" { Language::En } else { Language::Fa };
    let own = wish.text.trim();
    Ok(if own.is_empty() {
        answer.text(reader).to_owned()
    } else {
        format!("{own}\n\n{}", answer.text(reader))
    })
}

/// A cause is found with the final answer to the citizen, not before it and not beside it.
pub(super) fn none(wish: &Answer, fields: &mut Fields) -> Lesson {
    let told = [("cause", wish.cause.is_some()), ("recommendation", wish.recommendation.is_some())];
    for (field, _) in told.into_iter().filter(|(_, is_told)| *is_told) {
        fields.add(FieldError::new(
            field,
            "only_final",
            "علت و پیشنهاد اصلاحی تنها با پاسخ نهایی دستگاه محوری نوشته می‌شود.",
            "Cause and recommendation come with the final answer of the lead office only.",
        ));
    }
    Lesson::default()
}

/// Why the case came about, and what should change.
pub(super) fn of_closing(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    wish: &Close,
    fields: &mut Fields,
) -> Result<Lesson> {
    let found = (wish.cause.as_deref(), wish.recommendation.as_ref());
    quality::check(connection, act, docket, found, fields)
}
