//! The telephone: calls as exchanges report them, who sits where, what an agent is shown when it rings, who is to be rung
//! back, and what the machine at the line says.
//!
//! A number proves nobody: what is shown for it is a proposal to the agent, logged as a reading, and the machine at the line
//! asks for a second factor. Numbers are sealed, and known again by a keyed digest.

mod callbacks;
mod caller;
mod calls;
mod course;
mod erase;
mod ivr;
mod link;
mod pops;
mod seats;
mod spoken;

pub use callbacks::{
    CallbackFilter, CallbackOrigin, CallbackState, CallbackView, Listed, Promise, Try, give_up,
    list as list_callbacks, overdue as overdue_callbacks, promise, release, settle_try, take,
    view as view_callback,
};
pub use caller::{CallView, CallerView, Card, ProvinceView, card, glance, list};
pub use calls::{CallRow, Taken, find, take_event};
pub use course::{CallEvent, CallState, Course, Direction, EventKind};
pub use erase::{erase, forget};
pub use ivr::{Asked, IvrState, Said, answer, note_wrong};
pub use link::{CaseCall, Finished, finished, link, of_case, tie, wanted};
pub use pops::{Pop, PopKind, after, begin};
pub use seats::{SeatView, Sit, leave, seat_of, sit};

use crate::domain::keys::Keys;

/// By what a number is known again.
fn number_hash(keys: &Keys, number: &str) -> String {
    keys.digest("phone-number", &[number])
}
