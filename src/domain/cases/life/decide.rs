//! Judges a wish against the state: the fact that follows, or why not.
//!
//! Roles and visibility were judged before (see `policy` and `visibility`); here it is asked only whether
//! the state of the case allows the verb, whoever wants it.

use super::{Consent, Extension, Fact, HopRole, HopState, Life, NewHop, Proposal, Status};
use crate::db::types::{
    AnswerId, CallbackId, ExtensionRequestId, OfficeId, QuestionId, ReferralId, Time, UserId,
};
use crate::domain::conflict::Conflict;
use crate::domain::rulebook::Offices;
use crate::error::{Code, Error, FieldError, Result};

/// Who acts: in the name of which office.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taker {
    pub office: OfficeId,
    pub user: UserId,
}

/// A wished referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The id that the referral will have.
    pub referral: ReferralId,
    pub office: OfficeId,
    pub role: HopRole,
    pub due_at: Option<Time>,
}

impl Life {
    /// A case may be classified until it is answered (design §2).
    pub fn can_classify(&self) -> Result<()> {
        self.expect(&[Status::Registered, Status::Classified, Status::Referred])
    }

    /// The referral above a new one by `from`: its own open referral, or none at the root.
    pub fn parent_for(&self, from: OfficeId) -> Option<ReferralId> {
        self.open_hop_of(from)
    }

    /// Refers to a lead, helpers and copies; at the root from the classifier, below from a referral's holder.
    pub fn refer(
        &self,
        from: OfficeId,
        targets: &[Target],
        rule: Option<String>,
        offices: &Offices,
        conflict: &Conflict,
        helpers_max: usize,
    ) -> Result<Fact> {
        let parent = self.parent_for(from);
        self.can_refer(from)?;
        let leads = targets.iter().filter(|target| target.role == HopRole::Lead).count();
        self.check_leads(parent, leads)?;
        let helpers = targets.iter().filter(|target| target.role == HopRole::Helper).count();
        let open_helpers =
            self.hops.values().filter(|hop| hop.role == HopRole::Helper && hop.state.is_open()).count();
        if helpers + open_helpers > helpers_max {
            return Err(Error::Conflict(Code::LimitReached));
        }
        targets.iter().enumerate().try_for_each(|(index, target)| {
            self.check_target(from, parent, target, &format!("to[{index}].office"), offices, conflict)
        })?;
        let hops = targets
            .iter()
            .map(|target| NewHop {
                referral: target.referral,
                parent,
                from,
                office: target.office,
                role: target.role,
                due_at: target.due_at,
            })
            .collect();
        Ok(Fact::CaseReferred { hops, rule })
    }

    /// Whether `from` may refer now.
    pub fn can_refer(&self, from: OfficeId) -> Result<()> {
        match self.parent_for(from) {
            Some(_) => self.expect(&[Status::Referred]),
            None => self.expect(&[Status::Classified, Status::Referred, Status::Answered]),
        }
    }

    fn check_leads(&self, parent: Option<ReferralId>, leads: usize) -> Result<()> {
        let has_lead = match parent {
            Some(above) => self.open_lead_below(above).is_some(),
            None => self.status == Status::Referred,
        };
        match leads {
            0 if parent.is_none() && !has_lead => Err(Error::field(FieldError::new(
                "to",
                "lead_missing",
                "یک دستگاه محوری (lead) نام ببرید.",
                "Name one lead office.",
            ))),
            0 => Ok(()),
            1 if !has_lead => Ok(()),
            1 => Err(Error::Conflict(Code::LeadExists)),
            _ => Err(Error::field(FieldError::new(
                "to",
                "too_many_leads",
                "تنها یک دستگاه محوری ممکن است؛ بقیه را همکار (helper) کنید.",
                "Only one office can lead; make the others helpers.",
            ))),
        }
    }

    fn check_target(
        &self,
        from: OfficeId,
        parent: Option<ReferralId>,
        target: &Target,
        field: &str,
        offices: &Offices,
        conflict: &Conflict,
    ) -> Result<()> {
        check_receiver(target.office, field, offices, conflict)?;
        let is_there = self.open_children(parent).any(|(_, hop)| hop.office == target.office);
        // the inspection office takes up what its own desk received; nobody above it could send it
        let is_own = target.office == from && Some(from) != offices.inspection();
        if is_own || is_there {
            return Err(Error::field(FieldError::new(
                field,
                "already_there",
                "پرونده هم‌اکنون نزد این واحد است؛ واحد دیگری نام ببرید.",
                "This office has the case already; name another.",
            )));
        }
        // top-down for the lead; helpers and copies may stand anywhere in the tree
        if target.role == HopRole::Lead && !offices.may_lead_to(from, target.office) {
            return Err(Error::field(FieldError::new(
                field,
                "not_below",
                "ارجاع از بالا به پایین است: واحدی زیر واحد خود نام ببرید یا پرونده را انتقال دهید.",
                "Referral goes top-down: name an office below yours, or transfer the case.",
            )));
        }
        Ok(())
    }

    /// The office takes the referral up.
    pub fn accept(&self, referral: ReferralId, by: Taker) -> Result<Fact> {
        self.can_work(referral)?;
        match self.hop(referral)?.state {
            HopState::Sent => Ok(Fact::ReferralAccepted { referral, user: by.user }),
            _ => Err(Error::Conflict(Code::AlreadyDone)),
        }
    }

    /// The referral is given to a person of its office.
    pub fn assign(&self, referral: ReferralId, user: UserId) -> Result<Fact> {
        self.can_work(referral)?;
        match self.hop(referral)?.user {
            Some(present) if present == user => Err(Error::Conflict(Code::AlreadyDone)),
            _ => Ok(Fact::ReferralAssigned { referral, user }),
        }
    }

    /// Back up, with a coded reason and a suggestion.
    pub fn give_back(
        &self,
        referral: ReferralId,
        reason: String,
        suggested: Option<OfficeId>,
    ) -> Result<Fact> {
        self.can_leave(referral)?;
        Ok(Fact::ReferralReturned { referral, reason, suggested })
    }

    /// Sideways; when the transfers of a life are used up the centre rules (tag P3.2).
    pub fn transfer(
        &self,
        referral: ReferralId,
        target: &Target,
        reason: String,
        offices: &Offices,
        conflict: &Conflict,
        transfers_max: u32,
    ) -> Result<Fact> {
        self.can_leave(referral)?;
        check_receiver(target.office, "office", offices, conflict)?;
        let hop = self.hop(referral)?;
        if self.open_children(hop.parent).any(|(_, other)| other.office == target.office)
            || hop.from == target.office
        {
            return Err(Error::field(FieldError::new(
                "office",
                "already_there",
                "این واحد هم‌اکنون در این پرونده است؛ واحد دیگری نام ببرید یا عودت دهید.",
                "This office is part of the case already; name another, or return the referral.",
            )));
        }
        if self.transfers >= transfers_max {
            let centre = offices.centre();
            return Ok(Fact::RulingAsked { referral, reason, suggested: target.office, centre });
        }
        let to = NewHop {
            referral: target.referral,
            parent: hop.parent,
            from: hop.from,
            office: target.office,
            role: hop.role,
            due_at: target.due_at,
        };
        Ok(Fact::ReferralTransferred { referral, reason, to })
    }

    /// The sender takes it back.
    pub fn recall(&self, referral: ReferralId, reason: String) -> Result<Fact> {
        self.can_work(referral)?;
        Ok(Fact::ReferralRecalled { referral, reason })
    }

    /// The holder asks the citizen, once per level; the clock stands until the reply.
    pub fn ask(&self, question: QuestionId, level: &str, wait_until: Time) -> Result<Fact> {
        self.can_ask(level)?;
        Ok(Fact::CitizenAsked {
            question,
            referral: self.working_lead(),
            level: level.to_owned(),
            wait_until,
        })
    }

    /// Whether the citizen may be asked from this level now.
    pub fn can_ask(&self, level: &str) -> Result<()> {
        self.expect(&[Status::Classified, Status::Referred])?;
        self.no_open_parts()?;
        if self.open_appeal().is_some() {
            return Err(Error::Conflict(Code::AppealPending));
        }
        if self.asked.contains(level) {
            return Err(Error::Conflict(Code::QuestionAsked));
        }
        if self.working_lead().and_then(|id| self.hops.get(&id)).is_some_and(|hop| hop.pending.is_some()) {
            return Err(Error::Conflict(Code::AnswerPending));
        }
        Ok(())
    }

    /// More time, once; again only with the citizen's consent, and only for the referral that answers to the citizen.
    ///
    /// # Errors
    /// `consent_pending` while the citizen is asked; `consent_refused` after a no or silence; `limit_reached`.
    pub fn can_extend(&self, referral: ReferralId) -> Result<Extension> {
        self.can_work(referral)?;
        let hop = self.hop(referral)?;
        let is_root = hop.role == HopRole::Lead && hop.parent.is_none();
        match (hop.extensions, hop.consent) {
            (0, _) => Ok(Extension::First),
            (1, None) if is_root => Ok(Extension::ByConsent),
            (1, Some(Consent::Asked(_))) => Err(Error::Conflict(Code::ConsentPending)),
            (1, Some(Consent::Refused)) => Err(Error::Conflict(Code::ConsentRefused)),
            _ => Err(Error::Conflict(Code::LimitReached)),
        }
    }

    /// The referral whose second extension awaits the citizen's word.
    pub fn awaits_consent(&self) -> Result<(ReferralId, ExtensionRequestId)> {
        if self.status != Status::Referred {
            return Err(Error::Conflict(Code::ConsentNotAsked));
        }
        let asked =
            self.hops.iter().filter(|(_, hop)| hop.state.is_open()).find_map(|(id, hop)| match hop.consent {
                Some(Consent::Asked(request)) => Some((*id, request)),
                Some(Consent::Given | Consent::Refused) | None => None,
            });
        asked.ok_or(Error::Conflict(Code::ConsentNotAsked))
    }

    /// The citizen answers, or the time to do so passes.
    pub fn consent(
        &self,
        request: ExtensionRequestId,
        accepted: bool,
        (who, how): (&str, &str),
    ) -> Result<Fact> {
        let (referral, asked) = self.awaits_consent()?;
        match asked == request {
            true => Ok(Fact::ConsentAnswered {
                request,
                referral,
                accepted,
                who: who.to_owned(),
                how: how.to_owned(),
            }),
            false => Err(Error::Conflict(Code::ConsentNotAsked)),
        }
    }

    /// An answer is written; it awaits approval.
    pub fn submit(
        &self,
        referral: ReferralId,
        answer: AnswerId,
        author: UserId,
        is_interim: bool,
        text_sha256: String,
    ) -> Result<Fact> {
        self.can_answer(referral, is_interim)?;
        Ok(Fact::AnswerSubmitted { answer, referral, author, is_interim, text_sha256 })
    }

    /// Whether an answer may be written now: none pending, and for a final one nothing open below.
    pub fn can_answer(&self, referral: ReferralId, is_interim: bool) -> Result<()> {
        self.can_work(referral)?;
        match self.hop(referral)? {
            hop if hop.role == HopRole::Copy => Err(Error::Conflict(Code::WrongState)),
            hop if hop.pending.is_some() => Err(Error::Conflict(Code::AnswerPending)),
            _ if is_interim => Ok(()),
            hop if hop.parent.is_none() && hop.role == HopRole::Lead => {
                self.no_open_parts()?;
                self.nothing_below(referral)
            }
            _ => self.nothing_below(referral),
        }
    }

    /// A second person approves.
    pub fn approve(
        &self,
        referral: ReferralId,
        answer: AnswerId,
        by: UserId,
        outcome: Option<String>,
    ) -> Result<Fact> {
        let is_interim = self.pending(referral, answer)?.is_interim;
        if self.pending(referral, answer)?.author == by {
            return Err(Error::Forbidden(Code::SecondPersonRequired));
        }
        if !is_interim {
            self.nothing_below(referral)?;
            if self.lead == Some(referral) {
                self.no_open_parts()?;
            }
        }
        Ok(Fact::AnswerApproved { answer, referral, is_interim, outcome, by })
    }

    /// The approver sends the draft back.
    pub fn reject(&self, referral: ReferralId, answer: AnswerId, by: UserId) -> Result<Fact> {
        self.pending(referral, answer)?;
        Ok(Fact::AnswerRejected { answer, referral, by })
    }

    /// Solved on the line.
    pub fn can_advise(&self) -> Result<()> {
        self.no_open_parts()?;
        self.expect(&[Status::Registered, Status::Classified])
    }

    /// The first person proposes, a second confirms by closing.
    pub fn dismiss(&self, proposal: Proposal, text_sha256: Option<String>) -> Result<Fact> {
        self.can_advise()?;
        match &self.dismissal {
            Some(first) if first.by == proposal.by => Err(Error::Forbidden(Code::SecondPersonRequired)),
            Some(first) if first.outcome == proposal.outcome => Ok(Fact::CaseClosed {
                outcome: first.outcome.clone(),
                reason: Some(first.reason.clone()),
                text_sha256,
            }),
            Some(_) | None => Ok(Fact::DismissalProposed { proposal }),
        }
    }

    /// Closes an answered case.
    pub fn can_close(&self) -> Result<()> {
        self.no_open_parts()?;
        self.expect(&[Status::Answered])
    }

    /// The citizen takes the case back, a followed one too; one that speaks for a group does not end so.
    pub fn can_withdraw(&self) -> Result<()> {
        if self.has_members() {
            return Err(Error::Conflict(Code::SpeaksForOthers));
        }
        self.can_hear()
    }

    /// A closed case is worked on again; a withdrawn one is not, and a merged one follows its parent.
    pub fn can_reopen(&self) -> Result<()> {
        self.expect(&[Status::Closed])?;
        if self.awaits_parent() {
            return Err(Error::Conflict(Code::FollowsAnother));
        }
        match self.outcome.as_deref() {
            Some("merged" | "withdrawn") => Err(Error::Conflict(Code::WrongState)),
            Some(_) | None => Ok(()),
        }
    }

    /// A closing that told what was not so: found on a closed case only, right before it is taken up again.
    pub fn false_closure(&self, callback: CallbackId, office: OfficeId, by: UserId) -> Result<Fact> {
        self.can_reopen()?;
        Ok(Fact::FalseClosureFound { callback, office, by })
    }

    /// What the citizen says is taken while the case is open, asked for or not.
    pub fn can_hear(&self) -> Result<()> {
        if self.is_open() || self.awaits_parent() { Ok(()) } else { Err(Error::Conflict(Code::WrongState)) }
    }

    /// The citizen's word is awaited.
    pub fn can_reply(&self) -> Result<()> {
        self.expect(&[Status::AwaitingCitizen])
    }

    pub(super) fn expect(&self, statuses: &[Status]) -> Result<()> {
        if statuses.contains(&self.status) { Ok(()) } else { Err(Error::Conflict(Code::WrongState)) }
    }

    pub(super) fn hop(&self, referral: ReferralId) -> Result<&super::Hop> {
        self.hops.get(&referral).ok_or(Error::NotFound)
    }

    /// The referral is open and its clock runs.
    pub fn can_work(&self, referral: ReferralId) -> Result<()> {
        let hop = self.hop(referral)?;
        if hop.role == HopRole::Appeal && hop.state.is_open() {
            return Err(Error::Conflict(Code::AppealPending));
        }
        let copy_may_wait = hop.role == HopRole::Copy && self.is_open();
        if !hop.state.is_open() || !(self.status == Status::Referred || copy_may_wait) {
            return Err(Error::Conflict(Code::WrongState));
        }
        Ok(())
    }

    /// A referral may be given up: open, not a copy, no answer pending, nothing open below.
    pub fn can_leave(&self, referral: ReferralId) -> Result<()> {
        self.can_work(referral)?;
        let hop = self.hop(referral)?;
        if hop.role == HopRole::Copy {
            return Err(Error::Conflict(Code::WrongState));
        }
        if hop.pending.is_some() {
            return Err(Error::Conflict(Code::AnswerPending));
        }
        self.nothing_below(referral)
    }

    fn nothing_below(&self, referral: ReferralId) -> Result<()> {
        match self.open_children(Some(referral)).find(|(_, hop)| hop.role != HopRole::Copy) {
            Some(_) => Err(Error::Conflict(Code::OpenReferral)),
            None => Ok(()),
        }
    }

    fn pending(&self, referral: ReferralId, answer: AnswerId) -> Result<super::Pending> {
        self.can_work(referral)?;
        match self.hop(referral)?.pending {
            Some(pending) if pending.answer == answer => Ok(pending),
            Some(_) | None => Err(Error::Conflict(Code::AlreadyDone)),
        }
    }
}

/// A receiver exists, takes referrals, and has no conflict of interest (tag S4.7).
pub fn check_receiver(office: OfficeId, field: &str, offices: &Offices, conflict: &Conflict) -> Result<()> {
    let Some(row) = offices.get(office) else {
        return Err(Error::field(FieldError::unknown(field, &office.to_string())));
    };
    if row.signpost_only {
        return Err(Error::field(FieldError::new(
            field,
            "signpost_only",
            "این مرجع ارجاع نمی‌پذیرد؛ شهروند را راهنمایی کنید یا مختومه کنید.",
            "This body takes no referral; give the citizen the signpost, or dismiss the case.",
        )));
    }
    if conflict.bars_office(offices, office) {
        return Err(Error::Forbidden(Code::OfficeComplainedOf));
    }
    Ok(())
}
