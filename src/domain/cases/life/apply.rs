//! Lays a fact on the state. Facts were judged before; here nothing is refused.

use super::{Consent, Fact, Hop, HopRole, HopState, Life, NewHop, Pending, Relation, Status};
use crate::db::types::ReferralId;

impl Life {
    /// The state after `fact`.
    pub fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::CaseRegistered { office, .. } => *self = Life::registered(*office),
            Fact::CaseClassified { .. } => {
                if self.status == Status::Registered {
                    self.status = Status::Classified;
                }
            }
            Fact::CaseReferred { hops, .. } => {
                self.dismissal = None;
                hops.iter().for_each(|hop| self.send(hop));
            }
            Fact::ReferralAccepted { referral, user } => self.take_up(*referral, *user, false),
            Fact::ReferralAssigned { referral, user } => self.take_up(*referral, *user, true),
            Fact::ReferralReturned { referral, .. } => self.give_up(*referral, HopState::Returned),
            Fact::ReferralRecalled { referral, .. } => self.give_up(*referral, HopState::Recalled),
            Fact::ReferralTransferred { referral, to, .. } => {
                self.transfers += 1;
                self.end(*referral, HopState::Transferred);
                self.send(to);
            }
            Fact::RulingAsked { referral, centre, .. } => self.hand_to_centre(*referral, *centre),
            Fact::CitizenAsked { level, .. } => {
                self.asked.insert(level.clone());
                self.resume = Some(self.status);
                self.status = Status::AwaitingCitizen;
            }
            Fact::CitizenReplied { .. } => {
                if let Some(status) = self.resume.take() {
                    self.status = status;
                }
            }
            Fact::DeadlineExtended { referral, .. } => {
                self.change(*referral, |hop| hop.extensions += 1);
            }
            Fact::ConsentAsked { request, referral, .. } => {
                self.change(*referral, |hop| hop.consent = Some(Consent::Asked(*request)));
            }
            Fact::ConsentAnswered { referral, accepted, .. } => {
                let answer = if *accepted { Consent::Given } else { Consent::Refused };
                self.change(*referral, |hop| hop.consent = Some(answer));
            }
            Fact::AnswerSubmitted { answer, referral, author, is_interim, .. } => {
                let pending = Pending { answer: *answer, author: *author, is_interim: *is_interim };
                self.change(*referral, |hop| {
                    hop.pending = Some(pending);
                    hop.state = HopState::Accepted;
                    hop.user = hop.user.or(Some(*author));
                });
            }
            Fact::AnswerApproved { referral, is_interim, outcome, .. } => {
                self.take_effect(*referral, *is_interim, outcome.as_deref());
            }
            Fact::AnswerRejected { referral, .. } => self.change(*referral, |hop| hop.pending = None),
            Fact::DismissalProposed { proposal } => self.dismissal = Some(proposal.clone()),
            Fact::CaseClosed { outcome, .. } => self.close(outcome),
            Fact::CaseReopened { status, office, hop, .. } => {
                self.reopenings += 1;
                self.status = *status;
                self.holder = *office;
                self.holder_user = None;
                self.outcome = None;
                self.asked.clear();
                self.lead = None;
                self.rating = None;
                self.alone();
                hop.iter().for_each(|hop| self.send(hop));
            }
            Fact::ObjectionRaised { hop, .. } => {
                self.objections += 1;
                self.begin_round(hop);
            }
            Fact::AppealRaised { hop, .. } => self.begin_round(hop),
            Fact::AppealDecided { referral, outcome, by, hop, .. } => {
                self.change(*referral, |hop| {
                    hop.state = HopState::Answered;
                    hop.user = Some(*by);
                });
                match hop {
                    Some(order) => self.begin_round(order),
                    None => self.close(outcome.as_deref().unwrap_or_default()),
                }
            }
            Fact::ConflictCleared { office, ended, freed, hop } => {
                self.clear(*office, ended, freed, hop.as_ref());
            }
            Fact::CaseRated { score, .. } => self.rating = Some(*score),
            Fact::CaseMerged { into, relation, .. } => self.follow(*into, *relation),
            Fact::CaseUnmerged { .. } => self.go_alone(),
            Fact::AnswerShared { outcome, hop, .. } => self.share(outcome.as_deref(), hop),
            Fact::PartMade { of } => self.follows = Some((*of, Relation::Part)),
            Fact::CaseSplit { hop, .. } => hop.iter().for_each(|hop| self.send(hop)),
            Fact::SplitUndone { recalled, status, holder, .. } => {
                if let Some(referral) = recalled {
                    self.end(*referral, HopState::Recalled);
                    self.unassign(*holder);
                    self.status = *status;
                }
            }
            Fact::CaseJoined { case, relation } => self.join(*case, *relation),
            Fact::CaseLeft { case, relation } => self.leave(*case, *relation),
            Fact::PartClosed { part, .. } => self.leave(*part, Relation::Part),
            Fact::PartReopened { part } => self.join(*part, Relation::Part),
            Fact::GroupCounted { is_mass, .. } => self.family.is_mass = *is_mass,
            Fact::ClosingProposed { closing } => self.family.closing = Some(closing.clone()),
            Fact::DeadlinePassed { .. }
            | Fact::ComplainedOfNamed { .. }
            | Fact::ClosingDue
            | Fact::DeadlinesMoved { .. }
            | Fact::OuterLimitPassed { .. }
            | Fact::InterimSent { .. }
            | Fact::ProgressNoticed { .. }
            | Fact::WarningDecided { .. }
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
            | Fact::RepeatJudged { .. }
            | Fact::CapOverridden { .. }
            | Fact::ContactPlanNoticed { .. }
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
            | Fact::IdentityRevoked { .. } => {}
        }
        self.settle_holder();
    }

    pub(super) fn change(&mut self, referral: ReferralId, change: impl FnOnce(&mut Hop)) {
        if let Some(hop) = self.hops.get_mut(&referral) {
            change(hop);
        }
    }

    pub(super) fn send(&mut self, new: &NewHop) {
        let hop = Hop {
            parent: new.parent,
            from: new.from,
            office: new.office,
            role: new.role,
            state: HopState::Sent,
            user: None,
            extensions: 0,
            consent: None,
            pending: None,
        };
        self.hops.insert(new.referral, hop);
        if new.parent.is_none() {
            match new.role {
                HopRole::Lead => {
                    self.lead = Some(new.referral);
                    self.status = Status::Referred;
                    self.outcome = None;
                    self.family.closing = None;
                }
                // the answer stands until the appeal is decided
                HopRole::Appeal => {
                    self.lead = Some(new.referral);
                    self.status = Status::Referred;
                }
                HopRole::Helper | HopRole::Copy => {}
            }
        }
    }

    /// The citizen is not content: whatever was open ends, and a new referral takes its place.
    fn begin_round(&mut self, new: &NewHop) {
        if self.status == Status::Closed {
            self.reopenings += 1;
        }
        self.hops.values_mut().for_each(Hop::end);
        self.rating = None;
        self.asked.clear();
        self.alone();
        self.send(new);
    }

    /// Whoever objects, appeals or withdraws goes on alone; a part stays a part.
    fn alone(&mut self) {
        self.aside = None;
        if !matches!(self.follows, Some((_, Relation::Part))) {
            self.follows = None;
        }
    }

    /// The answer of the case that this one follows, as if its body had answered here.
    fn share(&mut self, outcome: Option<&str>, new: &NewHop) {
        let is_again = self.status == Status::Closed && self.aside.is_none();
        self.reopenings += u32::from(is_again);
        self.aside = None;
        self.rating = None;
        self.hops.values_mut().for_each(Hop::end);
        self.send(new);
        self.take_effect(new.referral, false, outcome);
    }

    fn take_up(&mut self, referral: ReferralId, user: crate::db::types::UserId, is_assigned: bool) {
        self.change(referral, |hop| {
            hop.state = HopState::Accepted;
            hop.user = if is_assigned { Some(user) } else { hop.user.or(Some(user)) };
        });
    }

    /// Ends a referral and all that is open below it.
    pub(super) fn end(&mut self, referral: ReferralId, state: HopState) {
        for below in self.below(referral) {
            self.change(below, Hop::end);
        }
        self.change(referral, |hop| {
            hop.state = state;
            hop.pending = None;
        });
    }

    /// A lead that goes back up: to the referral above, or to whoever sent it first.
    fn give_up(&mut self, referral: ReferralId, state: HopState) {
        self.end(referral, state);
        let Some(hop) = self.hops.get(&referral) else { return };
        if hop.role == HopRole::Lead && hop.parent.is_none() && self.lead == Some(referral) {
            let from = hop.from;
            self.unassign(from);
        }
    }

    fn hand_to_centre(&mut self, referral: ReferralId, centre: crate::db::types::OfficeId) {
        self.transfers += 1;
        let is_lead = self.hops.get(&referral).is_some_and(|hop| hop.role == HopRole::Lead);
        if let Some(root) = self.lead.filter(|_| is_lead) {
            self.end(root, HopState::Ended);
            self.unassign(centre);
        }
        self.end(referral, HopState::Transferred);
    }

    fn unassign(&mut self, holder: crate::db::types::OfficeId) {
        self.lead = None;
        self.status = Status::Classified;
        self.holder = holder;
        self.holder_user = None;
    }

    fn take_effect(&mut self, referral: ReferralId, is_interim: bool, outcome: Option<&str>) {
        self.change(referral, |hop| {
            hop.pending = None;
            if !is_interim {
                hop.state = HopState::Answered;
            }
        });
        if is_interim || self.lead != Some(referral) {
            return;
        }
        self.status = Status::Answered;
        self.outcome = outcome.map(str::to_owned);
        // one merged answer: helpers beside the lead are no longer needed
        self.hops.values_mut().for_each(Hop::end);
        if let Some(hop) = self.hops.get(&referral) {
            self.holder = hop.office;
            self.holder_user = hop.user;
        }
    }

    fn close(&mut self, outcome: &str) {
        self.hops.values_mut().for_each(Hop::end);
        self.status = Status::Closed;
        self.resume = None;
        self.dismissal = None;
        self.outcome = Some(outcome.to_owned());
        self.family.closing = None;
        self.aside = None;
        if outcome == "withdrawn" {
            self.alone();
        }
    }

    /// While a lead works, its office and person hold the case.
    fn settle_holder(&mut self) {
        if let Some(hop) = self.working_lead().and_then(|id| self.hops.get(&id)) {
            self.holder = hop.office;
            self.holder_user = hop.user;
        }
    }
}

impl Hop {
    /// Ends an open referral with the case or with the one above it; an ended one stays as it is.
    pub(super) fn end(&mut self) {
        if self.state.is_open() {
            self.state = HopState::Ended;
            self.pending = None;
        }
    }
}
