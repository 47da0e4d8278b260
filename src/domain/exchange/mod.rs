//! Exchange: a body's own system takes its referrals from here and gives its answers back.
//!
//! It calls with a gateway key of the scope [`SCOPE`] that is bound to the body's office, and acts as an account of its own
//! with the role of a handler there: whatever keeps a handler from a case (a seal, a conflict of interest, the reach of the
//! role) keeps the system from it too, and where the office wants a second person for an answer, a person approves.

mod acts;
mod feed;
mod system;

pub use acts::{
    Acceptance, Answered, ExchangeAnswer, Giving, Numbers, Progress, accept, answer, give_back, numbers,
    progress,
};
pub use feed::{Entry, page, place, tell, unplaced};
pub use system::{actor, connect, disconnect, offices};

/// The scope of a gateway key by which a body's own system calls; `*` does not hold it.
pub const SCOPE: &str = "exchange";
