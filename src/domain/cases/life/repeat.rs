//! The third identical filing: whether it may be closed without being handled, and what new facts do to it
//! (Korea, Civil Petitions Treatment Act, article 23).

use super::{Life, Status};
use crate::error::{Code, Error, Result};

/// The outcome of a case that was closed as a repeat.
pub const REPEAT: &str = "repeat";

impl Life {
    /// A case of its own that waits or works may be closed as a repeat; one that was taken up again is handled to
    /// its end, and so is one that speaks for others.
    pub fn can_close_as_repeat(&self) -> Result<()> {
        self.expect(&[Status::Registered, Status::Classified, Status::Referred])?;
        self.no_open_parts()?;
        if self.has_members() {
            return Err(Error::Conflict(Code::SpeaksForOthers));
        }
        if self.follows.is_some() {
            return Err(Error::Conflict(Code::FollowsAnother));
        }
        if self.open_appeal().is_some() {
            return Err(Error::Conflict(Code::AppealPending));
        }
        if self.reopenings > 0 || self.objections > 0 {
            return Err(Error::Conflict(Code::TakenUpAgain));
        }
        Ok(())
    }

    /// New facts open what was closed as a repeat, at any time.
    pub fn can_take_new_facts(&self) -> Result<()> {
        match (self.status, self.outcome.as_deref()) {
            (Status::Closed, Some(REPEAT)) => Ok(()),
            _ => Err(Error::Conflict(Code::WrongState)),
        }
    }

    /// The citizen's word is taken: by an open case, or as new facts.
    pub fn can_speak(&self) -> Result<()> {
        self.can_hear().or_else(|refusal| self.can_take_new_facts().map_err(|_| refusal))
    }
}
