//! Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2): other systems of towns and people file here and follow.
//!
//! Subjects and kinds are services. What was filed is shown to the key that filed it, and to everybody only where the filer
//! let it be: then without names and numbers, and with the place to about a hundred metres. A sealed case, one about an
//! office or a person, and an erased one are shown to nobody.

mod filing;
mod requests;
mod services;
mod shown;
mod updates;

pub use filing::{Filed, Request, file};
pub use requests::{Reader, Wanted, by_token, find, list};
pub use services::{Service, definition, service, services};
pub use shown::RequestView;
pub use updates::{Update, UpdateView, UpdatesWanted, add_update, updates};

/// Days that one answer spans at most.
pub const SPAN_DAYS: i64 = 90;
/// Rows that one answer has at most.
pub const ROWS: i64 = 1000;
