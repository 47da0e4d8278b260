//! The life cycle of a case as a pure state machine (design §2): no database, no clock.
//!
//! [`Life`] is the state; [`Fact`]s are what happened; `decide` turns a wish into facts or refuses it, and
//! `apply` lays a fact on the state. Stored rows are written from the same facts, so replaying a case's
//! events rebuilds its state (requirement tag P5.1).

mod apply;
mod decide;
mod facts;
mod family;
mod impartial;
mod remedy;
mod repeat;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod trials;

use std::collections::{BTreeMap, BTreeSet};

pub use decide::{Taker, Target, check_receiver};
pub use facts::{Clock, ClockMove, Fact, NewHop, PlanStep, citizen_digest};
pub use family::{Aside, Closing, Family, Relation};
pub use impartial::{Barred, Needs, Taint};
pub use remedy::{AppealCause, AppealResult, Consequence, Decided, Standing};
pub use repeat::REPEAT;

use crate::db::types::{AnswerId, CaseId, ExtensionRequestId, OfficeId, ReferralId, UserId};
use crate::text_enum;

text_enum! {
    /// Where a case stands.
    pub enum Status {
        Registered = "registered", Classified = "classified", Referred = "referred",
        AwaitingCitizen = "awaiting_citizen", Answered = "answered", Closed = "closed",
    }
}

text_enum! {
    /// What an office is asked for by a referral.
    pub enum HopRole {
        /// Answers for all; exactly one.
        Lead = "lead",
        /// Helps the lead, inside the lead's deadline.
        Helper = "helper",
        /// Is informed; no clock.
        Copy = "copy",
        /// Decides on an appeal; at the root, in place of a lead.
        Appeal = "appeal",
    }
}

text_enum! {
    /// Where a referral stands.
    pub enum HopState {
        Sent = "sent", Accepted = "accepted", Answered = "answered", Returned = "returned",
        Transferred = "transferred", Recalled = "recalled",
        /// Ended with the case or with the referral above it.
        Ended = "ended",
    }
}

/// One referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The referral above, where it is a sub-referral.
    pub parent: Option<ReferralId>,
    /// Who sent it.
    pub from: OfficeId,
    /// Who has it.
    pub office: OfficeId,
    /// What is asked.
    pub role: HopRole,
    /// Where it stands.
    pub state: HopState,
    /// The person it is assigned to.
    pub user: Option<UserId>,
    /// How often its deadline was extended.
    pub extensions: u32,
    /// Where the citizen's consent to a second extension stands, once it was asked for.
    pub consent: Option<Consent>,
    /// The answer that awaits approval, with its author and whether it is interim.
    pub pending: Option<Pending>,
}

/// Where the citizen's consent to a second extension stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// The citizen has not answered yet; the clock runs.
    Asked(ExtensionRequestId),
    Given,
    /// Refused, or not answered in time.
    Refused,
}

/// How a deadline may be extended now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// At once, with a reason to the citizen.
    First,
    /// The citizen is asked first.
    ByConsent,
}

/// An answer that awaits approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pending {
    /// The answer.
    pub answer: AnswerId,
    /// Who wrote it and hence may not approve it.
    pub author: UserId,
    /// Interim answers leave the referral open.
    pub is_interim: bool,
}

/// A dismissal that one person proposed and another must confirm.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Proposal {
    /// `out_of_scope`, `no_cause` or `transferred_out`.
    pub outcome: String,
    /// Coded reason.
    pub reason: String,
    /// Where the citizen should go instead.
    pub signpost: String,
    /// Who proposed it.
    pub by: UserId,
}

/// The state of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Where the case stands.
    pub status: Status,
    /// Where it goes back to when the citizen replies.
    pub resume: Option<Status>,
    /// The one office that holds the case.
    pub holder: OfficeId,
    /// The person who holds it, once assigned.
    pub holder_user: Option<UserId>,
    /// The root lead referral of the present round.
    pub lead: Option<ReferralId>,
    /// Levels that asked the citizen already.
    pub asked: BTreeSet<String>,
    /// Transfers in the life of the case.
    pub transfers: u32,
    /// How often it was reopened.
    pub reopenings: u32,
    /// How often the citizen objected; once at most.
    pub objections: u32,
    /// The citizen's rating of the present round, 1 to 5.
    pub rating: Option<u8>,
    /// A dismissal that awaits its second person.
    pub dismissal: Option<Proposal>,
    /// The outcome of the approved answer or of the closing; it stands while an appeal is decided.
    pub outcome: Option<String>,
    /// All referrals, ended ones too.
    pub hops: BTreeMap<ReferralId, Hop>,
    /// The case that this one follows or is a part of.
    pub follows: Option<(CaseId, Relation)>,
    /// What it left open, while it awaits the answer of the case that it follows.
    pub aside: Option<Aside>,
    /// What belongs to this case.
    pub family: Family,
}

impl HopState {
    /// Whether the referral still asks for work.
    pub fn is_open(self) -> bool {
        matches!(self, HopState::Sent | HopState::Accepted)
    }
}

impl Life {
    /// A case that was just registered at `office`.
    pub fn registered(office: OfficeId) -> Self {
        Self {
            status: Status::Registered,
            resume: None,
            holder: office,
            holder_user: None,
            lead: None,
            asked: BTreeSet::new(),
            transfers: 0,
            reopenings: 0,
            objections: 0,
            rating: None,
            dismissal: None,
            outcome: None,
            hops: BTreeMap::new(),
            follows: None,
            aside: None,
            family: Family::default(),
        }
    }

    /// Whether the case still asks for work or a citizen's word.
    pub fn is_open(&self) -> bool {
        self.status != Status::Closed
    }

    /// Open referrals directly below `parent`.
    pub fn open_children(&self, parent: Option<ReferralId>) -> impl Iterator<Item = (ReferralId, &Hop)> {
        self.hops
            .iter()
            .filter(move |(_, hop)| hop.parent == parent && hop.state.is_open())
            .map(|(id, hop)| (*id, hop))
    }

    /// The open lead referral directly below `parent`.
    pub fn open_lead_below(&self, parent: ReferralId) -> Option<ReferralId> {
        self.open_children(Some(parent)).find(|(_, hop)| hop.role == HopRole::Lead).map(|(id, _)| id)
    }

    /// The deepest open lead: whose office holds a referred case.
    pub fn working_lead(&self) -> Option<ReferralId> {
        let mut at = self.lead.filter(|id| self.hops.get(id).is_some_and(|hop| hop.state.is_open()))?;
        while let Some(below) = self.open_lead_below(at) {
            at = below;
        }
        Some(at)
    }

    /// The referral of the body that answers the case: its present root lead, or the one before an appeal.
    pub fn body(&self) -> Option<(ReferralId, &Hop)> {
        let present = self.lead?;
        match self.hops.get(&present) {
            Some(hop) if hop.role == HopRole::Appeal => self
                .hops
                .iter()
                .rev()
                .find(|(id, hop)| **id < present && hop.role == HopRole::Lead && hop.parent.is_none())
                .map(|(id, hop)| (*id, hop)),
            Some(hop) => Some((present, hop)),
            None => None,
        }
    }

    /// The number of the present round; it rises whenever the case goes out or is taken up again, and each
    /// round is rated for itself.
    pub fn round(&self) -> u32 {
        let sent = self.hops.values().filter(|hop| hop.parent.is_none() && hop.role != HopRole::Copy);
        self.reopenings + u32::try_from(sent.count()).unwrap_or(u32::MAX)
    }

    /// The appeal that waits for its decision.
    pub fn open_appeal(&self) -> Option<(ReferralId, &Hop)> {
        let present = self.lead?;
        let hop = self.hops.get(&present)?;
        (hop.role == HopRole::Appeal && hop.state.is_open()).then_some((present, hop))
    }

    /// The open referral through which `office` may refer further down: as lead first, else as helper.
    pub fn open_hop_of(&self, office: OfficeId) -> Option<ReferralId> {
        let mine = |role: HopRole| {
            self.hops
                .iter()
                .rev()
                .find(|(_, hop)| hop.office == office && hop.role == role && hop.state.is_open())
                .map(|(id, _)| *id)
        };
        mine(HopRole::Lead).or_else(|| mine(HopRole::Helper))
    }

    /// All referrals below `root`, nearest first.
    pub fn below(&self, root: ReferralId) -> Vec<ReferralId> {
        let mut found = vec![root];
        let mut next = 0;
        while next < found.len() {
            let parent = found[next];
            found.extend(self.hops.iter().filter(|(_, hop)| hop.parent == Some(parent)).map(|(id, _)| *id));
            next += 1;
        }
        found.remove(0);
        found
    }
}
