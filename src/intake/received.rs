//! What became of something that came in.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, IntakeItemId, MessageId};
use crate::domain::cases::register::Registered;
use crate::domain::intake::{Item, ItemState, Refusal};
use crate::error::Result;

/// Whether it came for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    First,
    /// It was known; nothing but that was written.
    Again,
}

/// What became of it; a second delivery gets the same.
#[derive(Debug, Clone)]
pub struct Received {
    pub item: IntakeItemId,
    pub state: ItemState,
    pub delivery: Delivery,
    /// The case that it became or joined.
    pub case: Option<CaseId>,
    /// The code of the case that it became; of a case that it joined nothing is told.
    pub tracking_code: Option<String>,
    /// The message that it became.
    pub message: Option<MessageId>,
    /// The case just registered, with its access code; only on the first delivery.
    pub registered: Option<Registered>,
    /// Why it waits.
    pub refusal: Option<Refusal>,
}

impl Received {
    /// The result of an item that was known.
    pub(super) fn again(connection: &mut DbConnection, item: &Item) -> Result<Self> {
        let tracking_code = match (item.state, item.case_id) {
            (ItemState::Registered, Some(case)) => {
                cases::table.find(case).select(cases::tracking_code).first(connection).optional()?
            }
            _ => None,
        };
        Ok(Self {
            item: item.id,
            state: item.state,
            delivery: Delivery::Again,
            case: item.case_id,
            tracking_code,
            message: item.message_id,
            registered: None,
            refusal: item.refusal(),
        })
    }

    /// The result of one that waits.
    pub(super) fn waits(item: IntakeItemId, state: ItemState, refusal: Refusal) -> Self {
        Self {
            item,
            state,
            delivery: Delivery::First,
            case: None,
            tracking_code: None,
            message: None,
            registered: None,
            refusal: Some(refusal),
        }
    }
}
