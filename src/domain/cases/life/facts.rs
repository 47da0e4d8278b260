//! What can happen to a case, as it is written into the timeline.
//!
//! A fact carries codes, ids and digests, never the words of a citizen: those stay in their own rows, so
//! that they can be erased later while the chain of events remains whole (requirement tag S2.2vii).

use serde::{Deserialize, Serialize};

use super::{AppealCause, AppealResult, Closing, Consequence, HopRole, Proposal, Relation, Status};
use crate::db::types::{
    AnswerId, AppealId, AttachmentId, CallbackId, CaseId, CitizenId, CitizenMergeId, ClosureId,
    ContactPlanId, CorrectionId, CorrectionRequestId, ExtensionRequestId, HoldId, IdentityRequestId,
    InterimDemandId, MessageId, NoteId, ObjectionId, OfficeId, PhoneCallId, PhoneCallbackId, ProblemId,
    QuestionId, RatingId, RecommendationId, ReferralId, Time, TombstoneId, UserId, WarningId,
};
use crate::domain::history::Class;
use crate::domain::keys::Keys;
use crate::text_enum;

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

text_enum! {
    /// Which of a case's times a closure moves.
    pub enum Clock {
        /// What the citizen was promised.
        Promise = "promise",
        Referral = "referral",
        /// The desk that classifies and refers.
        Desk = "desk",
        /// The citizen's time to reply to a question.
        Waiting = "waiting",
        /// The citizen's window after an answer, and after the closing.
        Window = "window", Remedy = "remedy",
        /// The citizen's time to consent to a second extension.
        Consent = "consent",
        /// The interim answer that the outer limit demands.
        Interim = "interim",
    }
}

impl Clock {
    /// Whether it is an office that works against it.
    pub fn is_of_office(self) -> bool {
        match self {
            Clock::Referral | Clock::Desk | Clock::Interim => true,
            Clock::Promise | Clock::Waiting | Clock::Window | Clock::Remedy | Clock::Consent => false,
        }
    }
}

/// A due time that a closure moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockMove {
    pub clock: Clock,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral: Option<ReferralId>,
    pub office: OfficeId,
    pub due_before: Time,
    pub due_at: Time,
}

text_enum! {
    /// How a contact plan went on.
    pub enum PlanStep {
        Set = "set", ReviewAsked = "review_asked", Stands = "stands", Lifted = "lifted", Expired = "expired",
    }
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
        /// Its subject, where it was known at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// Until when an answer was promised.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Time>,
        /// Keyed digest of case and citizen (see [`citizen_digest`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        citizen_digest: Option<String>,
    },
    CaseClassified {
        kind: String,
        category: String,
        priority: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
        /// The promise afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Time>,
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
        /// The times that run again, the promise among them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        moves: Vec<ClockMove>,
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
    /// The office asks the citizen for a second extension.
    ConsentAsked {
        request: ExtensionRequestId,
        referral: ReferralId,
        days: u16,
        reason: String,
        until: Time,
    },
    ConsentAnswered {
        request: ExtensionRequestId,
        referral: ReferralId,
        accepted: bool,
        /// `citizen`, `representative`, or `nobody` where the time to answer passed.
        who: String,
        how: String,
    },
    /// The outer limit passed without a final answer: an interim one is due.
    OuterLimitPassed {
        demand: InterimDemandId,
        #[serde(skip_serializing_if = "Option::is_none")]
        referral: Option<ReferralId>,
        office: OfficeId,
        cause: String,
        due_at: Time,
    },
    /// Nobody gave an interim answer: the service itself told the citizen how it stands.
    InterimSent {
        demand: InterimDemandId,
        office: OfficeId,
        expected_at: Time,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    ProgressNoticed {
        office: OfficeId,
        number: u32,
        expected_at: Time,
    },
    /// A superior issued a warning, or set it aside.
    WarningDecided {
        warning: WarningId,
        issued: bool,
        office: OfficeId,
        by: OfficeId,
    },
    /// A closure was declared or withdrawn late.
    DeadlinesMoved {
        closure: ClosureId,
        withdrawn: bool,
        moves: Vec<ClockMove>,
        /// Referrals that were marked late and are so no more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lifted: Vec<ReferralId>,
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
    /// A supervisor judged the case to be the repeat of these, which were answered and notified.
    RepeatJudged {
        of: Vec<CaseId>,
        reason: String,
        by: UserId,
    },
    /// Registered although the citizen had filed as often as the day's cap allows.
    CapOverridden {
        filed: u32,
        cap: u32,
        reason: String,
    },
    /// The citizen's contact plan took a step, of which the citizen is told on this case.
    ContactPlanNoticed {
        plan: ContactPlanId,
        step: PlanStep,
    },
    CaseReopened {
        reason: String,
        status: Status,
        office: OfficeId,
        hop: Option<NewHop>,
        /// The promise afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Time>,
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
    /// Who or what the complaint is about was said anew.
    ComplainedOfNamed {
        office: Option<OfficeId>,
        user: Option<UserId>,
        /// Keyed digest of a name that belongs to no account.
        person_digest: Option<String>,
        reason: String,
    },
    /// The case was taken out of the hands of those who must have no part in it.
    ConflictCleared {
        /// Where it rests while no referral works on it.
        office: OfficeId,
        /// Referrals that ended, each with all below it.
        ended: Vec<ReferralId>,
        /// Referrals that another person must take up.
        freed: Vec<ReferralId>,
        /// The new referral of an appeal.
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
    /// The case follows another from now on, which answers for both.
    CaseMerged {
        into: CaseId,
        relation: Relation,
        reason: String,
    },
    /// The case goes its own way again, from where it stood.
    CaseUnmerged {
        from: CaseId,
        reason: String,
    },
    /// The answer of the case that this one follows was given to its citizen as well.
    AnswerShared {
        parent: CaseId,
        /// This case's own copy of the answer.
        answer: AnswerId,
        outcome: Option<String>,
        author: UserId,
        approved_by: Option<UserId>,
        text_sha256: String,
        hop: NewHop,
    },
    /// The case was made as a part of a letter that was split.
    PartMade {
        of: CaseId,
    },
    CaseSplit {
        parts: usize,
        reason: String,
        /// Where the letter stood before.
        from: Status,
        /// The lead that merges the answers, where the letter had none.
        #[serde(skip_serializing_if = "Option::is_none")]
        hop: Option<NewHop>,
    },
    SplitUndone {
        reason: String,
        /// The lead that the split had brought, taken back.
        recalled: Option<ReferralId>,
        status: Status,
        holder: OfficeId,
    },
    /// Another case follows this one, or is a part of it.
    CaseJoined {
        case: CaseId,
        relation: Relation,
    },
    CaseLeft {
        case: CaseId,
        relation: Relation,
    },
    PartClosed {
        part: CaseId,
        outcome: Option<String>,
    },
    PartReopened {
        part: CaseId,
    },
    GroupCounted {
        persons: u32,
        households: u32,
        is_mass: bool,
    },
    ClosingProposed {
        closing: Closing,
    },
    /// The window of a mass case has passed: two persons may close it.
    ClosingDue,
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
    /// The case was registered or spoken of in this telephone call; waited before the answer, so long as it lasted by then.
    CallLinked {
        call: PhoneCallId,
        #[serde(skip_serializing_if = "Option::is_none")]
        queue: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        waited_seconds: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        length_seconds: Option<i32>,
    },
    /// The citizen was promised a call, or the promise was settled (`promised`, `done`, `not_reached`, `given_up`).
    RingBackMoved {
        callback: PhoneCallbackId,
        state: String,
        tries: i32,
        #[serde(skip_serializing_if = "Option::is_none")]
        due_at: Option<Time>,
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
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text_sha256: Option<String>,
    },
    FileAttached {
        attachment: AttachmentId,
        sha256: String,
    },
    /// Malware was found in a file; nobody opens it any more.
    FileInfected {
        attachment: AttachmentId,
        /// The name of the malware.
        signature: String,
    },
    /// A file of a sealed case may be opened by those who read the extract, or no longer.
    FileReleased {
        attachment: AttachmentId,
    },
    FileHidden {
        attachment: AttachmentId,
    },
    CaseSealed {
        reason: String,
    },
    CaseUnsealed {
        reason: String,
    },
    ExtractProposed {
        text_sha256: String,
    },
    ExtractConfirmed {
        text_sha256: String,
    },
    IdentityAsked {
        request: IdentityRequestId,
    },
    IdentityReleased {
        request: IdentityRequestId,
        to: UserId,
        /// The office for which it is read.
        office: OfficeId,
        by: UserId,
        until: Time,
    },
    IdentityRefused {
        request: IdentityRequestId,
        by: UserId,
    },
    IdentityRevoked {
        request: IdentityRequestId,
        by: UserId,
    },
    /// Something of the case was erased; the tombstone says what, and under which rule or decision.
    CaseErased {
        tombstone: TombstoneId,
        classes: Vec<Class>,
        sha256: String,
    },
    HoldPlaced {
        hold: HoldId,
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
    },
    HoldLifted {
        hold: HoldId,
    },
    /// The record of the case's citizen was corrected.
    CitizenCorrected {
        correction: CorrectionId,
        field: String,
    },
    /// The citizen asked that the own record be corrected, and staff decided.
    CorrectionAsked {
        request: CorrectionRequestId,
        field: String,
    },
    CorrectionDecided {
        request: CorrectionRequestId,
        accepted: bool,
    },
    /// The case went over to the record that stands for its citizen, or back.
    CitizenMerged {
        merge: CitizenMergeId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        citizen_digest: Option<String>,
    },
    CitizenUnmerged {
        merge: CitizenMergeId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        citizen_digest: Option<String>,
    },
}

/// What an event holds of whose case it is: a digest under the root key, so that the link can be proved by whoever
/// runs the service and tells nobody else anything, not even that two cases are of the same citizen.
pub fn citizen_digest(keys: &Keys, case: CaseId, citizen: CitizenId) -> String {
    keys.digest("citizen-link", &[&case.to_string(), &citizen.to_string()])
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
            Fact::DeadlinesMoved { .. } => "deadlines_moved",
            Fact::ConsentAsked { .. } => "consent_asked",
            Fact::ConsentAnswered { .. } => "consent_answered",
            Fact::OuterLimitPassed { .. } => "outer_limit_passed",
            Fact::InterimSent { .. } => "interim_sent",
            Fact::ProgressNoticed { .. } => "progress_noticed",
            Fact::WarningDecided { .. } => "warning_decided",
            Fact::AnswerSubmitted { .. } => "answer_submitted",
            Fact::AnswerApproved { .. } => "answer_approved",
            Fact::AnswerRejected { .. } => "answer_rejected",
            Fact::DismissalProposed { .. } => "dismissal_proposed",
            Fact::CaseClosed { .. } => "case_closed",
            Fact::RepeatJudged { .. } => "repeat_judged",
            Fact::CapOverridden { .. } => "cap_overridden",
            Fact::ContactPlanNoticed { .. } => "contact_plan_noticed",
            Fact::CaseReopened { .. } => "case_reopened",
            Fact::ObjectionRaised { .. } => "objection_raised",
            Fact::AppealRaised { .. } => "appeal_raised",
            Fact::AppealDecided { .. } => "appeal_decided",
            Fact::ComplainedOfNamed { .. } => "complained_of_named",
            Fact::ConflictCleared { .. } => "conflict_cleared",
            Fact::CaseRated { .. } => "case_rated",
            Fact::CaseMerged { .. } => "case_merged",
            Fact::CaseUnmerged { .. } => "case_unmerged",
            Fact::AnswerShared { .. } => "answer_shared",
            Fact::PartMade { .. } => "part_made",
            Fact::CaseSplit { .. } => "case_split",
            Fact::SplitUndone { .. } => "split_undone",
            Fact::CaseJoined { .. } => "case_joined",
            Fact::CaseLeft { .. } => "case_left",
            Fact::PartClosed { .. } => "part_closed",
            Fact::PartReopened { .. } => "part_reopened",
            Fact::GroupCounted { .. } => "group_counted",
            Fact::ClosingProposed { .. } => "closing_proposed",
            Fact::ClosingDue => "closing_due",
            Fact::ProblemLinked { .. } => "problem_linked",
            Fact::ProblemUnlinked { .. } => "problem_unlinked",
            Fact::ProblemSettled { .. } => "problem_settled",
            Fact::CauseRecorded { .. } => "cause_recorded",
            Fact::RecommendationMade { .. } => "recommendation_made",
            Fact::RecommendationMoved { .. } => "recommendation_moved",
            Fact::CitizenCalledBack { .. } => "citizen_called_back",
            Fact::CallLinked { .. } => "call_linked",
            Fact::RingBackMoved { .. } => "ring_back_moved",
            Fact::FalseClosureFound { .. } => "false_closure_found",
            Fact::MessageReceived { .. } => "message_received",
            Fact::NoteAdded { .. } => "note_added",
            Fact::FileAttached { .. } => "file_attached",
            Fact::FileInfected { .. } => "file_infected",
            Fact::FileReleased { .. } => "file_released",
            Fact::FileHidden { .. } => "file_hidden",
            Fact::CaseSealed { .. } => "case_sealed",
            Fact::CaseUnsealed { .. } => "case_unsealed",
            Fact::ExtractProposed { .. } => "extract_proposed",
            Fact::ExtractConfirmed { .. } => "extract_confirmed",
            Fact::IdentityAsked { .. } => "identity_asked",
            Fact::IdentityReleased { .. } => "identity_released",
            Fact::IdentityRefused { .. } => "identity_refused",
            Fact::IdentityRevoked { .. } => "identity_revoked",
            Fact::CaseErased { .. } => "case_erased",
            Fact::HoldPlaced { .. } => "hold_placed",
            Fact::HoldLifted { .. } => "hold_lifted",
            Fact::CitizenCorrected { .. } => "citizen_corrected",
            Fact::CorrectionAsked { .. } => "correction_asked",
            Fact::CorrectionDecided { .. } => "correction_decided",
            Fact::CitizenMerged { .. } => "citizen_merged",
            Fact::CitizenUnmerged { .. } => "citizen_unmerged",
        }
    }

    /// The person whose hand was in the work: who holds, answers, approves or decides by this fact. Nobody of
    /// these decides on an appeal (requirement tag S2.2iv).
    pub fn hand(&self) -> Option<UserId> {
        match self {
            Fact::ReferralAccepted { user, .. } | Fact::ReferralAssigned { user, .. } => Some(*user),
            Fact::AnswerSubmitted { author, .. } | Fact::AnswerShared { author, .. } => Some(*author),
            Fact::ClosingProposed { closing } => Some(closing.by),
            Fact::AnswerApproved { by, .. }
            | Fact::AnswerRejected { by, .. }
            | Fact::FalseClosureFound { by, .. }
            | Fact::AppealDecided { by, .. }
            | Fact::RepeatJudged { by, .. } => Some(*by),
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
            | Fact::ProblemLinked { .. }
            | Fact::ProblemUnlinked { .. }
            | Fact::ProblemSettled { .. }
            | Fact::CauseRecorded { .. }
            | Fact::RecommendationMade { .. }
            | Fact::RecommendationMoved { .. }
            | Fact::CitizenCalledBack { .. }
            | Fact::CallLinked { .. }
            | Fact::RingBackMoved { .. }
            | Fact::DeadlinePassed { .. }
            | Fact::DeadlinesMoved { .. }
            | Fact::ConsentAsked { .. }
            | Fact::ConsentAnswered { .. }
            | Fact::OuterLimitPassed { .. }
            | Fact::InterimSent { .. }
            | Fact::ProgressNoticed { .. }
            | Fact::WarningDecided { .. }
            | Fact::CaseClosed { .. }
            | Fact::CapOverridden { .. }
            | Fact::ContactPlanNoticed { .. }
            | Fact::CaseReopened { .. }
            | Fact::ObjectionRaised { .. }
            | Fact::AppealRaised { .. }
            | Fact::ComplainedOfNamed { .. }
            | Fact::ConflictCleared { .. }
            | Fact::CaseRated { .. }
            | Fact::CaseMerged { .. }
            | Fact::CaseUnmerged { .. }
            | Fact::PartMade { .. }
            | Fact::CaseSplit { .. }
            | Fact::SplitUndone { .. }
            | Fact::CaseJoined { .. }
            | Fact::CaseLeft { .. }
            | Fact::PartClosed { .. }
            | Fact::PartReopened { .. }
            | Fact::GroupCounted { .. }
            | Fact::ClosingDue
            | Fact::MessageReceived { .. }
            | Fact::NoteAdded { .. }
            | Fact::FileAttached { .. }
            | Fact::FileInfected { .. }
            | Fact::CaseErased { .. }
            | Fact::HoldPlaced { .. }
            | Fact::HoldLifted { .. }
            | Fact::CitizenCorrected { .. }
            | Fact::CorrectionAsked { .. }
            | Fact::CorrectionDecided { .. }
            | Fact::CitizenMerged { .. }
            | Fact::CitizenUnmerged { .. }
            | Fact::FileReleased { .. }
            | Fact::FileHidden { .. }
            | Fact::CaseSealed { .. }
            | Fact::CaseUnsealed { .. }
            | Fact::ExtractProposed { .. }
            | Fact::ExtractConfirmed { .. }
            | Fact::IdentityAsked { .. }
            | Fact::IdentityReleased { .. }
            | Fact::IdentityRefused { .. }
            | Fact::IdentityRevoked { .. } => None,
        }
    }

    /// The same fact without the words that somebody wrote into it; none where it has none. What it does to the
    /// state of the case stays.
    pub fn without_words(&self) -> Option<Self> {
        let mut bare = self.clone();
        match &mut bare {
            Fact::ReferralTransferred { reason, .. }
            | Fact::RulingAsked { reason, .. }
            | Fact::ReferralRecalled { reason, .. }
            | Fact::DeadlineExtended { reason, .. }
            | Fact::ConsentAsked { reason, .. }
            | Fact::ComplainedOfNamed { reason, .. }
            | Fact::CaseMerged { reason, .. }
            | Fact::CaseUnmerged { reason, .. }
            | Fact::CaseSplit { reason, .. }
            | Fact::SplitUndone { reason, .. }
            | Fact::CaseSealed { reason, .. }
            | Fact::CaseUnsealed { reason, .. }
            | Fact::RepeatJudged { reason, .. }
            | Fact::CapOverridden { reason, .. }
            | Fact::CaseReopened { reason, .. } => reason.clear(),
            Fact::ConsentAnswered { who, how, .. } => {
                who.clear();
                how.clear();
            }
            Fact::InterimSent { reason, .. } => *reason = None,
            Fact::DismissalProposed { proposal } => proposal.signpost.clear(),
            Fact::CaseRegistered { .. }
            | Fact::CaseClassified { .. }
            | Fact::CaseReferred { .. }
            | Fact::ReferralAccepted { .. }
            | Fact::ReferralAssigned { .. }
            | Fact::ReferralReturned { .. }
            | Fact::CitizenAsked { .. }
            | Fact::CitizenReplied { .. }
            | Fact::DeadlinePassed { .. }
            | Fact::AnswerSubmitted { .. }
            | Fact::AnswerApproved { .. }
            | Fact::AnswerRejected { .. }
            | Fact::CaseClosed { .. }
            | Fact::ContactPlanNoticed { .. }
            | Fact::ObjectionRaised { .. }
            | Fact::AppealRaised { .. }
            | Fact::AppealDecided { .. }
            | Fact::CaseRated { .. }
            | Fact::ProblemLinked { .. }
            | Fact::ProblemUnlinked { .. }
            | Fact::ProblemSettled { .. }
            | Fact::CauseRecorded { .. }
            | Fact::RecommendationMade { .. }
            | Fact::RecommendationMoved { .. }
            | Fact::CitizenCalledBack { .. }
            | Fact::CallLinked { .. }
            | Fact::RingBackMoved { .. }
            | Fact::FalseClosureFound { .. }
            | Fact::MessageReceived { .. }
            | Fact::NoteAdded { .. }
            | Fact::FileAttached { .. }
            | Fact::FileInfected { .. }
            | Fact::OuterLimitPassed { .. }
            | Fact::ProgressNoticed { .. }
            | Fact::WarningDecided { .. }
            | Fact::DeadlinesMoved { .. }
            | Fact::ConflictCleared { .. }
            | Fact::AnswerShared { .. }
            | Fact::PartMade { .. }
            | Fact::CaseJoined { .. }
            | Fact::CaseLeft { .. }
            | Fact::PartClosed { .. }
            | Fact::PartReopened { .. }
            | Fact::GroupCounted { .. }
            | Fact::ClosingProposed { .. }
            | Fact::ClosingDue
            | Fact::FileReleased { .. }
            | Fact::FileHidden { .. }
            | Fact::ExtractProposed { .. }
            | Fact::ExtractConfirmed { .. }
            | Fact::IdentityAsked { .. }
            | Fact::IdentityReleased { .. }
            | Fact::IdentityRefused { .. }
            | Fact::IdentityRevoked { .. }
            | Fact::CaseErased { .. }
            | Fact::HoldPlaced { .. }
            | Fact::HoldLifted { .. }
            | Fact::CitizenCorrected { .. }
            | Fact::CorrectionAsked { .. }
            | Fact::CorrectionDecided { .. }
            | Fact::CitizenMerged { .. }
            | Fact::CitizenUnmerged { .. } => return None,
        }
        Some(bare)
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
                    | Fact::ConsentAsked { .. }
                    | Fact::CaseClosed { .. }
            )
    }
}
