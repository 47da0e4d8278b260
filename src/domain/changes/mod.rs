//! Changes of the configuration: proposed by one person, agreed by another, and then in force (design §7).
//!
//! A change carries the whole new row and the row that it was made from. It takes effect when it is approved,
//! or at its own time by a worker; when the row has moved on in between it is refused, with both versions told.
//! A change with an end is taken back there by a change that follows it. There is no way around the second
//! person inside the service: an operator may switch it off in the settings, which every start logs and the
//! health page shows.

mod access;
mod apply;
mod decide;
mod propose;
mod row;
mod view;

use serde_json::Value;

use crate::db::types::Time;
use crate::text_enum;

pub use access::{grant, keep_secret};
pub use apply::{apply_due, due, fail, failed};
pub use decide::{Decision, agree_alone, allow_deciding, approve, reject, withdraw};
pub use propose::{lay_of, propose};
pub use row::{ChangeRow, find, keep_trial, list, waiting};
pub use view::{ChangeView, DiffLine, view, views};

/// The noun of offices, which are rows of their own kind.
pub const OFFICE: &str = "office";
/// The noun of accounts: whether they are open, and their roles.
pub const STAFF: &str = "staff";
/// The noun of gateway keys.
pub const GATEWAY: &str = "gateway";

/// Whether rows of this noun are definitions, with versions, and can be tried on past cases.
pub fn is_definition(noun: &str) -> bool {
    ![OFFICE, STAFF, GATEWAY].contains(&noun)
}

text_enum! {
    /// What a change does to its row.
    pub enum Action { Create = "create", Change = "change", End = "end" }
}

text_enum! {
    /// How far a change has come.
    pub enum Status {
        Proposed = "proposed",
        /// Agreed, and waits for its time.
        Approved = "approved",
        Applied = "applied",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
        /// Agreed, but could not take effect at its time; `fault` says why.
        Failed = "failed",
    }
}

/// When a change is to hold, and why it is wished.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// From when on; at once with the approval when missing.
    pub valid_from: Option<Time>,
    /// Until when; then the row is again what it was before.
    pub valid_to: Option<Time>,
    pub because: Option<String>,
}

/// What is wished of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// The noun of the row: `limit`, `rule`, `reason`, `office`, `staff` …
    pub noun: String,
    /// The row's code; none for a new one.
    pub code: Option<String>,
    pub action: Action,
    /// A new row whole, or the fields that change; a null takes a field away.
    pub body: Value,
    pub terms: Terms,
}
