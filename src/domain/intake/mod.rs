//! What came in, kept: one row for each item, its steps, its files.
//!
//! Nothing that arrived is ever dropped (design §4). What an item said is sealed; what cannot be taken waits here with
//! a code that says why, and is counted. How an item becomes a case or a message is decided in `crate::intake`.

pub mod access;
pub mod communications;
pub mod erase;
pub mod files;
pub mod items;
pub mod pages;
pub mod steps;
pub mod view;

pub use files::{FileRole, Kept};
pub use items::{Item, Marks, New, Outcome};
pub use steps::StepKind;

use serde::{Deserialize, Serialize};

use crate::error::{Error, FieldError};
use crate::text_enum;

text_enum! {
    /// What became of an item.
    pub enum ItemState {
        /// It became a case.
        Registered = "registered",
        /// It became a message on a case.
        Joined = "joined",
        /// It could not be taken; it waits for a person or for another try.
        Failed = "failed",
        /// Only a person can read it; it waits to be keyed.
        ToKey = "to_key",
        /// A person set it aside.
        Discarded = "discarded",
    }
}

text_enum! {
    /// In which outside form an item came; says which reader reads its raw bytes.
    pub enum Form {
        /// `POST /cases`.
        Case = "case",
        /// `POST /public/cases`.
        PublicCase = "public_case",
        Sms = "sms", Fax = "fax", Letter = "letter", Visit = "visit", Call = "call",
    }
}

text_enum! {
    /// Why a person sets an item aside.
    pub enum DiscardReason {
        Spam = "spam", Duplicate = "duplicate", Empty = "empty", Test = "test",
        Unreadable = "unreadable",
        /// It was meant for somebody else.
        Misdirected = "misdirected",
    }
}

/// Why an item could not be taken: a code of the catalogue, and the fields with their codes; no words of anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub reason: String,
    pub fields: Vec<RefusedField>,
}

/// A field that was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RefusedField {
    pub field: String,
    /// Stable code such as `required` or `too_long`.
    pub code: String,
}

impl Refusal {
    /// What an error says of an item.
    pub fn of(error: &Error) -> Self {
        let fields: &[FieldError] = match error {
            Error::Invalid(fields) | Error::Clash { fields, .. } => fields,
            _ => &[],
        };
        let field = |wrong: &FieldError| RefusedField { field: wrong.field.clone(), code: wrong.code.into() };
        Self { reason: error.code().as_str().into(), fields: fields.iter().map(field).collect() }
    }
}

/// Why an item must be keyed: nothing of it can be read by machine.
pub const NO_TEXT: &str = "no_text";
