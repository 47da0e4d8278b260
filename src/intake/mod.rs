//! The one door for all seven channels (design §4): deduplicate → find the citizen → thread onto an open case or
//! register → acknowledge; every step is logged, and what cannot be taken is kept with the reason.
//!
//! A channel is one file here that turns its outside form into an [`Inbound`], and one line in [`read`]. It calls
//! `App::receive` (an [`Inbound`] in hand) or `App::receive_raw` (bytes that may be unreadable) and answers its peer
//! after that has returned: by then everything is committed, and a second delivery gives the same [`Received`].
//!
//! Here is no transport and no storage; the functions run inside one transaction of the caller.

mod automatic;
mod call;
mod codes;
mod cti;
mod door;
pub mod email;
mod fax;
mod form;
mod inbound;
mod letter;
mod received;
mod refuse;
mod sender;
mod sms;
mod take;
mod thread;
mod visit;
mod waiting;

pub use crate::domain::notifications::reference;
pub use call::Call;
pub use codes::codes_in;
pub use cti::call_event;
pub use door::{file, receive};
pub use fax::{Fax, FaxCall, faxed};
pub use form::{Raw, Scan, read};
pub use inbound::{Content, Enclosed, Inbound, Matter, Particulars, Sender, Thread, Vouch};
pub use letter::{Letter, scanned};
pub use received::{Delivery, Received};
pub use refuse::{Unread, is_kept, keep_unread, refuse, refuse_filing};
pub use sms::{Sms, end_dialogue, give_dialogue_up};
pub use visit::{Visit, form_of_sheet};
pub use waiting::{Told, Waiting, discard, join, key, retry, still_failed, waiting};
