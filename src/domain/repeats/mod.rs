//! Repeats: the same citizen's same matter, found across all channels and household members when a case is
//! registered (tags P1.1, P2.5; "do not repeat it by letter, SMS or through family members").
//!
//! A repeat is never refused: whoever registers is told of it, and it is kept beside the case. Sameness is judged on
//! subject, place and words; every threshold is a limit. Candidates are bounded: at most thirty records of people and
//! fifty cases are looked at, and a first-time citizen costs one indexed read.

mod cap;
mod find;
mod likeness;
mod stored;

pub(crate) use cap::{Overrun, check_cap};
pub use find::{Found, Ground, Matter, Seen, judge, kin_of, see};
pub use likeness::Shingles;
pub(crate) use stored::visible;
pub use stored::{Direction, Kept, keep, of_case};
