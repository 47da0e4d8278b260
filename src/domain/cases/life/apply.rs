//! Lays a fact on the state. Facts were judged before; here nothing is refused.

use super::{Fact, Hop, HopRole, HopState, Life, NewHop, Pending, Status};
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
            Fact::CaseRated { score, .. } => self.rating = Some(*score),
            Fact::DeadlinePassed { .. }
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
            | Fact::FileAttached { .. } => {}
        }
        self.settle_holder();
    }

    fn change(&mut self, referral: ReferralId, change: impl FnOnce(&mut Hop)) {
        if let Some(hop) = self.hops.get_mut(&referral) {
            change(hop);
        }
    }

    fn send(&mut self, new: &NewHop) {
        let hop = Hop {
            parent: new.parent,
            from: new.from,
            office: new.office,
            role: new.role,
            state: HopState::Sent,
            user: None,
            extensions: 0,
            pending: None,
        };
        self.hops.insert(new.referral, hop);
        if new.parent.is_none() {
            match new.role {
                HopRole::Lead => {
                    self.lead = Some(new.referral);
                    self.status = Status::Referred;
                    self.outcome = None;
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
        self.send(new);
    }

    fn take_up(&mut self, referral: ReferralId, user: crate::db::types::UserId, is_assigned: bool) {
        self.change(referral, |hop| {
            hop.state = HopState::Accepted;
            hop.user = if is_assigned { Some(user) } else { hop.user.or(Some(user)) };
        });
    }

    /// Ends a referral and all that is open below it.
    fn end(&mut self, referral: ReferralId, state: HopState) {
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
    fn end(&mut self) {
        if self.state.is_open() {
            self.state = HopState::Ended;
            self.pending = None;
        }
    }
}
