//! What the outside sees of a case: the same shapes for the API and for pages.
//!
//! Views carry codes and names, never internal digests, and a citizen's identity only where the actor may
//! read it.

mod actions;
mod case;
mod followed;
mod inbox;
mod public;
mod referral;
mod remedies;
mod timeline;

pub use actions::{Action, actions};
pub(crate) use case::office_view;
pub use case::{CaseView, CitizenView, HolderView, OfficeView, case, cases};
pub use inbox::{Inbox, InboxItem, Tray, inbox};
pub use public::{PublicAnswer, PublicCase, PublicEvent, public_case, public_timeline};
pub use referral::{AnswerView, ReferralView, answer, answers, referral, referrals};
pub use remedies::{AppealView, CitizenAction, appeals, citizen_actions, poor_rating_words};
pub use timeline::{
    AttachmentView, DeliveryView, EventView, MessageView, NoteView, attachments, deliveries, messages, notes,
    timeline,
};
