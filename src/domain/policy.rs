//! Whether an actor may do a verb to an office's work: the policy matrix applied.
//!
//! The matrix (role × verb × reach) is data; this is the one place that reads it. Visibility is a separate
//! predicate (see [`crate::domain::visibility`]): what is not visible is not found, what is visible but not
//! allowed is forbidden.

use crate::db::types::OfficeId;
use crate::domain::actor::{Act, Actor, Role, Staff};
use crate::domain::rulebook::{Reach, Rulebook, Verb};
use crate::error::{Code, Error, Result};

/// Whether this person may do `verb` to work of `office`; gives the assignment that allows it.
pub fn assignment_for(
    rules: &Rulebook,
    staff: &Staff,
    verb: Verb,
    office: OfficeId,
) -> Option<(Role, OfficeId)> {
    staff.assignments.iter().copied().find(|(role, at)| match rules.reach(*role, verb) {
        Reach::None => false,
        Reach::Own => *at == office,
        Reach::Tree => rules.offices.is_within(office, *at),
    })
}

/// Allows `verb` on work of `office`, or says why not; gives the office in whose name it is done.
pub fn allow(act: &Act, verb: Verb, office: OfficeId) -> Result<OfficeId> {
    match &act.actor {
        Actor::System => Ok(office),
        Actor::Staff(staff) => match assignment_for(&act.rules, staff, verb, office) {
            Some((_, at)) => Ok(at),
            None if holds_anywhere(&act.rules, staff, verb) => Err(Error::Forbidden(Code::NotYourOffice)),
            None => Err(Error::Forbidden(Code::Forbidden)),
        },
        Actor::Gateway { office: own, .. } if matches!(verb, Verb::Register | Verb::Reply | Verb::Attach) => {
            Ok(*own)
        }
        Actor::Gateway { .. } | Actor::Citizen { .. } | Actor::Public => {
            Err(Error::Forbidden(Code::Forbidden))
        }
    }
}

/// Allows what only the gateway of this channel does, such as telling what became of a message.
pub fn allow_channel(act: &Act, channel: &str) -> Result<()> {
    match &act.actor {
        Actor::Gateway { channels, .. } if channels.iter().any(|own| own == "*" || own == channel) => Ok(()),
        _ => Err(Error::Forbidden(Code::Forbidden)),
    }
}

/// Allows a verb that concerns no single office (configuration, users); gives the first office it is held at.
pub fn allow_anywhere(act: &Act, verb: Verb) -> Result<OfficeId> {
    let Actor::Staff(staff) = &act.actor else { return Err(Error::Forbidden(Code::Forbidden)) };
    staff
        .assignments
        .iter()
        .find(|(role, _)| act.rules.reach(*role, verb) != Reach::None)
        .map(|(_, office)| *office)
        .ok_or(Error::Forbidden(Code::Forbidden))
}

/// Whether the person holds `verb` at any office.
pub fn holds_anywhere(rules: &Rulebook, staff: &Staff, verb: Verb) -> bool {
    staff.assignments.iter().any(|(role, _)| rules.reach(*role, verb) != Reach::None)
}

/// The policy matrix as a table: one line a verb, one column a role; `.` none, `own`, `tree`.
pub fn matrix(rules: &Rulebook) -> String {
    let mut table = format!("{:16}", "verb");
    Role::ALL.iter().for_each(|role| table.push_str(&format!("{role:>11}")));
    for verb in Verb::ALL {
        table.push_str(&format!("\n{:16}", verb.as_str()));
        for role in Role::ALL {
            let reach = match rules.reach(*role, *verb) {
                Reach::None => ".",
                Reach::Own => "own",
                Reach::Tree => "tree",
            };
            table.push_str(&format!("{reach:>11}"));
        }
    }
    table + "\n"
}

/// Whether the actor may read cases at all: a role without that right is refused, not shown an empty list.
pub fn allow_reading(act: &Act) -> Result<()> {
    match act.actor {
        Actor::Staff(_) => allow_anywhere(act, Verb::ReadCase).map(|_| ()),
        Actor::System | Actor::Citizen { .. } => Ok(()),
        Actor::Gateway { .. } | Actor::Public => Err(Error::Forbidden(Code::Forbidden)),
    }
}
