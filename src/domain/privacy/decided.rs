//! A decided request for erasure, and what it still waits for: nobody shall believe that something went which a hold
//! or an open matter keeps.

use diesel::prelude::*;
use serde::Serialize;

use super::obstacles::{Candidate, Obstacle, obstacles};
use super::requests::{RequestState, RequestView};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::CaseId;
use crate::domain::actor::Act;
use crate::domain::text::persian_digits;
use crate::error::{Language, Result};

/// Cases that are told one by one.
const TOLD: i64 = 50;

/// A decision, and what keeps it from being carried out now.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DecidedView {
    #[serde(flatten)]
    pub request: RequestView,
    /// After a grant: cases of which nothing goes yet, with the reasons; at most fifty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Waits>,
    /// The same in words of the reader's language; none where nothing waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A case of which nothing may be erased yet.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Waits {
    pub case_id: CaseId,
    /// `held`, `citizen_held`, `open`, `window_open`, `recent` or `family`.
    pub obstacles: Vec<Obstacle>,
}

/// What a decided request waits for.
pub fn decided(
    connection: &mut DbConnection,
    act: &Act,
    request: RequestView,
    reader: Language,
) -> Result<DecidedView> {
    if request.state != RequestState::Granted {
        return Ok(DecidedView { request, waits: Vec::new(), message: None });
    }
    let of_citizen: Vec<Candidate> = cases::table
        .filter(cases::citizen_id.eq(request.citizen_id))
        .order(cases::id)
        .limit(TOLD)
        .select(Candidate::as_select())
        .load(connection)?;
    let found = obstacles(connection, act.now, &of_citizen)?;
    let waits: Vec<Waits> =
        found.into_iter().map(|(case_id, obstacles)| Waits { case_id, obstacles }).collect();
    let message = words(&waits, reader);
    Ok(DecidedView { request, waits, message })
}

/// A hold is told first: it ends only when somebody lifts it.
fn words(waits: &[Waits], reader: Language) -> Option<String> {
    let is_held = |one: &&Waits| {
        one.obstacles.iter().any(|what| matches!(what, Obstacle::Held | Obstacle::CitizenHeld))
    };
    let (held, all) = (waits.iter().filter(is_held).count(), waits.len());
    match (held, all, reader) {
        (_, 0, _) => None,
        (0, _, Language::Fa) => Some(persian_digits(&format!(
            "پذیرفته شد، ولی {all} پرونده هنوز جریان دارد یا مهلت آن نگذشته است و پس از آن پاک می‌شود."
        ))),
        (0, _, Language::En) => Some(format!(
            "Granted, but {all} case(s) are still worked on or inside a window, and are erased after that."
        )),
        (_, _, Language::Fa) => Some(persian_digits(&format!(
            "پذیرفته شد، ولی دستور نگهداری بر {held} پرونده جلوی پاک کردن را گرفته است؛ تا برداشته نشود چیزی از آن‌ها پاک نمی‌شود."
        ))),
        (_, _, Language::En) => Some(format!(
            "Granted, but a hold on {held} case(s) stops it: nothing of them is erased until the hold is lifted."
        )),
    }
}
