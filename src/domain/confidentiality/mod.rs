//! Sealed cases (design §2, requirement tag S4.4): who reads what of them, and the log of every such reading.
//!
//! Whoever works on a sealed case reads an *extract*: its words without what points at a person, proposed by the service and
//! confirmed by a person ([`extract`]). The original words are read by those of the intake who have the right, the identity
//! by nobody but a named person to whom the privacy officer released it for a time ([`requests`]). Each reading is logged
//! before anything is shown ([`reads`]), and the citizen sees the log.
//!
//! Lists, inboxes and replies to verbs never show more than the extract and a masked identity; only the detail of one
//! case does, to those who may, so that nothing is read without its line in the log.

pub mod extract;
pub mod files;
pub mod known;
pub mod reads;
mod request_row;
pub mod requests;
pub mod seal;
mod sight;
pub mod wanting;

pub use reads::{Disclosure, Why, disclose, shows_people};
pub use sight::{HIDDEN, Sight, Veil, guard_words, holds_identity, reads_original, sight};
