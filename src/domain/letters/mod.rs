//! Letters to citizens on paper (design §4): notices whose way is the post wait here, are printed together, handed over,
//! and what became of each is noted; any other notice can be printed by itself.
//!
//! A letter says what the e-mail of the same notice says. Name and address are read under the rules for identity, and
//! each printing is logged before it is shown; of a sealed case that is for whoever got the identity released.

mod batch;
mod content;
mod settle;
pub mod sheet;
mod view;

pub use batch::{Batch, NewBatch, batch, contents, print, to_print};
pub use content::{PaperLetter, content, fax_page};
pub use settle::{Fate, HandOver, hand_over, may_note, note_fate, print_again, to_post};
pub use view::{LetterState, LetterView, list, retain_visible, waiting_since};
