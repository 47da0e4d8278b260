//! Cases: one matter of one citizen, from its first word to the notified closure.

pub mod answer;
pub mod ask;
pub mod attach;
pub mod classify;
pub mod clocks;
pub mod close;
pub mod complained_of;
mod docket;
pub mod escalate;
pub mod family;
mod filing;
mod intake;
pub mod interim;
mod learn;
pub mod life;
pub mod list;
pub mod lookup;
mod mass;
pub mod note;
mod record;
pub mod refer;
pub mod register;
pub mod remedies;
pub mod reopen;
pub mod repeat;
mod row;
mod tracking_code;
pub mod words;

pub use docket::{Docket, Expected, find_visible, life_of};
pub use record::{last_event, record, scope_of, sha256_hex};
pub use row::{CaseRow, Channel, Priority, Representative};
pub use tracking_code::{IntakeCode, TrackingCode, TrackingCodeError};
pub use words::{Filed, Words};
