//! What the outside sees of a case: the same shapes for the API and for pages.
//!
//! Views carry codes and names, never internal digests, and a citizen's identity only where the actor may
//! read it.

mod actions;
mod case;
mod confidentiality;
mod contact_plan;
mod family;
mod followed;
mod inbox;
mod public;
mod referral;
mod relatives;
mod remedies;
mod repeats;
mod second_look;
mod shown;
mod timeline;

pub use actions::{Action, actions};
pub use case::{CaseView, HolderView, OfficeView, case, cases, detail, office_view};
pub use confidentiality::{
    ExtractView, OwnReadView, ReadView, RequestView, extract_view, own_reads, reads, request, requests,
};
pub use contact_plan::{DeskPlan, OwnPlan, PlanView, desk_plan, own_plan, plan, plans};
pub use family::{FamilyView, GroupView, Relative, family};
pub use inbox::{Inbox, InboxItem, Tray, inbox};
pub use public::{PublicAnswer, PublicCase, PublicEvent, public_case, public_timeline};
pub use referral::{AnswerView, ReferralView, answer, answers, referral, referrals};
pub use relatives::{PublicLead, PublicPart};
pub use remedies::{AppealView, CitizenAction, appeals, citizen_actions, objections, poor_rating_words};
pub use repeats::{Remark, RepeatView, SimilarView, repeats_of, similar};
pub use second_look::{PublicAppeal, PublicObjection};
pub use shown::{CitizenView, TextForm};
pub use timeline::{
    AttachmentView, DeliveryView, EventView, MessageView, NoteView, attachments, deliveries, messages, notes,
    timeline,
};
