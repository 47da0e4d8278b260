//! What can happen to a case, as it is written into the timeline.
//!
//! A fact carries codes, ids and digests, never the words of a citizen: those stay in their own rows, so
//! that they can be erased later while the chain of events remains whole (requirement tag S2.2vii).

use serde::{Deserialize, Serialize};

use super::{AppealCause, AppealResult, Consequence, HopRole, Proposal, Status};
use crate::db::types::{
    AnswerId, AppealId, AttachmentId, CallbackId, MessageId, NoteId, ObjectionId, OfficeId, ProblemId,
    QuestionId, RatingId, RecommendationId, ReferralId, Time, UserId,
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
    ObjectionRaised {
        objection: ObjectionId,
        channel: String,
        text_sha256: String,
        hop: NewHop,
    },
    AppealRaised {
        appeal: AppealId,
        cause: AppealCause,
        channel: String,
        text_sha256: String,
        hop: NewHop,
    },
    AppealDecided {
        appeal: AppealId,
        referral: ReferralId,
        result: AppealResult,
        consequence: Consequence,
        grounds_sha256: String,
        by: UserId,
        /// What the case closes with, unless an answer is ordered.
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome: Option<String>,
        /// The order to answer again.
        #[serde(skip_serializing_if = "Option::is_none")]
        hop: Option<NewHop>,
    },
    CaseRated {
        rating: RatingId,
        score: u8,
        channel: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        previous: Option<u8>,
    },
    /// The case points to a problem from now on.
    ProblemLinked {
        problem: ProblemId,
    },
    ProblemUnlinked {
        problem: ProblemId,
    },
    /// The problem of the case was settled: solved, or found not to be solvable.
    ProblemSettled {
        problem: ProblemId,
        round: i32,
        is_solved: bool,
    },
    /// Why the case came about, as its closing found.
    CauseRecorded {
        cause: String,
        office: OfficeId,
    },
    RecommendationMade {
        recommendation: RecommendationId,
        office: OfficeId,
        text_sha256: String,
    },
    /// A step of a recommendation, or a point of its deadline (`percent`).
    RecommendationMoved {
        recommendation: RecommendationId,
        state: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        percent: Option<u16>,
    },
    /// The citizen was rung up after the closing; the words stay in the row of the call.
    CitizenCalledBack {
        callback: CallbackId,
        claim: String,
        score: i32,
    },
    /// The closing was false: what it told was not so. The case is reopened in the same act.
    FalseClosureFound {
        callback: CallbackId,
        office: OfficeId,
        by: UserId,
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
            Fact::ObjectionRaised { .. } => "objection_raised",
            Fact::AppealRaised { .. } => "appeal_raised",
            Fact::AppealDecided { .. } => "appeal_decided",
            Fact::CaseRated { .. } => "case_rated",
            Fact::ProblemLinked { .. } => "problem_linked",
            Fact::ProblemUnlinked { .. } => "problem_unlinked",
            Fact::ProblemSettled { .. } => "problem_settled",
            Fact::CauseRecorded { .. } => "cause_recorded",
            Fact::RecommendationMade { .. } => "recommendation_made",
            Fact::RecommendationMoved { .. } => "recommendation_moved",
            Fact::CitizenCalledBack { .. } => "citizen_called_back",
            Fact::FalseClosureFound { .. } => "false_closure_found",
            Fact::MessageReceived { .. } => "message_received",
            Fact::NoteAdded { .. } => "note_added",
            Fact::FileAttached { .. } => "file_attached",
        }
    }

    /// The person whose hand was in the work: who holds, answers, approves or decides by this fact. Nobody of
    /// these decides on an appeal (requirement tag S2.2iv).
    pub fn hand(&self) -> Option<UserId> {
        match self {
            Fact::ReferralAccepted { user, .. } | Fact::ReferralAssigned { user, .. } => Some(*user),
            Fact::AnswerSubmitted { author, .. } => Some(*author),
            Fact::AnswerApproved { by, .. }
            | Fact::AnswerRejected { by, .. }
            | Fact::AppealDecided { by, .. } => Some(*by),
            Fact::DismissalProposed { proposal } => Some(proposal.by),
            Fact::CaseRegistered { .. }
            | Fact::CaseClassified { .. }
            | Fact::CaseReferred { .. }
            | Fact::ReferralReturned { .. }
            | Fact::ReferralTransferred { .. }
            | Fact::RulingAsked { .. }
            | Fact::ReferralRecalled { .. }
            | Fact::CitizenAsked { .. }
            | Fact::CitizenReplied { .. }
            | Fact::DeadlineExtended { .. }
            | Fact::DeadlinePassed { .. }
            | Fact::CaseClosed { .. }
            | Fact::CaseReopened { .. }
            | Fact::ObjectionRaised { .. }
            | Fact::AppealRaised { .. }
            | Fact::CaseRated { .. }
            | Fact::ProblemLinked { .. }
            | Fact::ProblemUnlinked { .. }
            | Fact::ProblemSettled { .. }
            | Fact::CauseRecorded { .. }
            | Fact::RecommendationMade { .. }
            | Fact::RecommendationMoved { .. }
            | Fact::CitizenCalledBack { .. }
            | Fact::FalseClosureFound { .. }
            | Fact::MessageReceived { .. }
            | Fact::NoteAdded { .. }
            | Fact::FileAttached { .. } => None,
        }
    }

    /// Whether whoever does this thereby works on the matter itself, even where the fact names no person.
    pub fn is_handling(&self) -> bool {
        self.hand().is_some()
            || matches!(
                self,
                Fact::ReferralReturned { .. }
                    | Fact::ReferralTransferred { .. }
                    | Fact::CitizenAsked { .. }
                    | Fact::DeadlineExtended { .. }
                    | Fact::CaseClosed { .. }
            )
    }
}
