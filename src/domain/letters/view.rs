//! Letters as staff see them: where each stands, and nothing of what it says.

use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::{cases, letter_batches as b, messages as m, paper_letters as p};
use crate::db::types::{CaseId, LetterBatchId, MessageId, Time};
use crate::domain::actor::Act;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::Result;

use super::batch;
use super::settle::Fate;
use crate::text_enum;

text_enum! {
    /// Where a letter stands.
    pub enum LetterState {
        /// To be printed.
        Waiting = "waiting",
        Printed = "printed", HandedOver = "handed_over", Delivered = "delivered", Returned = "returned",
    }
}

/// A letter of the list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LetterView {
    /// Of the message.
    pub id: MessageId,
    pub case_id: CaseId,
    pub tracking_code: String,
    pub template: Option<String>,
    pub state: LetterState,
    pub batch_id: Option<LetterBatchId>,
    pub created_at: Time,
    pub printed_at: Option<Time>,
    pub handed_over_at: Option<Time>,
    pub settled_at: Option<Time>,
    /// How it ended.
    pub fate: Option<Fate>,
}

type Row = (
    (MessageId, CaseId, String, Option<String>, String, Time),
    Option<(LetterBatchId, Option<Time>, Option<Fate>)>,
    Option<(Time, Option<Time>)>,
);

/// Leaves out the letters of cases that the actor does not see.
pub fn retain_visible(connection: &mut DbConnection, act: &Act, letters: &mut Vec<LetterView>) -> Result<()> {
    batch::retain_visible(connection, act, letters, |letter| letter.case_id)
}

/// How many letters were written before `before` and are not on their way yet.
pub fn waiting_since(connection: &mut DbConnection, before: Time) -> Result<i64> {
    Ok(m::table
        .filter(m::channel.eq("letter").and(m::state.eq("queued")).and(m::citizen_id.is_not_null()))
        .filter(m::created_at.lt(before))
        .count()
        .get_result(connection)?)
}

/// One page of letters after `after`, the oldest first; [`retain_visible`] then leaves out what is not the actor's.
///
/// # Errors
/// `Forbidden` for whoever posts none.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    state: Option<LetterState>,
    after: Option<MessageId>,
    limit: i64,
) -> Result<Vec<LetterView>> {
    policy::allow_anywhere(act, Verb::PostLetters)?;
    let mut query = m::table
        .inner_join(cases::table)
        .left_join(p::table)
        .left_join(b::table.on(p::batch_id.eq(b::id)))
        .filter(m::channel.eq("letter").and(m::citizen_id.is_not_null()))
        .filter(m::id.gt(after.unwrap_or(MessageId(0))))
        .order(m::id)
        .limit(limit)
        .select((
            (m::id, m::case_id, cases::tracking_code, m::template, m::state, m::created_at),
            (p::batch_id, p::settled_at, p::reason).nullable(),
            (b::made_at, b::handed_over_at).nullable(),
        ))
        .into_boxed();
    query = match state {
        None => query,
        Some(LetterState::Waiting) => query.filter(m::state.eq("queued").and(p::message_id.is_null())),
        Some(LetterState::Printed) => query.filter(m::state.eq("queued").and(p::message_id.is_not_null())),
        Some(LetterState::HandedOver) => query.filter(m::state.eq("sent")),
        Some(LetterState::Delivered) => query.filter(m::state.eq("delivered")),
        Some(LetterState::Returned) => query.filter(m::state.eq("undelivered")),
    };
    Ok(query.load::<Row>(connection)?.into_iter().map(view).collect())
}

fn view(((id, case_id, tracking_code, template, state, created_at), paper, batch): Row) -> LetterView {
    let state = match (state.as_str(), &paper) {
        ("sent", _) => LetterState::HandedOver,
        ("delivered", _) => LetterState::Delivered,
        ("undelivered", _) => LetterState::Returned,
        (_, Some(_)) => LetterState::Printed,
        (_, None) => LetterState::Waiting,
    };
    LetterView {
        id,
        case_id,
        tracking_code,
        template,
        state,
        batch_id: paper.as_ref().map(|(batch, ..)| *batch),
        created_at,
        printed_at: batch.map(|(made_at, _)| made_at),
        handed_over_at: batch.and_then(|(_, at)| at),
        settled_at: paper.as_ref().and_then(|(_, at, _)| *at),
        fate: paper.and_then(|(.., fate)| fate),
    }
}
