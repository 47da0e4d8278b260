//! What the outside sees of a case: the same shapes for the API and for pages.
//!
//! Views carry codes and names, never internal digests, and a citizen's identity only where the actor may
//! read it.

mod actions;
mod case;
mod contact_plan;
mod inbox;
mod public;
mod referral;
mod remedies;
mod repeats;
mod timeline;

pub use actions::{Action, actions};
pub use case::{CaseView, CitizenView, HolderView, OfficeView, case, cases};
pub use contact_plan::{DeskPlan, OwnPlan, PlanView, desk_plan, own_plan, plan, plans};
pub use inbox::{Inbox, InboxItem, Tray, inbox};
pub use public::{PublicAnswer, PublicCase, PublicEvent, public_case, public_timeline};
pub use referral::{AnswerView, ReferralView, answer, answers, referral, referrals};
pub use remedies::{AppealView, CitizenAction, appeals, citizen_actions, poor_rating_words};
pub use repeats::{Remark, RepeatView, SimilarView, repeats_of, similar};
pub use timeline::{
    AttachmentView, DeliveryView, EventView, MessageView, NoteView, attachments, deliveries, messages, notes,
    timeline,
};
