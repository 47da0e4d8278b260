//! Mails that no person wrote to us now: reports of mail servers, answers of machines, our own mail come back, and the
//! loop of two robots that nobody recognised. None of them is ever answered.

use super::email::{Bounce, Fate, Kind, MailParticulars};
use super::inbound::{Inbound, Particulars};
use super::sender;
use super::take::Taken;
use super::thread;
use crate::db::DbConnection;
use crate::db::types::{CaseId, IntakeItemId, MessageId};
use crate::domain::actor::Act;
use crate::domain::intake::steps::Step;
use crate::domain::intake::{DiscardReason, StepKind, mails};
use crate::domain::notifications::outbox::{self, Fate as MessageFate};
use crate::domain::notifications::{self, Facts, reference};
use crate::error::{Error, Result};

/// An hour and a day, in seconds.
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

fn particulars(inbound: &Inbound) -> Option<&MailParticulars> {
    match &inbound.particulars {
        Particulars::Mail(mail) => Some(mail),
        Particulars::None
        | Particulars::Sms { .. }
        | Particulars::Fax { .. }
        | Particulars::Letter { .. }
        | Particulars::Visit { .. }
        | Particulars::Call { .. } => None,
    }
}

/// What becomes of a mail that is no person's; none for all else, which is taken as anything is.
///
/// Whatever a header says for certain is set aside; where only a subject hints at a machine, or a machine wrote of its
/// own accord, a person looks. More mails of one address in an hour, or on one case in a day, than people write wait too.
pub(super) fn recognise(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    log: &mut Vec<Step>,
) -> Result<Option<Taken>> {
    let Some(mail) = particulars(inbound) else { return Ok(None) };
    let own = inbound.thread.message_id.as_deref().and_then(|id| reference::read(&act.keys, id));
    if own.is_some() {
        return Ok(Some(set_aside(DiscardReason::OwnMail, None, log)));
    }
    let waits = |reason: &str, log: &mut Vec<Step>| {
        log.push((StepKind::ToKey, Some(reason.into())));
        Some(Taken::ToKey(reason.into()))
    };
    match &mail.kind {
        Kind::Ordinary => {}
        Kind::Bounce(bounce) => {
            let case = settle(connection, act, bounce, log)?;
            return Ok(Some(set_aside(DiscardReason::DeliveryReport, case, log)));
        }
        Kind::AutomaticReply => {
            let case = thread::of_reference(connection, act, inbound)?.first().copied();
            return Ok(Some(set_aside(DiscardReason::AutomaticReply, case, log)));
        }
        Kind::LooksAutomatic => return Ok(waits("looks_automatic", log)),
        Kind::Generated => return Ok(waits("machine_mail", log)),
        Kind::List => return Ok(waits("list_mail", log)),
    }
    if is_loop(connection, act, inbound)? {
        return Ok(waits("mail_loop", log));
    }
    Ok(None)
}

fn set_aside(reason: DiscardReason, case: Option<CaseId>, log: &mut Vec<Step>) -> Taken {
    log.push((StepKind::SetAside, Some(reason.to_string())));
    metrics::counter!("samad_mails_set_aside_total", "reason" => reason.as_str()).increment(1);
    Taken::SetAside { reason, case }
}

/// Lays a report on the messages that it names and whose Message-IDs are ours; gives the case of the first.
fn settle(
    connection: &mut DbConnection,
    act: &Act,
    bounce: &Bounce,
    log: &mut Vec<Step>,
) -> Result<Option<CaseId>> {
    let mut case = None;
    let mut settled: Vec<MessageId> = Vec::new();
    for named in &bounce.named {
        let Some(message) = reference::read(&act.keys, named).filter(|id| !settled.contains(id)) else {
            continue;
        };
        settled.push(message);
        let fate = match bounce.fate {
            Fate::Hard => MessageFate::Refused,
            Fate::Soft => MessageFate::GivenUp,
            Fate::Delayed => MessageFate::Delayed,
            Fate::Delivered => MessageFate::Arrived,
        };
        match outbox::bounced(connection, act, message, fate, bounce.status.as_deref()) {
            Ok(_) => case = case.or(Some(outbox::case_of(connection, message)?)),
            // it was erased meanwhile
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        }
        log.push((StepKind::Bounced, Some(fate.as_str().into())));
    }
    Ok(case)
}

/// Whether more came from this address, or on the case that it answers, than a person writes.
fn is_loop(connection: &mut DbConnection, act: &Act, inbound: &Inbound) -> Result<bool> {
    let Some(sender) = sender_mark(act, inbound) else { return Ok(false) };
    let since = act.now.plus_seconds(-HOUR);
    if mails::from_sender(connection, &sender, since)? >= act.rules.number("mail_address_hourly")? {
        return Ok(true);
    }
    let Some(case) = thread::of_reference(connection, act, inbound)?.first().copied() else {
        return Ok(false);
    };
    let since = act.now.plus_seconds(-DAY);
    Ok(mails::on_case(connection, case, since)? >= act.rules.number("mail_case_daily")?)
}

/// A keyed digest of the sender's address: nobody who reads the table can try addresses.
fn sender_mark(act: &Act, inbound: &Inbound) -> Option<String> {
    let (told, _) = sender::told(&inbound.sender, None);
    let address = told.email.or_else(|| inbound.sender.email.clone())?;
    Some(act.keys.digest("mail-sender", &[&address.trim().to_lowercase()]))
}

/// Notes a mail with its sender, its Message-ID and its case: by these it is answered and robots are stopped.
pub(super) fn note(
    connection: &mut DbConnection,
    act: &Act,
    item: IntakeItemId,
    inbound: &Inbound,
    case: Option<CaseId>,
) -> Result<()> {
    if particulars(inbound).is_none() {
        return Ok(());
    }
    let sender = sender_mark(act, inbound).unwrap_or_default();
    mails::note(connection, act, item, &sender, inbound.thread.message_id.as_deref(), case)
}

/// Tells the citizen that the mail was too large and its files were not taken.
pub(super) fn tell_cut(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    case: CaseId,
) -> Result<()> {
    if particulars(inbound).is_some_and(|mail| mail.is_cut) {
        notifications::to_citizen_of(connection, act, case, "mail_too_large", &Facts::default())?;
    }
    Ok(())
}
