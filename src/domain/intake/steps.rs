//! The communication log: one row for each step of an item. Its details are codes and ids, never words.

use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::intake_steps as s;
use crate::db::types::{IntakeItemId, IntakeStepId, Time, UserId};
use crate::domain::actor::Act;
use crate::error::Result;
use crate::{on_both, text_enum};

text_enum! {
    /// A step.
    pub enum StepKind {
        Received = "received",
        /// It came again and wrote nothing.
        Deduplicated = "deduplicated",
        /// What the channel told of the sender is no number or address.
        SenderUnread = "sender_unread",
        /// It quotes a code of a case that the sender did not prove to be theirs.
        CodeUnproved = "code_unproved",
        /// It belongs to a case that takes no message any more.
        CaseSilent = "case_silent",
        /// It became a message; the detail says by what it was found: code, reference, sender.
        Joined = "joined",
        Registered = "registered",
        /// The sender is told; the detail says by which way.
        Acknowledged = "acknowledged",
        Failed = "failed",
        /// Another try to take it.
        Reprocessed = "reprocessed",
        ToKey = "to_key",
        /// Its pages were read by machine; the detail says how many, or why not.
        Recognised = "recognised", Unrecognised = "unrecognised",
        Keyed = "keyed",
        Discarded = "discarded",
        /// Somebody of staff read what it says.
        Read = "read",
        /// What it said was erased.
        Erased = "erased",
    }
}

/// A step with its detail, not yet written.
pub type Step = (StepKind, Option<String>);

/// Writes steps in their order, with one statement.
pub fn add(connection: &mut DbConnection, act: &Act, item: IntakeItemId, steps: &[Step]) -> Result<()> {
    let row = |(kind, detail): &Step| {
        (
            (s::id.eq(act.id::<IntakeStepId>()), s::item_id.eq(item), s::step.eq(*kind)),
            (s::detail.eq(detail.clone()), s::user_id.eq(act.actor.user()), s::at.eq(act.now)),
        )
    };
    let rows: Vec<_> = steps.iter().map(row).collect();
    on_both!(connection, |c| diesel::insert_into(s::table).values(&rows).execute(c))?;
    Ok(())
}

/// A step as stored.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = crate::db::schema::intake_steps)]
pub struct StepRow {
    pub step: StepKind,
    pub detail: Option<String>,
    pub user_id: Option<UserId>,
    pub at: Time,
}

/// The steps of an item, oldest first.
pub fn of_item(connection: &mut DbConnection, item: IntakeItemId) -> Result<Vec<StepRow>> {
    Ok(s::table.filter(s::item_id.eq(item)).order(s::id).select(StepRow::as_select()).load(connection)?)
}
