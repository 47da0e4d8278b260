//! Cases that belong together (design §2): merged into another, members of a group, parts of a split letter;
//! requirement tags P4.2c and S4.5.
//!
//! A merged case is closed and follows its parent: what it left open is put aside, so that an unmerging
//! restores it exactly. A parent knows its followers and its open parts, and does not end before these.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Fact, Hop, HopRole, HopState, Life, Pending, Proposal, Status};
use crate::db::types::{CaseId, OfficeId, ReferralId, UserId};
use crate::error::{Code, Error, Result};
use crate::text_enum;

text_enum! {
    /// How a case belongs to its parent.
    pub enum Relation {
        /// A duplicate, or the same matter of another citizen.
        Merged = "merged",
        /// One voice of a group, for which its representatives speak.
        Member = "member",
        /// One of several matters of a letter.
        Part = "part",
    }
}

/// What belongs to a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    /// Cases that follow this one, ended ones too.
    pub followers: BTreeMap<CaseId, Relation>,
    /// Parts of this letter that are not closed.
    pub parts: BTreeSet<CaseId>,
    /// Enough persons of enough households to be a mass case.
    pub is_mass: bool,
    /// A closing of a mass case that waits for its second person.
    pub closing: Option<Closing>,
}

/// A closing of a mass case as one person proposed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    pub outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// SHA-256 of the minutes of whoever heard the matter.
    pub minutes_sha256: String,
    pub by: UserId,
}

/// What a case left open when it began to follow another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    pub status: Status,
    pub resume: Option<Status>,
    pub holder: OfficeId,
    pub holder_user: Option<UserId>,
    pub lead: Option<ReferralId>,
    pub dismissal: Option<Proposal>,
    pub outcome: Option<String>,
    /// The referrals that were open, as they stood.
    pub open: Vec<(ReferralId, HopState, Option<Pending>)>,
}

impl Life {
    /// Puts this case to another, which answers for both.
    pub fn merge(&self, into: CaseId, relation: Relation, reason: String) -> Result<Fact> {
        self.can_merge()?;
        Ok(Fact::CaseMerged { into, relation, reason })
    }

    /// Whether this case may begin to follow another: open, never answered, with nothing that follows it.
    pub fn can_merge(&self) -> Result<()> {
        match self.follows {
            Some((_, Relation::Part)) => return Err(Error::Conflict(Code::PartOfCase)),
            Some((_, Relation::Merged | Relation::Member)) => {
                return Err(Error::Conflict(Code::FollowsAnother));
            }
            None => {}
        }
        if self.open_appeal().is_some() {
            return Err(Error::Conflict(Code::AppealPending));
        }
        if !self.family.followers.is_empty() || !self.family.parts.is_empty() {
            return Err(Error::Conflict(Code::HasFollowers));
        }
        let was_answered =
            |hop: &Hop| hop.parent.is_none() && hop.role == HopRole::Lead && hop.state == HopState::Answered;
        if self.status == Status::Answered || self.is_open() && self.hops.values().any(was_answered) {
            return Err(Error::Conflict(Code::AnsweredBefore));
        }
        self.expect(&[Status::Registered, Status::Classified, Status::Referred, Status::AwaitingCitizen])
    }

    /// Whether others may follow this case.
    pub fn can_lead(&self) -> Result<()> {
        match self.follows {
            Some((_, Relation::Merged | Relation::Member)) => {
                return Err(Error::Conflict(Code::MergeChain));
            }
            Some((_, Relation::Part)) | None => {}
        }
        if self.open_appeal().is_some() {
            return Err(Error::Conflict(Code::AppealPending));
        }
        if self.is_open() { Ok(()) } else { Err(Error::Conflict(Code::ParentClosed)) }
    }

    /// The case goes its own way again.
    pub fn unmerge(&self, reason: String) -> Result<Fact> {
        let (from, _) = self.followed()?;
        Ok(Fact::CaseUnmerged { from, reason })
    }

    /// The case that this one follows as a duplicate or member.
    pub fn followed(&self) -> Result<(CaseId, Relation)> {
        match self.follows {
            Some((from, relation @ (Relation::Merged | Relation::Member))) => Ok((from, relation)),
            Some((_, Relation::Part)) | None => Err(Error::Conflict(Code::NotMerged)),
        }
    }

    /// Whether the parent's answer is still awaited.
    pub fn awaits_parent(&self) -> bool {
        self.aside.is_some()
    }

    /// Whether a letter may be split: not yet answered, and a case of its own.
    pub fn can_split(&self) -> Result<()> {
        match self.follows {
            Some((_, Relation::Part)) => return Err(Error::Conflict(Code::PartOfCase)),
            Some(_) => return Err(Error::Conflict(Code::FollowsAnother)),
            None => {}
        }
        if self.open_appeal().is_some() {
            return Err(Error::Conflict(Code::AppealPending));
        }
        if !self.family.followers.is_empty() || !self.family.parts.is_empty() {
            return Err(Error::Conflict(Code::HasFollowers));
        }
        if self.hops.values().any(|hop| hop.pending.is_some()) {
            return Err(Error::Conflict(Code::AnswerPending));
        }
        self.expect(&[Status::Registered, Status::Classified, Status::Referred])
    }

    /// A letter does not end, and is not answered, before its parts.
    pub fn no_open_parts(&self) -> Result<()> {
        if self.family.parts.is_empty() { Ok(()) } else { Err(Error::Conflict(Code::PartsOpen)) }
    }

    /// Whether this case speaks for members of a group.
    pub fn has_members(&self) -> bool {
        self.family.followers.values().any(|relation| *relation == Relation::Member)
    }

    /// A mass case ends only by two persons: the first proposes with minutes, the second confirms.
    pub fn close_mass(&self, closing: Closing, text_sha256: Option<String>) -> Result<Fact> {
        self.can_close_mass()?;
        match &self.family.closing {
            Some(first) if first.by == closing.by => Err(Error::Forbidden(Code::SecondPersonRequired)),
            Some(first) if first.outcome == closing.outcome => Ok(Fact::CaseClosed {
                outcome: first.outcome.clone(),
                reason: first.reason.clone(),
                text_sha256,
            }),
            Some(_) | None => Ok(Fact::ClosingProposed { closing }),
        }
    }

    /// Whether a mass case may be closed now: answered, or solved by advice at the desk.
    pub fn can_close_mass(&self) -> Result<()> {
        self.no_open_parts()?;
        self.expect(&[Status::Registered, Status::Classified, Status::Answered])
    }

    pub(super) fn follow(&mut self, into: CaseId, relation: Relation) {
        let is_open = |(_, hop): &(&ReferralId, &Hop)| hop.state.is_open();
        self.aside = Some(Aside {
            status: self.status,
            resume: self.resume,
            holder: self.holder,
            holder_user: self.holder_user,
            lead: self.lead,
            dismissal: self.dismissal.clone(),
            outcome: self.outcome.clone(),
            open: self.hops.iter().filter(is_open).map(|(id, hop)| (*id, hop.state, hop.pending)).collect(),
        });
        self.hops.values_mut().for_each(Hop::end);
        self.status = Status::Closed;
        self.resume = None;
        self.dismissal = None;
        self.outcome = Some("merged".to_owned());
        self.follows = Some((into, relation));
    }

    pub(super) fn go_alone(&mut self) {
        self.follows = None;
        let Some(aside) = self.aside.take() else { return };
        self.status = aside.status;
        self.resume = aside.resume;
        self.holder = aside.holder;
        self.holder_user = aside.holder_user;
        self.lead = aside.lead;
        self.dismissal = aside.dismissal;
        self.outcome = aside.outcome;
        for (id, state, pending) in aside.open {
            if let Some(hop) = self.hops.get_mut(&id) {
                hop.state = state;
                hop.pending = pending;
            }
        }
    }

    pub(in crate::domain::cases) fn join(&mut self, case: CaseId, relation: Relation) {
        match relation {
            Relation::Part => {
                self.family.parts.insert(case);
            }
            Relation::Merged | Relation::Member => {
                self.family.followers.insert(case, relation);
            }
        }
    }

    pub(super) fn leave(&mut self, case: CaseId, relation: Relation) {
        match relation {
            Relation::Part => {
                self.family.parts.remove(&case);
            }
            Relation::Merged | Relation::Member => {
                self.family.followers.remove(&case);
            }
        }
    }
}
