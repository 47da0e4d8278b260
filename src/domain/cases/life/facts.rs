//! What can happen to a case, as it is written into the timeline.
//!
//! A fact carries codes, ids and digests, never the words of a citizen: those stay in their own rows, so
//! that they can be erased later while the chain of events remains whole (requirement tag S2.2vii).

use serde::{Deserialize, Serialize};

use super::{HopRole, Proposal, Status};
use crate::db::types::{
    AnswerId, AttachmentId, MessageId, NoteId, OfficeId, QuestionId, ReferralId, Time, UserId,
};

/// A referral as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewHop {
    pub referral: ReferralId,
    pub parent: Option<ReferralId>,
    pub from: OfficeId,
    pub office: OfficeId,
    pub role: HopRole,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Time>,
}

/// One event of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Fact {
    CaseRegistered {
        /// So that the history says which case it is of, to whoever holds the code.
        tracking_code: String,
        office: OfficeId,
        kind: String,
        channel: String,
        text_sha256: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        downgraded_from: Option<String>,
    },
    CaseClassified {
        kind: String,
        category: String,
        priority: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
    },
    CaseReferred {
        hops: Vec<NewHop>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    ReferralAccepted {
        referral: ReferralId,
        user: UserId,
    },
    ReferralAssigned {
        referral: ReferralId,
        user: UserId,
    },
    ReferralReturned {
        referral: ReferralId,
        reason: String,
        suggested: Option<OfficeId>,
    },
    ReferralTransferred {
        referral: ReferralId,
        reason: String,
        to: NewHop,
    },
    /// The transfers of a life are used up: the centre rules.
    RulingAsked {
        referral: ReferralId,
        reason: String,
        suggested: OfficeId,
        centre: OfficeId,
    },
    ReferralRecalled {
        referral: ReferralId,
        reason: String,
    },
    CitizenAsked {
        question: QuestionId,
        referral: Option<ReferralId>,
        level: String,
        wait_until: Time,
    },
    CitizenReplied {
        question: Option<QuestionId>,
        message: MessageId,
    },
    DeadlineExtended {
        referral: ReferralId,
        due_before: Option<Time>,
        due_at: Time,
        reason: String,
        with_consent: bool,
    },
    DeadlinePassed {
        referral: Option<ReferralId>,
        percent: u16,
    },
    AnswerSubmitted {
        answer: AnswerId,
        referral: ReferralId,
        author: UserId,
        is_interim: bool,
        text_sha256: String,
    },
    AnswerApproved {
        answer: AnswerId,
        referral: ReferralId,
        is_interim: bool,
        outcome: Option<String>,
        by: UserId,
    },
    AnswerRejected {
        answer: AnswerId,
        referral: ReferralId,
        by: UserId,
    },
    DismissalProposed {
        proposal: Proposal,
    },
    CaseClosed {
        outcome: String,
        reason: Option<String>,
        text_sha256: Option<String>,
    },
    CaseReopened {
        reason: String,
        status: Status,
        office: OfficeId,
        hop: Option<NewHop>,
    },
    MessageReceived {
        message: MessageId,
        channel: String,
    },
    NoteAdded {
        note: NoteId,
    },
    FileAttached {
        attachment: AttachmentId,
        sha256: String,
    },
}

impl Fact {
    /// The event's name, as the timeline shows it.
    pub fn name(&self) -> &'static str {
        match self {
            Fact::CaseRegistered { .. } => "case_registered",
            Fact::CaseClassified { .. } => "case_classified",
            Fact::CaseReferred { .. } => "case_referred",
            Fact::ReferralAccepted { .. } => "referral_accepted",
            Fact::ReferralAssigned { .. } => "referral_assigned",
            Fact::ReferralReturned { .. } => "referral_returned",
            Fact::ReferralTransferred { .. } => "referral_transferred",
            Fact::RulingAsked { .. } => "ruling_asked",
            Fact::ReferralRecalled { .. } => "referral_recalled",
            Fact::CitizenAsked { .. } => "citizen_asked",
            Fact::CitizenReplied { .. } => "citizen_replied",
            Fact::DeadlineExtended { .. } => "deadline_extended",
            Fact::DeadlinePassed { .. } => "deadline_passed",
            Fact::AnswerSubmitted { .. } => "answer_submitted",
            Fact::AnswerApproved { .. } => "answer_approved",
            Fact::AnswerRejected { .. } => "answer_rejected",
            Fact::DismissalProposed { .. } => "dismissal_proposed",
            Fact::CaseClosed { .. } => "case_closed",
            Fact::CaseReopened { .. } => "case_reopened",
            Fact::MessageReceived { .. } => "message_received",
            Fact::NoteAdded { .. } => "note_added",
            Fact::FileAttached { .. } => "file_attached",
        }
    }
}
