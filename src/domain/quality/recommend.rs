//! What an office should change: read with the closing that recommends it, told to the office that is to do it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::DbConnection;
use crate::db::schema::recommendations;
use crate::db::types::{EventId, OfficeId, RecommendationId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::{CaseRow, Docket};
use crate::domain::confidentiality;
use crate::domain::deadlines;
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::error::{Error, FieldError, Fields, Result};

/// A recommendation: what an office should change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recommend {
    /// What to change; nothing of a person, since the office may not see the case.
    pub text: String,
    /// Code of the office that can change it.
    pub to_office: String,
    /// Until when; by the limit `recommendation` when missing.
    #[serde(default)]
    pub due_at: Option<Time>,
}

/// Reads a recommendation; every wrong field is named.
pub(super) fn read(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    wish: &Recommend,
    fields: &mut Fields,
) -> Result<Option<(String, OfficeId, Time)>> {
    let text = fields.take(input::text("recommendation.text", &wish.text, input::TEXT_MAX));
    let office = fields.take(act.rules.offices.find("recommendation.to_office", &wish.to_office));
    let office = office.map(|office| office.id).filter(|office| {
        let refusal = refusal(act, docket, *office);
        let takes_it = refusal.is_none();
        refusal.into_iter().for_each(|error| fields.add(error));
        takes_it
    });
    // the addressed office need not see the case
    fields.take(check_words(connection, act, docket, text.as_deref())?);
    if wish.due_at.is_some_and(|due| due <= act.now) {
        let (fa, en) = ("زمانی در آینده بدهید.", "Give a time that lies ahead.");
        fields.add(FieldError::new("recommendation.due_at", "in_the_past", fa, en));
    }
    let (Some(text), Some(office)) = (text, office) else { return Ok(None) };
    let due = match wish.due_at {
        Some(due) => due,
        None => due_at(act, office)?,
    };
    Ok(Some((text, office, due)))
}

/// A recommendation from a sealed case may not name its citizen.
fn check_words(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    text: Option<&str>,
) -> Result<std::result::Result<(), FieldError>> {
    let field = "recommendation.text";
    match confidentiality::guard_words(connection, act, &docket.row, field, text) {
        Err(Error::Invalid(fields)) => Ok(fields.into_iter().next().map_or(Ok(()), Err)),
        told => told.map(Ok),
    }
}

/// Why an office takes no recommendation from this case.
fn refusal(act: &Act, docket: &Docket, office: OfficeId) -> Option<FieldError> {
    let field = "recommendation.to_office";
    if act.rules.offices.get(office).is_some_and(|office| office.signpost_only) {
        return Some(FieldError::new(
            field,
            "signpost_only",
            "این مرجع بیرون از سامانه است و پیشنهاد نمی‌پذیرد؛ واحد دیگری نام ببرید.",
            "This body stands outside the service and takes no recommendation; name another office.",
        ));
    }
    docket.conflict.bars_office(&act.rules.offices, office).then(|| {
        FieldError::new(
            field,
            "conflict_of_interest",
            "پرونده درباره این واحد یا بالادست آن است؛ پیشنهاد را به واحد بالاتر و بی‌طرف بفرستید.",
            "The case is about this office or one above it; address an office above that is free.",
        )
    })
}

/// The limit `recommendation` on the office's calendar from now on.
pub(super) fn due_at(act: &Act, office: OfficeId) -> Result<Time> {
    let level = act.rules.offices.get(office).map(|office| office.level.as_str());
    let span = act.rules.required_span("recommendation", None, None, level, false)?;
    Ok(deadlines::due(act.rules.calendar(office)?, act.now.timestamp(), span)?.into())
}

/// Tells the addressed office of a new recommendation.
pub(super) fn tell(
    connection: &mut DbConnection,
    act: &Act,
    case: &CaseRow,
    event: EventId,
    id: RecommendationId,
) -> Result<()> {
    use recommendations as r;
    let (office, due, text): (OfficeId, Time, String) =
        r::table.find(id).select((r::office_id, r::due_at, r::text)).first(connection)?;
    let facts = Facts { office: Some(office), due: Some(due), text: Some(text), ..Facts::default() };
    notifications::to_office(connection, act, case, event, office, "recommendation_made", &facts)
}
