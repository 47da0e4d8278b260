//! Persian text as people and old software write it, brought to one form.
//!
//! Machine fields hold Latin digits; stored text keeps its half-spaces; search compares a separate key.
//! Nothing here loses a letter of what a citizen wrote: forms are unified, words are not corrected.

mod checked;
mod digits;
mod parts;
mod persian;

pub(crate) use checked::{checked_text, mask, masked_debug};
pub use digits::{latin_digits, machine_field, persian_digits};
pub use parts::{is_gsm7, parts};
pub(crate) use persian::folded;
pub use persian::{isolate_ltr, search_key, storage_form};
