//! Takes a case out of the hands of those who must have no part in it (requirement tag S4.7).
//!
//! Who that is was judged before (see `conflict`); here it is said what of the state has to change: referrals of
//! barred offices end with all below them, barred persons are taken off, and the case rests at another desk.

use std::collections::BTreeSet;

use super::{Fact, Hop, HopRole, HopState, Life, NewHop, Status};
use crate::db::types::{OfficeId, ReferralId, UserId};

/// Offices and people of a case that must have no part in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Barred {
    pub offices: BTreeSet<OfficeId>,
    pub people: BTreeSet<UserId>,
}

/// What of a case lies in barred hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taint {
    /// Referrals of barred offices, the topmost of each branch.
    pub ended: Vec<ReferralId>,
    /// Other referrals of which a barred person has charge, or whose draft is a barred person's.
    pub freed: Vec<ReferralId>,
    /// What the case needs in place of what it loses.
    pub needs: Needs,
}

/// What a case needs that is taken out of barred hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: others have it already.
    Nothing,
    /// Another desk than this office's.
    Desk(OfficeId),
    /// Another office than this one to decide on its appeal.
    Appeal(OfficeId),
}

impl Life {
    /// Every office that has a part in the case now.
    pub fn offices(&self) -> BTreeSet<OfficeId> {
        let open = self.hops.values().filter(|hop| hop.state.is_open()).map(|hop| hop.office);
        open.chain([self.holder]).collect()
    }

    /// Every person who has a part in the case now.
    pub fn people(&self) -> BTreeSet<UserId> {
        let open = self.hops.values().filter(|hop| hop.state.is_open());
        let at_work = open.flat_map(|hop| hop.user.into_iter().chain(hop.pending.map(|draft| draft.author)));
        at_work.chain(self.holder_user).chain(self.dismissal.as_ref().map(|first| first.by)).collect()
    }

    /// What of the case lies in barred hands; none where nothing does.
    pub fn taint(&self, barred: &Barred) -> Option<Taint> {
        let is_barred = |hop: &Hop| hop.state.is_open() && barred.offices.contains(&hop.office);
        let is_below = |hop: &Hop| {
            let next = |hop: &&Hop| hop.parent.and_then(|above| self.hops.get(&above));
            std::iter::successors(next(&hop), next).any(is_barred)
        };
        let open = || self.hops.iter().filter(|(_, hop)| hop.state.is_open() && !is_below(hop));
        let ended: Vec<ReferralId> = open().filter(|(_, hop)| is_barred(hop)).map(|(id, _)| *id).collect();
        let has_hand = |hop: &Hop| {
            hop.user.is_some_and(|user| barred.people.contains(&user))
                || hop.pending.is_some_and(|draft| barred.people.contains(&draft.author))
        };
        let freed: Vec<ReferralId> =
            open().filter(|(_, hop)| !is_barred(hop) && has_hand(hop)).map(|(id, _)| *id).collect();
        let needs = match self.lead.and_then(|lead| Some((lead, self.hops.get(&lead)?))) {
            Some((lead, hop)) if ended.contains(&lead) && hop.role == HopRole::Appeal => {
                Needs::Appeal(hop.office)
            }
            Some((lead, hop)) if ended.contains(&lead) => Needs::Desk(hop.office),
            Some((_, hop)) if hop.state.is_open() => Needs::Nothing,
            _ if barred.offices.contains(&self.holder) => Needs::Desk(self.holder),
            _ => Needs::Nothing,
        };
        let rests = self.working_lead().is_none();
        let person = self.holder_user.filter(|_| rests).into_iter();
        let mut people = person.chain(self.dismissal.as_ref().map(|first| first.by));
        let is_clean = ended.is_empty() && freed.is_empty() && needs == Needs::Nothing;
        (!is_clean || people.any(|person| barred.people.contains(&person))).then_some(Taint {
            ended,
            freed,
            needs,
        })
    }

    /// Lays a clearing on the state.
    pub(super) fn clear(
        &mut self,
        office: OfficeId,
        ended: &[ReferralId],
        freed: &[ReferralId],
        hop: Option<&NewHop>,
    ) {
        let loses_lead = self.lead.is_some_and(|lead| ended.contains(&lead));
        ended.iter().for_each(|id| self.end(*id, HopState::Ended));
        for id in freed {
            self.change(*id, |hop| {
                hop.user = None;
                hop.pending = None;
                hop.state = HopState::Sent;
            });
        }
        self.dismissal = None;
        if let Some(new) = hop {
            return self.send(new);
        }
        if loses_lead {
            self.lead = None;
            match self.status {
                Status::AwaitingCitizen => self.resume = Some(Status::Classified),
                _ => self.status = Status::Classified,
            }
        }
        if self.working_lead().is_none() {
            self.holder = office;
            self.holder_user = None;
        }
    }
}

impl Fact {
    /// The clearing of a taint; `office` is the desk where the case rests, `hop` the new referral of an appeal.
    pub fn cleared(taint: Taint, office: OfficeId, hop: Option<NewHop>) -> Self {
        Fact::ConflictCleared { office, ended: taint.ended, freed: taint.freed, hop }
    }
}
