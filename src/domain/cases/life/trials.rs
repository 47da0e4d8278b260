//! Random wishes of random people, and a case in play that grants or refuses them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample;

use super::*;
use std::collections::BTreeSet;

use crate::db::types::{
    AppealId, AttachmentId, CallbackId, CaseId, CitizenMergeId, ContactPlanId, CorrectionRequestId,
    ExtensionRequestId, IdentityRequestId, MessageId, ObjectionId, PhoneCallId, PhoneCallbackId, ProblemId,
    QuestionId, RatingId, RecommendationId, Time,
};
use crate::domain::conflict::Conflict;
use crate::domain::rulebook::{Level, Office, Offices};
use crate::error::{Code, Error, Result};

const CENTRE: OfficeId = OfficeId(1);
/// The ministry complained of, and an office below it.
pub(super) const ABOUT: OfficeId = OfficeId(5);
pub(super) const TRANSFERS: u32 = 3;
pub(super) const HELPERS: usize = 5;

/// The centre; two ministries with two offices each; one complained of with one; a governorate with a county.
fn offices() -> Offices {
    let rows = [
        (1, None, Level::Centre, None),
        (2, Some(1), Level::Ministry, None),
        (3, Some(2), Level::Provincial, Some("10")),
        (4, Some(2), Level::Provincial, Some("23")),
        (5, Some(1), Level::Ministry, None),
        (6, Some(5), Level::Provincial, Some("10")),
        (7, Some(1), Level::Ministry, None),
        (8, Some(7), Level::Provincial, Some("10")),
        (9, Some(1), Level::Governorate, Some("10")),
        (10, Some(9), Level::County, Some("10")),
    ];
    let office = |(id, parent, level, province): (i64, Option<i64>, Level, Option<&str>)| Office {
        id: OfficeId(id),
        code: if id == 1 { "CENTRE".into() } else { format!("O-{id}") },
        parent: parent.map(OfficeId),
        level,
        fa: String::new(),
        en: String::new(),
        province: province.map(str::to_owned),
        county: None,
        email: None,
        calendar: None,
        signpost_only: false,
        needs_approval: true,
    };
    Offices::new(rows.into_iter().map(office).collect())
}

/// A complaint about [`ABOUT`].
fn conflict() -> Conflict {
    Conflict::with_office(ABOUT, Time::from_microsecond(0))
}

/// What somebody wishes; numbers choose among what there is.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Classify,
    Refer {
        by_holder: bool,
        from: i64,
        to: Vec<(i64, HopRole)>,
    },
    Accept {
        hop: usize,
        user: i64,
    },
    Assign {
        hop: usize,
        user: i64,
    },
    GiveBack {
        hop: usize,
    },
    Transfer {
        hop: usize,
        to: i64,
    },
    Recall {
        hop: usize,
    },
    Ask,
    Reply,
    Extend {
        hop: usize,
    },
    Consent {
        accepted: bool,
    },
    Submit {
        hop: usize,
        author: i64,
        is_interim: bool,
    },
    Approve {
        hop: usize,
        by: i64,
    },
    Reject {
        hop: usize,
        by: i64,
    },
    Dismiss {
        by: i64,
    },
    Close,
    Withdraw,
    Reopen {
        to_lead: bool,
    },
    Object {
        in_time: bool,
    },
    Rate {
        score: u8,
    },
    JudgeRepeat {
        by: i64,
    },
    CloseAsRepeat,
    NewFacts,
    Notice,
    Appeal {
        is_late: bool,
    },
    Decide {
        by: i64,
        result: AppealResult,
        consequence: Consequence,
    },
    Merge {
        relation: Relation,
    },
    Unmerge,
    /// The case that this one follows is answered.
    Share,
    Split {
        with_lead: bool,
    },
    UndoSplit,
    /// A part comes to its end, or is taken up again.
    PartEnds,
    PartReopens,
    /// Another case begins to follow, or leaves.
    Joined {
        relation: Relation,
    },
    Left,
    Count {
        is_mass: bool,
    },
    CloseMass {
        by: i64,
    },
    /// What concerns who may read the case.
    Confide {
        what: u8,
        by: i64,
    },
    /// Something is learnt of the case; `what` chooses which.
    Learn {
        what: u8,
    },
    /// The citizen said that the closing was false, and a supervisor confirms.
    Expose {
        by: i64,
    },
}

impl Wish {
    /// The person who acts by this wish, where it names one.
    pub(crate) fn actor(&self) -> Option<UserId> {
        match self {
            Wish::Accept { user, .. } => Some(UserId(*user)),
            Wish::Submit { author, .. } => Some(UserId(*author)),
            Wish::Approve { by, .. }
            | Wish::Reject { by, .. }
            | Wish::Dismiss { by }
            | Wish::Decide { by, .. } => Some(UserId(*by)),
            _ => None,
        }
    }
}

pub(crate) fn wish() -> impl Strategy<Value = Wish> {
    let office = || 1..=10_i64;
    let role = prop_oneof![4 => Just(HopRole::Lead), 2 => Just(HopRole::Helper), 1 => Just(HopRole::Copy)];
    let hop = || 0..8_usize;
    let user = || 1..=3_i64;
    let result = sample::select(AppealResult::ALL);
    let consequence = sample::select(Consequence::ALL);
    prop_oneof![
        2 => Just(Wish::Classify),
        8 => (any::<bool>(), office(), vec((office(), role), 1..4)).prop_map(|(by_holder, from, to)| Wish::Refer { by_holder, from, to }),
        3 => (hop(), user()).prop_map(|(hop, user)| Wish::Accept { hop, user }),
        1 => (hop(), user()).prop_map(|(hop, user)| Wish::Assign { hop, user }),
        2 => hop().prop_map(|hop| Wish::GiveBack { hop }),
        16 => (hop(), office()).prop_map(|(hop, to)| Wish::Transfer { hop, to }),
        1 => hop().prop_map(|hop| Wish::Recall { hop }),
        1 => Just(Wish::Ask),
        2 => Just(Wish::Reply),
        3 => hop().prop_map(|hop| Wish::Extend { hop }),
        2 => any::<bool>().prop_map(|accepted| Wish::Consent { accepted }),
        5 => (hop(), user(), any::<bool>()).prop_map(|(hop, author, is_interim)| Wish::Submit { hop, author, is_interim }),
        5 => (hop(), user()).prop_map(|(hop, by)| Wish::Approve { hop, by }),
        1 => (hop(), user()).prop_map(|(hop, by)| Wish::Reject { hop, by }),
        1 => user().prop_map(|by| Wish::Dismiss { by }),
        1 => Just(Wish::Close),
        1 => Just(Wish::Withdraw),
        2 => any::<bool>().prop_map(|to_lead| Wish::Reopen { to_lead }),
        3 => any::<bool>().prop_map(|in_time| Wish::Object { in_time }),
        2 => (0..7_u8).prop_map(|score| Wish::Rate { score }),
        1 => user().prop_map(|by| Wish::JudgeRepeat { by }),
        1 => Just(Wish::CloseAsRepeat),
        3 => Just(Wish::NewFacts),
        1 => Just(Wish::Notice),
        4 => any::<bool>().prop_map(|is_late| Wish::Appeal { is_late }),
        1 => (0..14_u8, user()).prop_map(|(what, by)| Wish::Confide { what, by }),
        2 => sample::select(&[Relation::Merged, Relation::Member][..]).prop_map(|relation| Wish::Merge { relation }),
        2 => Just(Wish::Unmerge),
        1 => Just(Wish::Share),
        2 => any::<bool>().prop_map(|with_lead| Wish::Split { with_lead }),
        1 => Just(Wish::UndoSplit),
        3 => Just(Wish::PartEnds),
        1 => Just(Wish::PartReopens),
        1 => sample::select(&[Relation::Merged, Relation::Member][..]).prop_map(|relation| Wish::Joined { relation }),
        2 => Just(Wish::Left),
        1 => any::<bool>().prop_map(|is_mass| Wish::Count { is_mass }),
        2 => user().prop_map(|by| Wish::CloseMass { by }),
        1 => (0..9_u8).prop_map(|what| Wish::Learn { what }),
        1 => user().prop_map(|by| Wish::Expose { by }),
        5 => (1..=6_i64, result, consequence).prop_map(|(by, result, consequence)| Wish::Decide { by, result, consequence }),
    ]
}

/// A case in play: its state, its facts so far, and the next id.
#[derive(Clone)]
pub(crate) struct Play {
    pub(crate) life: Life,
    pub(crate) facts: Vec<Fact>,
    next: i64,
    parts_made: usize,
    pub(crate) offices: Offices,
    pub(crate) conflict: Conflict,
}

impl Play {
    pub(super) fn new() -> Self {
        Self::filed_at(CENTRE, offices(), conflict())
    }

    /// A case that a desk of this tree took in.
    pub(crate) fn filed_at(office: OfficeId, offices: Offices, conflict: Conflict) -> Self {
        let fact = Fact::CaseRegistered {
            tracking_code: "26061012344".into(),
            office,
            kind: "complaint".into(),
            channel: "phone".into(),
            text_sha256: String::new(),
            downgraded_from: None,
            category: None,
            due_at: None,
            citizen_digest: None,
        };
        Self {
            life: Life::registered(office),
            facts: vec![fact],
            next: 100,
            parts_made: 0,
            offices,
            conflict,
        }
    }

    pub(crate) fn id(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    /// One of the open referrals, mostly; else any, and an id that is not there where there is none.
    fn hop(&self, n: usize) -> ReferralId {
        let open: Vec<ReferralId> =
            self.life.hops.iter().filter(|(_, hop)| hop.state.is_open()).map(|(id, _)| *id).collect();
        match (n, open.len()) {
            (0..6, 1..) => open[n % open.len()],
            _ => self.life.hops.keys().rev().nth(n).copied().unwrap_or(ReferralId(0)),
        }
    }

    /// A referral whose answer awaits approval, where there is one.
    fn waiting(&self, n: usize) -> ReferralId {
        let waits = self.life.hops.iter().find(|(_, hop)| hop.pending.is_some()).map(|(id, _)| *id);
        waits.unwrap_or_else(|| self.hop(n))
    }

    /// What the wish makes of the present state.
    pub(crate) fn decide(&mut self, wish: &Wish) -> Result<Fact> {
        let id = self.id();
        let closed =
            |outcome: &str| Fact::CaseClosed { outcome: outcome.into(), reason: None, text_sha256: None };
        match *wish {
            Wish::Classify => self.life.can_classify().map(|()| Fact::CaseClassified {
                kind: "complaint".into(),
                category: "water.outage".into(),
                priority: "normal".into(),
                previous: None,
                due_at: None,
            }),
            Wish::Refer { by_holder, from, ref to } => {
                let from = if by_holder { self.life.holder } else { OfficeId(from) };
                let targets = to.iter().map(|(office, role)| Target {
                    referral: ReferralId(self.id()),
                    office: OfficeId(*office),
                    role: *role,
                    due_at: None,
                });
                let targets: Vec<Target> = targets.collect();
                self.life.refer(from, &targets, None, &self.offices, &self.conflict, HELPERS)
            }
            Wish::Accept { hop, user } => {
                let hop = self.hop(hop);
                self.life.accept(hop, Taker { office: CENTRE, user: UserId(user) })
            }
            Wish::Assign { hop, user } => self.life.assign(self.hop(hop), UserId(user)),
            Wish::GiveBack { hop } => self.life.give_back(self.hop(hop), "not_ours".into(), None),
            Wish::Transfer { hop, to } => {
                let hop = self.hop(hop);
                let role = self.life.hops.get(&hop).map_or(HopRole::Lead, |hop| hop.role);
                let target = Target { referral: ReferralId(id), office: OfficeId(to), role, due_at: None };
                self.life.transfer(hop, &target, "theirs".into(), &self.offices, &self.conflict, TRANSFERS)
            }
            Wish::Recall { hop } => self.life.recall(self.hop(hop), "mistake".into()),
            Wish::Ask => {
                let level = if self.life.lead.is_some() { "ministry" } else { "centre" };
                self.life.ask(QuestionId(id), level, Time::from_microsecond(0))
            }
            Wish::Reply => self.life.can_reply().map(|()| Fact::CitizenReplied {
                question: None,
                message: MessageId(id),
                moves: vec![],
            }),
            Wish::Extend { hop } => {
                let (referral, due_at) = (self.hop(hop), Time::from_microsecond(0));
                let reason = "visit".to_owned();
                self.life.can_extend(referral).map(|extension| match extension {
                    Extension::First => Fact::DeadlineExtended {
                        referral,
                        due_before: None,
                        due_at,
                        reason,
                        with_consent: false,
                    },
                    Extension::ByConsent => {
                        let request = ExtensionRequestId(id);
                        Fact::ConsentAsked { request, referral, days: 1, reason, until: due_at }
                    }
                })
            }
            Wish::Consent { accepted } => self
                .life
                .awaits_consent()
                .and_then(|(_, request)| self.life.consent(request, accepted, ("citizen", "web"))),
            Wish::Submit { hop, author, is_interim } => {
                self.life.submit(self.hop(hop), AnswerId(id), UserId(author), is_interim, String::new())
            }
            Wish::Approve { hop, by } => {
                let hop = self.waiting(hop);
                self.life.approve(hop, self.pending(hop), UserId(by), Some("upheld".into()))
            }
            Wish::Reject { hop, by } => {
                let hop = self.waiting(hop);
                self.life.reject(hop, self.pending(hop), UserId(by))
            }
            Wish::Dismiss { by } => {
                let proposal = Proposal {
                    outcome: "no_cause".into(),
                    reason: "x".into(),
                    signpost: "y".into(),
                    by: UserId(by),
                };
                self.life.dismiss(proposal, None)
            }
            Wish::Close if self.life.family.is_mass => Err(Error::Forbidden(Code::SecondPersonRequired)),
            Wish::Close => self.life.can_close().map(|()| closed("upheld")),
            // the parts are withdrawn one by one before the letter is
            Wish::Withdraw if !self.life.family.parts.is_empty() => self.decide(&Wish::PartEnds),
            Wish::Withdraw => self.life.can_withdraw().map(|()| closed("withdrawn")),
            Wish::Reopen { to_lead } => self.life.can_reopen().map(|()| self.reopened(id, to_lead)),
            Wish::Object { in_time } => {
                let said = ("web".into(), String::new());
                self.life.object(standing(in_time, false), ObjectionId(id), ReferralId(id), None, said)
            }
            Wish::Rate { score } => self.life.rate(standing(true, false), RatingId(id), score, "sms".into()),
            Wish::JudgeRepeat { by } => self.life.can_close_as_repeat().map(|()| Fact::RepeatJudged {
                of: vec![CaseId(1), CaseId(2)],
                reason: "the same".into(),
                by: UserId(by),
            }),
            Wish::CloseAsRepeat => self.life.can_close_as_repeat().map(|()| closed(REPEAT)),
            Wish::NewFacts => self.life.can_take_new_facts().map(|()| Fact::CaseReopened {
                reason: "new_facts".into(),
                status: Status::Classified,
                office: CENTRE,
                hop: None,
                due_at: None,
            }),
            Wish::Notice => Ok(match id % 2 {
                0 => Fact::ContactPlanNoticed { plan: ContactPlanId(id), step: PlanStep::Set },
                _ => Fact::CapOverridden { filed: 5, cap: 5, reason: "another matter".into() },
            }),
            Wish::Appeal { is_late } => {
                let (standing, said) = (standing(true, is_late), ("web".into(), String::new()));
                let (appeal, referral) = (AppealId(id), ReferralId(id));
                self.life.appeal(standing, &self.offices, &self.conflict, appeal, referral, None, said)
            }
            Wish::Learn { what } => Ok(self.learnt(id, what)),
            Wish::Expose { by } => self.life.false_closure(CallbackId(id), self.life.against(), UserId(by)),
            Wish::Decide { by, result, consequence } => self.decided(id, UserId(by), result, consequence),
            Wish::Confide { what, by } => Ok(confided(id, what, UserId(by))),
            ref family => self.decide_family(id, family),
        }
    }

    /// The wishes that concern other cases; these are played by their facts alone.
    fn decide_family(&mut self, id: i64, wish: &Wish) -> Result<Fact> {
        let refused = || Err(Error::Conflict(Code::WrongState));
        let part = self.life.family.parts.first().copied();
        match *wish {
            Wish::Merge { relation } => self.life.merge(CaseId(7), relation, "twice".into()),
            Wish::Unmerge => self.life.unmerge("another matter".into()),
            Wish::Share => self.shared(id),
            Wish::Split { with_lead } => {
                self.life.can_split()?;
                let is_out = self.life.status == Status::Referred;
                let hop = (!is_out).then(|| self.lead_to(id, self.life.holder, OfficeId(2)));
                self.parts_made = if with_lead || is_out { 2 } else { 3 };
                Ok(Fact::CaseSplit {
                    parts: self.parts_made,
                    reason: "several matters".into(),
                    from: self.life.status,
                    hop,
                })
            }
            Wish::UndoSplit => match part {
                Some(case) => Ok(Fact::CaseLeft { case, relation: Relation::Part }),
                None => refused(),
            },
            Wish::PartEnds => match part {
                Some(part) => Ok(Fact::PartClosed { part, outcome: Some("upheld".into()) }),
                None => refused(),
            },
            Wish::PartReopens if self.life.status == Status::Referred && self.parts_made > 0 => {
                Ok(Fact::PartReopened { part: CaseId(9) })
            }
            Wish::Joined { relation } => {
                self.life.can_lead().map(|()| Fact::CaseJoined { case: CaseId(id), relation })
            }
            Wish::Left => match self.life.family.followers.first_key_value() {
                Some((case, relation)) => Ok(Fact::CaseLeft { case: *case, relation: *relation }),
                None => refused(),
            },
            Wish::Count { is_mass } if self.life.has_members() || !is_mass => {
                Ok(Fact::GroupCounted { persons: 6, households: 5, is_mass })
            }
            Wish::CloseMass { by } if self.life.family.is_mass => {
                let closing = Closing {
                    outcome: "upheld".into(),
                    reason: None,
                    minutes_sha256: String::new(),
                    by: UserId(by),
                };
                self.life.close_mass(closing, None)
            }
            _ => refused(),
        }
    }

    fn lead_to(&self, id: i64, from: OfficeId, office: OfficeId) -> NewHop {
        NewHop { referral: ReferralId(id), parent: None, from, office, role: HopRole::Lead, due_at: None }
    }

    /// Only a case that follows another gets that one's answer.
    fn shared(&self, id: i64) -> Result<Fact> {
        let (parent, _) = self.life.followed()?;
        Ok(Fact::AnswerShared {
            parent,
            answer: AnswerId(id),
            outcome: Some("upheld".into()),
            author: UserId(5),
            approved_by: Some(UserId(6)),
            text_sha256: String::new(),
            hop: self.lead_to(id, CENTRE, OfficeId(3)),
        })
    }

    fn learnt(&self, id: i64, what: u8) -> Fact {
        let (problem, recommendation) = (ProblemId(id), RecommendationId(id));
        match what {
            0 => Fact::ProblemLinked { problem },
            1 => Fact::ProblemUnlinked { problem },
            2 => Fact::ProblemSettled { problem, round: 1, is_solved: true },
            3 => Fact::CauseRecorded { cause: "delay".into(), office: self.life.against() },
            4 => Fact::RecommendationMade { recommendation, office: CENTRE, text_sha256: String::new() },
            5 => Fact::RecommendationMoved { recommendation, state: "done".into(), percent: None },
            6 => Fact::CallLinked {
                call: PhoneCallId(id),
                queue: Some("111".into()),
                waited_seconds: Some(12),
                length_seconds: None,
            },
            7 => Fact::RingBackMoved {
                callback: PhoneCallbackId(id),
                state: "promised".into(),
                tries: 0,
                due_at: None,
            },
            _ => Fact::CitizenCalledBack { callback: CallbackId(id), claim: "resolved".into(), score: 80 },
        }
    }

    fn pending(&self, hop: ReferralId) -> AnswerId {
        let pending = self.life.hops.get(&hop).and_then(|hop| hop.pending);
        pending.map_or(AnswerId(0), |pending| pending.answer)
    }

    fn decided(&self, id: i64, by: UserId, result: AppealResult, consequence: Consequence) -> Result<Fact> {
        let decided = Decided {
            appeal: AppealId(id),
            result,
            consequence,
            outcome: (consequence == Consequence::ChangeOutcome).then(|| "granted".into()),
            grounds_sha256: String::new(),
            order: (ReferralId(id), None),
        };
        self.life.decide_appeal(by, &self.hands(), decided)
    }

    /// Whose hand was in the case so far.
    pub(super) fn hands(&self) -> BTreeSet<UserId> {
        self.facts.iter().filter_map(Fact::hand).collect()
    }

    /// Back to the office that answered last, where there was one.
    fn reopened(&self, id: i64, to_lead: bool) -> Fact {
        let last = self.life.body().map(|(_, hop)| hop).filter(|_| to_lead);
        let hop = last.map(|last| NewHop {
            referral: ReferralId(id),
            parent: None,
            from: last.from,
            office: last.office,
            role: HopRole::Lead,
            due_at: None,
        });
        Fact::CaseReopened {
            reason: "again".into(),
            status: if hop.is_some() { Status::Referred } else { Status::Classified },
            office: hop.as_ref().map_or(CENTRE, |hop| hop.office),
            hop,
            due_at: None,
        }
    }

    /// Lays a fact on the state and remembers it.
    pub(crate) fn take(&mut self, fact: Fact) {
        self.life.apply(&fact);
        self.facts.push(fact);
    }

    /// Grants the wish, or leaves everything as it is.
    pub(super) fn grant(&mut self, wish: &Wish) -> Option<Fact> {
        let before = self.life.clone();
        match self.decide(wish) {
            Ok(fact) => {
                self.take(fact.clone());
                if let Fact::CaseSplit { parts, .. } = fact {
                    for _ in 0..parts {
                        let case = CaseId(self.id());
                        self.take(Fact::CaseJoined { case, relation: Relation::Part });
                    }
                }
                // the consent is what extends
                if let Fact::ConsentAnswered { referral, accepted: true, .. } = fact {
                    let (due_at, reason) = (Time::from_microsecond(0), "visit".to_owned());
                    self.take(Fact::DeadlineExtended {
                        referral,
                        due_before: None,
                        due_at,
                        reason,
                        with_consent: true,
                    });
                }
                Some(fact)
            }
            Err(_) => {
                assert_eq!(self.life, before, "a refusal changes nothing");
                None
            }
        }
    }
}

/// A fact on who may read the case; open in every state.
fn confided(id: i64, what: u8, by: UserId) -> Fact {
    let (request, attachment) = (IdentityRequestId(id), AttachmentId(id));
    let (reason, text_sha256) = (String::from("why"), String::new());
    match what {
        0 => Fact::CaseSealed { reason },
        1 => Fact::CaseUnsealed { reason },
        2 => Fact::ExtractProposed { text_sha256 },
        3 => Fact::ExtractConfirmed { text_sha256 },
        4 => Fact::IdentityAsked { request },
        5 => {
            let until = Time::from_microsecond(0);
            Fact::IdentityReleased { request, to: by, office: CENTRE, by, until }
        }
        6 => Fact::IdentityRefused { request, by },
        7 => Fact::IdentityRevoked { request, by },
        8 => Fact::FileReleased { attachment },
        9 => Fact::FileInfected { attachment, signature: "Eicar".into() },
        10 => Fact::CitizenMerged { merge: CitizenMergeId(id), citizen_digest: None },
        11 => Fact::CitizenUnmerged { merge: CitizenMergeId(id), citizen_digest: Some(format!("{id:064x}")) },
        12 => Fact::CorrectionAsked { request: CorrectionRequestId(id), field: "name".into() },
        13 => Fact::CorrectionDecided { request: CorrectionRequestId(id), accepted: id % 2 == 0 },
        _ => Fact::FileHidden { attachment },
    }
}

/// A moment inside or after the citizen's window, with the body's answer late or not.
fn standing(in_time: bool, is_late: bool) -> Standing {
    let (past, now, future) =
        (Time::from_microsecond(0), Time::from_microsecond(1), Time::from_microsecond(2));
    Standing {
        now,
        window: Some(if in_time { future } else { past }),
        due: Some(if is_late { past } else { future }),
        poor: 2,
    }
}
