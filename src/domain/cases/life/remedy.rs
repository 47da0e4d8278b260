//! What a citizen who is not content may do: object once to the same body, rate, and go one level up; and how
//! an appeal is decided (design §2; requirement tags P5.3, P5.6, S2.2iv).
//!
//! One additional answer from the same body, then the level above, never the same person, as in Korea's
//! e-People and India's CPGRAMS, where a poor rating opens the appeal.

use std::collections::BTreeSet;

use super::{Fact, HopRole, HopState, Life, NewHop, Status};
use crate::db::types::{AppealId, ObjectionId, OfficeId, RatingId, ReferralId, Time, UserId};
use crate::domain::conflict::Conflict;
use crate::domain::rulebook::Offices;
use crate::error::{Code, Error, FieldError, Result};
use crate::text_enum;

text_enum! {
    /// What opened an appeal.
    pub enum AppealCause {
        AdditionalAnswer = "additional_answer", PoorRating = "poor_rating",
        /// The lead's deadline passed without an answer.
        Late = "late",
    }
}

text_enum! {
    /// How far an appeal was right.
    pub enum AppealResult { Upheld = "upheld", Partly = "partly", Dismissed = "dismissed" }
}

impl AppealResult {
    /// The result in plain Persian and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            AppealResult::Upheld => ("تجدیدنظر پذیرفته شد", "The appeal was upheld"),
            AppealResult::Partly => ("تجدیدنظر تا حدی پذیرفته شد", "The appeal was upheld in part"),
            AppealResult::Dismissed => ("تجدیدنظر رد شد", "The appeal was dismissed"),
        }
    }
}

text_enum! {
    /// What follows from the decision on an appeal.
    pub enum Consequence {
        /// The body must answer again, under a new deadline.
        ReAnswer = "re_answer",
        /// The case closes with another outcome.
        ChangeOutcome = "change_outcome",
        /// The former outcome stands.
        None = "none",
    }
}

/// What the rules and clocks say of a case at this moment; the state machine knows neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub now: Time,
    /// Until when an answered or closed case may be objected to, rated and appealed.
    pub window: Option<Time>,
    /// When the answer of the body is due.
    pub due: Option<Time>,
    /// The best rating that still counts as poor.
    pub poor: u8,
}

/// A decision on an appeal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub appeal: AppealId,
    pub result: AppealResult,
    pub consequence: Consequence,
    /// The other outcome, for a change of it.
    pub outcome: Option<String>,
    pub grounds_sha256: String,
    /// The id and the deadline that an ordered answer will have.
    pub order: (ReferralId, Option<Time>),
}

/// Closings after which nothing can be objected to, rated or appealed.
const ENDED_BY_CITIZEN: [&str; 2] = ["withdrawn", "merged"];

impl Life {
    /// Sends the case back to the body that answered, for one additional answer.
    pub fn object(
        &self,
        standing: Standing,
        objection: ObjectionId,
        referral: ReferralId,
        due_at: Option<Time>,
        said: (String, String),
    ) -> Result<Fact> {
        let office = self.can_object(standing)?;
        let (channel, text_sha256) = said;
        let from = self.body().map_or(office, |(_, hop)| hop.from);
        let hop = NewHop { referral, parent: None, from, office, role: HopRole::Lead, due_at };
        Ok(Fact::ObjectionRaised { objection, channel, text_sha256, hop })
    }

    /// The body that would answer once more; or why the citizen cannot object now.
    pub fn can_object(&self, standing: Standing) -> Result<OfficeId> {
        if self.open_appeal().is_some() {
            return Err(Error::Conflict(Code::AppealPending));
        }
        self.check_answered_here()?;
        self.check_not_final()?;
        match self.status {
            Status::Answered | Status::Closed => self.check_window(standing)?,
            _ if self.objections > 0 => return Err(Error::Conflict(Code::AlreadyObjected)),
            _ => return Err(Error::Conflict(Code::NothingAnswered)),
        }
        let body = self.body().map(|(_, hop)| hop).filter(|hop| hop.state == HopState::Answered);
        match body {
            Some(_) if self.objections > 0 => Err(Error::Conflict(Code::AlreadyObjected)),
            Some(hop) => Ok(hop.office),
            None => Err(Error::Conflict(Code::NothingAnswered)),
        }
    }

    /// Records the citizen's rating; the same one again is told as done.
    pub fn rate(&self, standing: Standing, rating: RatingId, score: u8, channel: String) -> Result<Fact> {
        self.can_rate(standing)?;
        if !(1..=5).contains(&score) {
            let (fa, en) = ("امتیاز میان ۱ و ۵ باشد.", "A rating is 1 to 5.");
            return Err(Error::field(FieldError::new("score", "out_of_range", fa, en)));
        }
        Ok(Fact::CaseRated { rating, score, channel, previous: self.rating })
    }

    /// Whether an answered or closed case may be rated, or its rating changed.
    pub fn can_rate(&self, standing: Standing) -> Result<()> {
        self.check_answered_here()?;
        match self.status {
            Status::Answered | Status::Closed => self.check_window(standing),
            _ => Err(Error::Conflict(Code::RatingNotOpen)),
        }
    }

    /// Sends the case one level up.
    #[expect(clippy::too_many_arguments, reason = "the parts of one referral, and what is asked of the tree")]
    pub fn appeal(
        &self,
        standing: Standing,
        offices: &Offices,
        conflict: &Conflict,
        appeal: AppealId,
        referral: ReferralId,
        due_at: Option<Time>,
        said: (String, String),
    ) -> Result<Fact> {
        let (cause, office) = self.can_appeal(standing, offices, conflict)?;
        let (channel, text_sha256) = said;
        let hop =
            NewHop { referral, parent: None, from: self.against(), office, role: HopRole::Appeal, due_at };
        Ok(Fact::AppealRaised { appeal, cause, channel, text_sha256, hop })
    }

    /// What opens an appeal now and who would decide it; or why the citizen cannot appeal.
    pub fn can_appeal(
        &self,
        standing: Standing,
        offices: &Offices,
        conflict: &Conflict,
    ) -> Result<(AppealCause, OfficeId)> {
        if self.open_appeal().is_some() {
            return Err(Error::Conflict(Code::AppealPending));
        }
        self.check_answered_here()?;
        self.no_open_parts()?;
        self.check_not_final()?;
        let cause = self.cause(standing)?;
        let above = self.level_above(offices, conflict).ok_or(Error::Conflict(Code::NoLevelAbove))?;
        Ok((cause, above))
    }

    fn cause(&self, standing: Standing) -> Result<AppealCause> {
        match self.status {
            Status::Referred if standing.due.is_some_and(|due| due < standing.now) => Ok(AppealCause::Late),
            Status::Answered | Status::Closed => {
                self.check_window(standing)?;
                let is_poor = self.rating.is_some_and(|score| score <= standing.poor);
                let was_answered_again = self.body().is_some_and(|(_, hop)| hop.state == HopState::Answered)
                    && (self.objections > 0 || self.hops.values().any(|hop| hop.role == HopRole::Appeal));
                match (was_answered_again, is_poor) {
                    (true, _) => Ok(AppealCause::AdditionalAnswer),
                    (false, true) => Ok(AppealCause::PoorRating),
                    (false, false) => Err(Error::Conflict(Code::AppealNotOpen)),
                }
            }
            _ => Err(Error::Conflict(Code::AppealNotOpen)),
        }
    }

    /// The office that is appealed against: the body that answers, or the desk that closed the case.
    pub fn against(&self) -> OfficeId {
        self.body().map_or(self.holder, |(_, hop)| hop.office)
    }

    /// The nearest office above that never worked on the case, takes referrals, and has no conflict of interest;
    /// where a complaint is about those above, the inspection office.
    fn level_above(&self, offices: &Offices, conflict: &Conflict) -> Option<OfficeId> {
        let worked = |office: OfficeId| {
            let worked = |hop: &super::Hop| {
                hop.office == office && matches!(hop.role, HopRole::Lead | HopRole::Appeal)
            };
            self.hops.values().any(|hop| worked(hop) && was_taken_up(hop))
        };
        let may_decide = |office: &OfficeId| {
            !worked(*office) && super::decide::check_receiver(*office, "", offices, conflict).is_ok()
        };
        let above = offices.with_ancestors(self.against()).into_iter().skip(1).find(may_decide);
        above.or_else(|| offices.inspection().filter(|office| !conflict.is_none() && may_decide(office)))
    }

    /// Decides on the appeal: grounds are stored beside; whoever had a hand in the case may not.
    pub fn decide_appeal(&self, by: UserId, hands: &BTreeSet<UserId>, decided: Decided) -> Result<Fact> {
        let (referral, hop) = self.open_appeal().ok_or(Error::Conflict(Code::WrongState))?;
        if self.status != Status::Referred {
            return Err(Error::Conflict(Code::WrongState));
        }
        if hands.contains(&by) {
            return Err(Error::Forbidden(Code::SamePerson));
        }
        let Decided { appeal, result, consequence, outcome, grounds_sha256, order } = decided;
        self.check_consequence(result, consequence, outcome.as_deref())?;
        if consequence != Consequence::ReAnswer {
            // it ends the letter, of which a part may have been taken up again meanwhile
            self.no_open_parts()?;
        }
        let order = match consequence {
            Consequence::ReAnswer => Some(NewHop {
                referral: order.0,
                parent: None,
                from: hop.office,
                office: self.against(),
                role: HopRole::Lead,
                due_at: order.1,
            }),
            Consequence::ChangeOutcome | Consequence::None => None,
        };
        let outcome = match consequence {
            Consequence::ReAnswer => None,
            Consequence::ChangeOutcome => outcome,
            Consequence::None => self.outcome.clone(),
        };
        Ok(Fact::AppealDecided {
            appeal,
            referral,
            result,
            consequence,
            grounds_sha256,
            by,
            outcome,
            hop: order,
        })
    }

    /// An appeal that was right changes something; one that was not leaves the former outcome, and a case
    /// without an answer is never closed by a dismissal.
    fn check_consequence(
        &self,
        result: AppealResult,
        consequence: Consequence,
        outcome: Option<&str>,
    ) -> Result<()> {
        let wrong = |field: &str, code, fa, en| Err(Error::field(FieldError::new(field, code, fa, en)));
        match (result, consequence) {
            (AppealResult::Upheld | AppealResult::Partly, Consequence::None) => wrong(
                "consequence",
                "required",
                "تجدیدنظر پذیرفته باید پیامدی داشته باشد: re_answer یا change_outcome.",
                "An appeal that is upheld has a consequence: re_answer or change_outcome.",
            ),
            (AppealResult::Dismissed, Consequence::ChangeOutcome) => wrong(
                "consequence",
                "not_with_dismissed",
                "رد تجدیدنظر نتیجه را عوض نمی‌کند؛ none بفرستید.",
                "A dismissed appeal changes no outcome; send none.",
            ),
            (AppealResult::Dismissed, Consequence::None) if self.outcome.is_none() => wrong(
                "consequence",
                "no_answer_yet",
                "هنوز پاسخی داده نشده است؛ re_answer بفرستید تا دستگاه پاسخ دهد.",
                "There is no answer yet; send re_answer, so that the body answers.",
            ),
            (AppealResult::Dismissed, Consequence::ReAnswer) if self.outcome.is_some() => wrong(
                "consequence",
                "not_with_dismissed",
                "با رد تجدیدنظر پاسخ پیشین می‌ماند؛ none بفرستید.",
                "With a dismissed appeal the former answer stands; send none.",
            ),
            (_, Consequence::ChangeOutcome) if outcome.is_none() => {
                Err(Error::field(FieldError::required("outcome")))
            }
            _ => Ok(()),
        }
    }

    /// A case that follows another has no answer of its own yet.
    fn check_answered_here(&self) -> Result<()> {
        if self.awaits_parent() { Err(Error::Conflict(Code::FollowsAnother)) } else { Ok(()) }
    }

    /// A case that was closed by the decision on its appeal is at the end of the way inside.
    fn check_not_final(&self) -> Result<()> {
        let present = self.lead.and_then(|lead| self.hops.get(&lead));
        match present {
            Some(hop) if hop.role == HopRole::Appeal && hop.state == HopState::Answered => {
                Err(Error::Conflict(Code::AppealDecided))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_window(&self, standing: Standing) -> Result<()> {
        if self.status == Status::Closed
            && self.outcome.as_deref().is_some_and(|outcome| ENDED_BY_CITIZEN.contains(&outcome))
        {
            return Err(Error::Conflict(Code::WrongState));
        }
        match standing.window {
            Some(until) if standing.now < until => Ok(()),
            Some(_) | None => Err(Error::Conflict(Code::WindowPassed)),
        }
    }
}

/// Whether an office had the matter in hand, rather than passed it on unread.
fn was_taken_up(hop: &super::Hop) -> bool {
    match hop.state {
        HopState::Accepted | HopState::Answered | HopState::Ended | HopState::Sent => true,
        HopState::Returned | HopState::Transferred | HopState::Recalled => false,
    }
}
