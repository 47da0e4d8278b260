//! Take: something readable becomes a message on its case, a case, or work for whoever keys it.

use super::inbound::Inbound;
use super::received::{Delivery, Received};
use super::{automatic, call, sender, sms, thread};
use crate::db::DbConnection;
use crate::db::types::{CaseId, IntakeItemId, MessageId, SmsDialogueId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::ask::{self, Reply};
use crate::domain::cases::attach;
use crate::domain::cases::register::{self, Register, Registered};
use crate::domain::citizens::CitizenInput;
use crate::domain::input;
use crate::domain::intake::steps::Step;
use crate::domain::intake::{DiscardReason, FileRole, ItemState, NO_TEXT, Outcome, Refusal, StepKind, files};
use crate::error::{Code, Error, FieldError, Result};

/// What became of it.
pub(super) enum Taken {
    Registered(Box<Registered>),
    Joined {
        case: CaseId,
        message: MessageId,
    },
    ToKey(String),
    /// A machine's mail: kept, and no case.
    SetAside {
        reason: DiscardReason,
        case: Option<CaseId>,
    },
    /// It was a word to the service itself.
    Answered {
        case: Option<CaseId>,
    },
    /// It waits in a dialogue, at this place among what waits there.
    Held {
        dialogue: SmsDialogueId,
        part: i32,
    },
}

impl Taken {
    pub(super) fn state(&self) -> ItemState {
        match self {
            Taken::Registered(_) => ItemState::Registered,
            Taken::Joined { .. } => ItemState::Joined,
            Taken::ToKey(_) => ItemState::ToKey,
            Taken::SetAside { .. } => ItemState::Discarded,
            Taken::Answered { .. } => ItemState::Answered,
            Taken::Held { .. } => ItemState::Asked,
        }
    }

    pub(super) fn case(&self) -> Option<CaseId> {
        match self {
            Taken::Registered(done) => Some(done.row.id),
            Taken::Joined { case, .. } => Some(*case),
            Taken::Answered { case } => *case,
            Taken::ToKey(_) | Taken::Held { .. } | Taken::SetAside { .. } => None,
        }
    }

    pub(super) fn outcome(&self) -> Result<Outcome> {
        match self {
            Taken::Registered(done) => Ok(Outcome { case: Some(done.row.id), ..Outcome::default() }),
            Taken::Joined { case, message } => {
                Ok(Outcome { case: Some(*case), message: Some(*message), ..Outcome::default() })
            }
            Taken::ToKey(reason) => Outcome::refused(&waits_for_key(reason)),
            Taken::SetAside { reason, case } => {
                Ok(Outcome { case: *case, reason: Some(reason.to_string()), ..Outcome::default() })
            }
            Taken::Answered { case } => Ok(Outcome { case: *case, ..Outcome::default() }),
            Taken::Held { .. } => Ok(Outcome::default()),
        }
    }

    pub(super) fn received(self, item: IntakeItemId) -> Received {
        let state = self.state();
        let mut told = Received {
            item,
            state,
            delivery: Delivery::First,
            case: self.case(),
            tracking_code: None,
            message: None,
            registered: None,
            refusal: None,
        };
        match self {
            Taken::Registered(done) => {
                told.tracking_code = Some(done.row.tracking_code.clone());
                told.registered = Some(*done);
            }
            Taken::Joined { message, .. } => told.message = Some(message),
            Taken::ToKey(reason) => told.refusal = Some(waits_for_key(&reason)),
            Taken::SetAside { reason, .. } => told.refusal = Some(waits_for_key(reason.as_str())),
            Taken::Answered { .. } | Taken::Held { .. } => {}
        }
        told
    }
}

fn waits_for_key(reason: &str) -> Refusal {
    Refusal { reason: reason.to_owned(), fields: Vec::new() }
}

/// Threads or registers; what is done is added to the log.
pub(super) fn take(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    log: &mut Vec<Step>,
) -> Result<Taken> {
    if let Some(taken) = automatic::recognise(connection, act, inbound, log)? {
        return Ok(taken);
    }
    let text = words(&inbound.text);
    let has_words = !text.trim().is_empty();
    if !has_words && inbound.enclosed.is_empty() && inbound.raw.is_none() {
        return Err(Error::field(FieldError::required("text")));
    }
    let to_key = inbound.to_key.clone().or_else(|| (!has_words).then(|| NO_TEXT.to_owned()));
    if let Some(reason) = to_key {
        log.push((StepKind::ToKey, Some(reason.clone())));
        return Ok(Taken::ToKey(reason));
    }
    let (citizen, unread) = sender::told(&inbound.sender, inbound.language.as_deref());
    log.extend(unread.into_iter().map(|field| (StepKind::SenderUnread, Some(field))));
    if let Some(waits) = sms::part_of(connection, act, inbound, &citizen, log)? {
        return Ok(waits);
    }
    take_words(connection, act, inbound, citizen, text, log)
}

/// The same with the whole words of a sender who is read.
pub(super) fn take_words(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    citizen: CitizenInput,
    text: String,
    log: &mut Vec<Step>,
) -> Result<Taken> {
    if let Some(answered) = sms::talk(connection, act, inbound, &citizen, &text, log)? {
        return Ok(answered);
    }
    if let Some((case, message)) = join(connection, act, inbound, &citizen, &text, log)? {
        call::tie(connection, act, inbound, case)?;
        automatic::tell_cut(connection, act, inbound, case)?;
        return Ok(Taken::Joined { case, message });
    }
    if sms::is_unknown(connection, act, inbound, &citizen)? {
        return sms::hold_back(connection, act, &citizen, &text, log);
    }
    let done = register::register(connection, act, &filing(act, inbound, citizen, text))?;
    log_registered(&done, log);
    call::tie(connection, act, inbound, done.row.id)?;
    automatic::tell_cut(connection, act, inbound, done.row.id)?;
    Ok(Taken::Registered(Box::new(done)))
}

/// What a new case adds to the log.
pub(super) fn log_registered(done: &Registered, log: &mut Vec<Step>) {
    log.push((StepKind::Registered, done.downgraded_from.as_ref().map(|_| "downgraded_to_report".into())));
    log.extend(done.told_by.map(|outlet| (StepKind::Acknowledged, Some(outlet.to_string()))));
}

/// Adds the words to the case that they belong to, in the name of its citizen.
fn join(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    citizen: &CitizenInput,
    text: &str,
    log: &mut Vec<Step>,
) -> Result<Option<(CaseId, MessageId)>> {
    let found = thread::find(connection, act, inbound, &sender::identity(citizen))?;
    log.extend((0..found.unproved).map(|_| (StepKind::CodeUnproved, None)));
    for (case, ground) in found.cases {
        let reply = Reply { text: text.to_owned(), channel: Some(inbound.channel.to_string()) };
        match ask::reply(connection, &as_citizen(act, case), case, &reply) {
            Ok((docket, message)) => {
                log.push((StepKind::Joined, Some(ground.as_str().into())));
                return Ok(Some((docket.row.id, message)));
            }
            // it takes no message any more; what is said is a new matter then
            Err(Error::Conflict(code)) if code != Code::Duplicate => {
                log.push((StepKind::CaseSilent, Some(code.as_str().into())));
            }
            Err(Error::Forbidden(code)) => log.push((StepKind::CaseSilent, Some(code.as_str().into()))),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

pub(super) fn as_citizen(act: &Act, case: CaseId) -> Act {
    Act { actor: Actor::Citizen { case }, ..act.clone() }
}

pub(super) fn filing(act: &Act, inbound: &Inbound, citizen: CitizenInput, text: String) -> Register {
    let subject = inbound.subject.as_deref().map(words).filter(|subject| !subject.trim().is_empty());
    let matter = inbound.matter.clone();
    Register {
        kind: matter.kind.unwrap_or_else(|| "request".into()),
        channel: inbound.channel.to_string(),
        text,
        subject: subject.map(|subject| subject.trim().chars().take(input::LINE_MAX).collect()),
        category: matter.category,
        citizen: Some(citizen).filter(|citizen| *citizen != CitizenInput::default()),
        place: matter.place,
        received_at: Some(received_at(act, inbound)),
        override_reason: matter.override_reason,
        ..Register::default()
    }
}

/// When the channel got it. A clock of the peer that runs ahead, or stands years back, is not believed.
pub(super) fn received_at(act: &Act, inbound: &Inbound) -> Time {
    let oldest = act.now.plus_days(-365 * 5);
    inbound.received_at.filter(|at| *at > oldest).map_or(act.now, |at| at.min(act.now))
}

/// Words without what no text has: characters that only steer a terminal.
pub(super) fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect()
}

/// Lays the files of an item with its case; the raw bytes stay with the item.
pub(super) fn attach_files(
    connection: &mut DbConnection,
    act: &Act,
    item: IntakeItemId,
    case: CaseId,
) -> Result<()> {
    let act = as_citizen(act, case);
    for kept in files::of_item(connection, &act, item)? {
        if kept.role == FileRole::Attachment && kept.attachment.is_none() {
            let attached = attach::add(connection, &act, case, &kept.file)?;
            files::attached(connection, kept.id, attached.id)?;
        }
    }
    Ok(())
}
