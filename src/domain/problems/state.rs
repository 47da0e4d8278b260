//! Where a problem stands, and what may be done with it there; pure.

use crate::error::{Code, Error, Language, Result};
use crate::text_enum;

text_enum! {
    /// Where a problem stands.
    pub enum ProblemState {
        /// Somebody saw it; its owner has not taken it up.
        Proposed = "proposed",
        Open = "open",
        /// Its answer is approved and shown; the matter itself is not solved yet.
        Answered = "answered",
        Solved = "solved",
        /// Found not to be solvable, or none.
        Dropped = "dropped",
    }
}

impl ProblemState {
    /// Whether its owner has nothing more to do.
    pub fn is_settled(self) -> bool {
        matches!(self, ProblemState::Solved | ProblemState::Dropped)
    }

    /// After it was given to an owner: one that was only proposed is taken up.
    ///
    /// # Errors
    /// `problem_state` once it is settled.
    pub fn assigned(self) -> Result<Self> {
        match self {
            ProblemState::Proposed | ProblemState::Open => Ok(ProblemState::Open),
            ProblemState::Answered => Ok(ProblemState::Answered),
            ProblemState::Solved | ProblemState::Dropped => Err(wrong()),
        }
    }

    /// Whether an answer may be written or approved now.
    pub fn can_be_answered(self) -> Result<()> {
        match self {
            ProblemState::Open | ProblemState::Answered => Ok(()),
            ProblemState::Proposed | ProblemState::Solved | ProblemState::Dropped => Err(wrong()),
        }
    }

    /// After its settlement: nothing is solved without an approved answer that says how.
    pub fn settled(self, is_solved: bool) -> Result<Self> {
        match (self, is_solved) {
            (ProblemState::Answered, true) => Ok(ProblemState::Solved),
            (ProblemState::Proposed | ProblemState::Open, true) => {
                Err(Error::Conflict(Code::ProblemNotAnswered))
            }
            (ProblemState::Proposed | ProblemState::Open | ProblemState::Answered, false) => {
                Ok(ProblemState::Dropped)
            }
            (ProblemState::Solved | ProblemState::Dropped, _) => Err(wrong()),
        }
    }

    /// After it came back.
    pub fn reopened(self) -> Result<Self> {
        if self.is_settled() { Ok(ProblemState::Open) } else { Err(wrong()) }
    }

    /// Plain words for citizens.
    pub fn words(self, reader: Language) -> &'static str {
        match (self, reader) {
            (ProblemState::Proposed, Language::Fa) => "پیشنهاد شده",
            (ProblemState::Proposed, Language::En) => "Proposed",
            (ProblemState::Open, Language::Fa) => "در دست رسیدگی",
            (ProblemState::Open, Language::En) => "Being worked on",
            (ProblemState::Answered, Language::Fa) => "پاسخ داده شده؛ اجرا در جریان است",
            (ProblemState::Answered, Language::En) => "Answered; the work is under way",
            (ProblemState::Solved, Language::Fa) => "حل شده",
            (ProblemState::Solved, Language::En) => "Solved",
            (ProblemState::Dropped, Language::Fa) => "بررسی پایان یافت؛ حل‌شدنی نبود",
            (ProblemState::Dropped, Language::En) => "Examined; it could not be solved",
        }
    }
}

fn wrong() -> Error {
    Error::Conflict(Code::ProblemState)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_solved_without_an_approved_answer() {
        for state in ProblemState::ALL {
            assert_eq!(state.settled(true).is_ok(), *state == ProblemState::Answered, "{state}");
            assert_eq!(state.settled(false).is_err(), state.is_settled(), "{state}");
        }
    }

    proptest! {
        #[test]
        fn only_a_reopening_leads_out_of_a_settled_problem(steps in proptest::collection::vec(0..4_u8, 1..30)) {
            let mut state = ProblemState::Proposed;
            for step in steps {
                let next = match step {
                    0 => state.assigned(),
                    1 => state.can_be_answered().map(|()| ProblemState::Answered),
                    2 => state.settled(true),
                    _ => state.settled(false),
                };
                if state.is_settled() {
                    prop_assert!(next.is_err());
                    state = state.reopened().unwrap();
                } else {
                    prop_assert!(state.reopened().is_err());
                    state = next.unwrap_or(state);
                }
            }
        }
    }
}
