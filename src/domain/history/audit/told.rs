//! What the events of a case tell of its rows: its life laid anew, its times, and what was said about it.

use std::collections::BTreeMap;

use crate::db::types::{
    AnswerId, AppealId, NoteId, ObjectionId, OfficeId, RatingId, ReferralId, Time, UserId,
};
use crate::domain::cases::life::{
    AppealCause, AppealResult, Clock, ClockMove, Consequence, Fact, HopRole, Life, NewHop,
};

/// An answer as its events tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub referral: ReferralId,
    pub author: UserId,
    /// None where no event says it.
    pub is_interim: Option<bool>,
    pub state: &'static str,
    /// Who decided, where an event says so.
    pub by: Option<UserId>,
    /// The outcome, once it is approved.
    pub outcome: Option<Option<String>>,
}

/// A decision on an appeal as its event tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruled {
    pub result: AppealResult,
    pub consequence: Consequence,
    pub outcome: Option<String>,
    pub grounds_sha256: String,
    pub by: UserId,
}

/// An appeal as its events tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    pub cause: AppealCause,
    pub channel: String,
    pub text_sha256: String,
    pub ruled: Option<Ruled>,
}

/// Everything that the events of one case tell. What no event tells is `None`: older ones told less.
#[derive(Debug)]
pub struct Told {
    pub life: Life,
    pub kind: String,
    pub channel: String,
    pub category: Option<String>,
    pub priority: Option<String>,
    pub due_at: Option<Time>,
    pub citizen_digest: Option<String>,
    /// Due times of referrals, as far as they are told.
    pub dues: BTreeMap<ReferralId, Option<Time>>,
    pub answers: BTreeMap<AnswerId, Written>,
    /// Referral, channel and digest of the words.
    pub objections: BTreeMap<ObjectionId, (ReferralId, String, String)>,
    pub appeals: BTreeMap<AppealId, Raised>,
    /// Score and channel by round, with the id of the first rating in it.
    pub ratings: BTreeMap<u32, (RatingId, u8, String)>,
    /// The digest of the words, where the event holds it.
    pub notes: BTreeMap<NoteId, Option<String>>,
}

impl Told {
    /// What the facts of a whole history tell.
    pub fn of(facts: &[Fact]) -> Self {
        let mut told = Self {
            life: Life::registered(OfficeId(0)),
            kind: String::new(),
            channel: String::new(),
            category: None,
            priority: None,
            due_at: None,
            citizen_digest: None,
            dues: BTreeMap::new(),
            answers: BTreeMap::new(),
            objections: BTreeMap::new(),
            appeals: BTreeMap::new(),
            ratings: BTreeMap::new(),
            notes: BTreeMap::new(),
        };
        for fact in facts {
            told.life.apply(fact);
            told.hear_matter(fact);
            told.hear_times(fact);
            told.hear_answers(fact);
            told.hear_remedies(fact);
        }
        told
    }

    fn hear_matter(&mut self, fact: &Fact) {
        match fact {
            Fact::CaseRegistered { kind, channel, category, citizen_digest, .. } => {
                self.kind.clone_from(kind);
                self.channel.clone_from(channel);
                self.category.clone_from(category);
                self.citizen_digest.clone_from(citizen_digest);
            }
            Fact::CaseClassified { kind, category, priority, .. } => {
                self.kind.clone_from(kind);
                self.category = Some(category.clone());
                self.priority = Some(priority.clone());
            }
            Fact::CitizenMerged { citizen_digest, .. } | Fact::CitizenUnmerged { citizen_digest, .. } => {
                self.citizen_digest.clone_from(citizen_digest);
            }
            Fact::NoteAdded { note, text_sha256 } => {
                self.notes.insert(*note, text_sha256.clone());
            }
            _ => {}
        }
    }

    fn send(&mut self, hop: &NewHop) {
        self.dues.insert(hop.referral, hop.due_at);
    }

    /// A new round: the promise is that of its referral.
    fn begin(&mut self, hop: &NewHop) {
        self.send(hop);
        self.due_at = hop.due_at;
    }

    fn moved(&mut self, moves: &[ClockMove]) {
        for step in moves {
            match (step.clock, step.referral) {
                (Clock::Promise, _) => self.due_at = Some(step.due_at),
                (Clock::Referral, Some(referral)) => {
                    self.dues.insert(referral, Some(step.due_at));
                }
                _ => {}
            }
        }
    }

    /// The clocks ran again, and the event does not say until when.
    fn ran_on(&mut self) {
        self.due_at = None;
        self.dues.clear();
    }

    fn hear_times(&mut self, fact: &Fact) {
        match fact {
            Fact::CaseRegistered { due_at, .. } | Fact::CaseClassified { due_at, .. } => {
                self.due_at = *due_at
            }
            Fact::CaseReferred { hops, .. } => hops.iter().for_each(|hop| self.send(hop)),
            Fact::ReferralTransferred { to, .. } => self.send(to),
            Fact::CaseReopened { hop, due_at, .. } => {
                hop.iter().for_each(|hop| self.send(hop));
                self.due_at = due_at.or(hop.as_ref().and_then(|hop| hop.due_at));
            }
            Fact::ObjectionRaised { hop, .. }
            | Fact::AppealRaised { hop, .. }
            | Fact::AppealDecided { hop: Some(hop), .. } => self.begin(hop),
            Fact::AnswerShared { hop, .. } => self.send(hop),
            Fact::CaseSplit { hop, .. } => hop.iter().for_each(|hop| self.send(hop)),
            Fact::DeadlineExtended { referral, due_at, .. } => {
                self.dues.insert(*referral, Some(*due_at));
                let hop = self.life.hops.get(referral);
                if hop.is_some_and(|hop| hop.role == HopRole::Lead && hop.parent.is_none()) {
                    self.due_at = self.due_at.map(|due| due.max(*due_at));
                }
            }
            Fact::DeadlinesMoved { moves, .. } => self.moved(moves),
            Fact::CitizenReplied { moves, .. } if moves.is_empty() => self.ran_on(),
            Fact::CitizenReplied { moves, .. } => self.moved(moves),
            Fact::CaseUnmerged { .. } => self.ran_on(),
            Fact::ConflictCleared { hop, .. } => {
                // a referral that ends with the act that sent it or let it run was never started
                let is_open = |id: &ReferralId| self.life.hops.get(id).is_some_and(|hop| hop.state.is_open());
                self.dues.retain(|id, _| is_open(id));
                hop.iter().for_each(|hop| self.send(hop));
            }
            _ => {}
        }
    }

    fn hear_answers(&mut self, fact: &Fact) {
        match fact {
            Fact::AnswerSubmitted { answer, referral, author, is_interim, .. } => {
                let (referral, author, is_interim) = (*referral, *author, Some(*is_interim));
                let written =
                    Written { referral, author, is_interim, state: "submitted", by: None, outcome: None };
                self.answers.insert(*answer, written);
            }
            Fact::AnswerApproved { answer, outcome, by, .. } => {
                if let Some(written) = self.answers.get_mut(answer) {
                    (written.state, written.by) = ("approved", Some(*by));
                    written.outcome = Some(outcome.clone());
                }
            }
            Fact::AnswerRejected { answer, by, .. } => {
                if let Some(written) = self.answers.get_mut(answer) {
                    (written.state, written.by) = ("rejected", Some(*by));
                }
            }
            Fact::AnswerShared { answer, outcome, author, approved_by, hop, .. } => {
                let (referral, author, by) = (hop.referral, *author, *approved_by);
                let outcome = Some(outcome.clone());
                let written = Written { referral, author, is_interim: None, state: "approved", by, outcome };
                self.answers.insert(*answer, written);
            }
            Fact::ConflictCleared { freed, .. } => {
                let waits = |written: &&mut Written| {
                    written.state == "submitted" && freed.contains(&written.referral)
                };
                self.answers.values_mut().filter(waits).for_each(|written| written.state = "rejected");
            }
            _ => {}
        }
    }

    fn hear_remedies(&mut self, fact: &Fact) {
        match fact {
            Fact::ObjectionRaised { objection, channel, text_sha256, hop } => {
                let told = (hop.referral, channel.clone(), text_sha256.clone());
                self.objections.insert(*objection, told);
            }
            Fact::AppealRaised { appeal, cause, channel, text_sha256, .. } => {
                let (channel, text_sha256) = (channel.clone(), text_sha256.clone());
                let raised = Raised { cause: *cause, channel, text_sha256, ruled: None };
                self.appeals.insert(*appeal, raised);
            }
            Fact::AppealDecided { appeal, result, consequence, grounds_sha256, by, outcome, .. } => {
                let (outcome, grounds_sha256) = (outcome.clone(), grounds_sha256.clone());
                let (result, consequence, by) = (*result, *consequence, *by);
                if let Some(raised) = self.appeals.get_mut(appeal) {
                    raised.ruled = Some(Ruled { result, consequence, outcome, grounds_sha256, by });
                }
            }
            Fact::CaseRated { rating, score, channel, .. } => {
                let round = self.life.round();
                let id = self.ratings.get(&round).map_or(*rating, |(first, ..)| *first);
                self.ratings.insert(round, (id, *score, channel.clone()));
            }
            _ => {}
        }
    }
}
