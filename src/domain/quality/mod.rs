//! Quality: what is learnt from closed cases, and whether they were closed rightly (requirement tags P3.3, P3.4,
//! P5.7).
//!
//! - a closing names a cause and may recommend a change; recommendations are followed until they are done
//! - a random sample that anybody can draw again is called back with a scored checklist
//! - a closing that told what was not so comes back as a reopening, counted against its office

mod advice;
mod advice_view;
mod callback;
mod callback_view;
mod clock;
mod draw;
mod finding;
mod impartial;
mod interval;
mod lesson;
mod population;
mod recommend;
mod report;
mod report_rows;
mod sample;
mod score;

pub use advice::{Judge, Refuse, Report, accept, finish, refuse, verify};
pub use advice_view::{
    AdviceFilter, RecommendationView, find_view, inbox, inbox_count, list, recommendation_views,
};
pub use callback::{AnsweredItem, CallResult, allow_calls, record_call};
pub use callback_view::{
    CallAnswers, CallbackFilter, CallbackView, answers_of, callback_detail, callback_view, callbacks,
    case_of, wants_no_calls,
};
pub use clock::{fire, ringing};
pub use finding::{Ruling, confirm, reject};
pub use impartial::{clear, tainted};
pub use interval::{Mean, Share};
pub use lesson::{Effect, Lesson, announce, check, drop_draft, keep_draft, record_lesson, take_force};
pub use recommend::Recommend;
pub use report::{QualityReport, report};
pub use sample::{Draw, SampleRow, SampleView, draw_sample, samples};

use crate::text_enum;

text_enum! {
    /// Where a recommendation stands.
    pub enum AdviceState {
        /// Written beside an answer that is not approved yet.
        Draft = "draft",
        Sent = "sent", Accepted = "accepted",
        /// The office will not; the office above decides.
        Refused = "refused",
        /// The office says it is done; another office looks.
        Done = "done",
        Verified = "verified",
    }
}

text_enum! {
    /// Where a call-back stands.
    pub enum CallState {
        Open = "open", Reached = "reached",
        /// Tried as often as the rules ask, and nobody answered.
        NotReached = "not_reached",
        /// The citizen wants no call.
        Declined = "declined",
        /// The citizen was called, or is to be called, about this closing by an earlier sample.
        Covered = "covered",
    }
}

text_enum! {
    /// What the citizen says became of the matter.
    pub enum Claim {
        Resolved = "resolved", Partly = "partly", NotResolved = "not_resolved",
        NeverContacted = "never_contacted",
    }
}

text_enum! {
    /// Whether a closing was false.
    pub enum Finding { Suspected = "suspected", Confirmed = "confirmed", Rejected = "rejected" }
}
