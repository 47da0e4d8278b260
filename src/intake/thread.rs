//! To which case something belongs that came in.
//!
//! A code alone joins nothing: whoever quotes it must also be the citizen of the case, by identifier or contact. Nothing
//! is told to one who is not, not even that the code exists.

use diesel::prelude::*;

use super::codes::codes_in;
use super::inbound::{Inbound, Vouch};
use super::sender::is_sender;
use crate::db::DbConnection;
use crate::db::schema::{cases, messages};
use crate::db::types::{CaseId, CitizenId};
use crate::domain::actor::Act;
use crate::domain::cases::Channel;
use crate::domain::cases::life::Status;
use crate::domain::citizens::{self, Citizen, Identity};
use crate::domain::notifications::reference;
use crate::error::Result;

/// By what a case was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    Code,
    Reference,
    Sender,
}

impl Ground {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Ground::Code => "code",
            Ground::Reference => "reference",
            Ground::Sender => "sender",
        }
    }
}

/// Cases that it may belong to, the surest first; and how many codes it quoted that are not the sender's.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) cases: Vec<(CaseId, Ground)>,
    pub(super) unproved: usize,
}

/// Looks for the case: by code, by the mail it answers, by its sender.
pub(super) fn find(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    who: &Identity,
) -> Result<Found> {
    let mut found = Found::default();
    let words = format!("{}\n{}", inbound.subject.as_deref().unwrap_or_default(), inbound.text);
    for code in codes_in(&words) {
        match of_code(connection, act, code.as_str(), who)? {
            Some(case) => found.cases.push((case, Ground::Code)),
            None => found.unproved += 1,
        }
    }
    let answered = of_reference(connection, act, inbound)?;
    found.cases.extend(answered.into_iter().map(|case| (case, Ground::Reference)));
    // whoever quotes a code speaks of that case and no other
    if found.cases.is_empty() && found.unproved == 0 {
        found.cases.extend(of_sender(connection, act, inbound, who)?.map(|case| (case, Ground::Sender)));
    }
    Ok(found)
}

/// Cases whose mails to their citizens it answers, by Message-IDs that only whoever got them can know.
pub(super) fn of_reference(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
) -> Result<Vec<CaseId>> {
    let mut found = Vec::new();
    for header in inbound.thread.answered().take(20) {
        let Some(message) = reference::read(&act.keys, header) else { continue };
        let case: Option<CaseId> = messages::table
            .filter(messages::id.eq(message).and(messages::audience.eq("citizen")))
            .select(messages::case_id)
            .first(connection)
            .optional()?;
        found.extend(case);
    }
    Ok(found)
}

/// The case of a code where it is the sender's.
pub(super) fn of_code(
    connection: &mut DbConnection,
    act: &Act,
    code: &str,
    who: &Identity,
) -> Result<Option<CaseId>> {
    let row: Option<(CaseId, Option<CitizenId>)> = cases::table
        .filter(cases::tracking_code.eq(code))
        .select((cases::id, cases::citizen_id))
        .first(connection)
        .optional()?;
    let Some((case, Some(citizen))) = row else { return Ok(None) };
    let citizen = citizens::find(connection, &act.vault, citizen)?;
    Ok(citizen.filter(|citizen| is_sender(citizen, who)).map(|_| case))
}

/// The citizens whose contact the sender writes from.
pub(super) fn own(connection: &mut DbConnection, act: &Act, who: &Identity) -> Result<Vec<Citizen>> {
    let contact = Identity {
        mobile: who.mobile.clone(),
        phone: who.phone.clone(),
        email: who.email.clone(),
        ..Identity::default()
    };
    let mut found = citizens::search(connection, &act.vault, &contact)?;
    found.retain(|citizen| is_sender(citizen, who));
    Ok(found)
}

/// The one open case of a sender whom the channel vouches for, where something happened in it lately.
fn of_sender(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    who: &Identity,
) -> Result<Option<CaseId>> {
    let may =
        inbound.sender.vouch == Vouch::Channel && matches!(inbound.channel, Channel::Sms | Channel::Email);
    if !may || (who.mobile.is_none() && who.phone.is_none() && who.email.is_none()) {
        return Ok(None);
    }
    let own: Vec<CitizenId> = own(connection, act, who)?.into_iter().map(|citizen| citizen.id).collect();
    let since = act.now.plus_seconds(-act.rules.number("intake_thread_hours")? * 3600);
    let open: Vec<(CaseId, crate::db::types::Time)> = cases::table
        .filter(cases::citizen_id.eq_any(own).and(cases::status.ne(Status::Closed)))
        .order(cases::id.desc())
        .limit(2)
        .select((cases::id, cases::updated_at))
        .load(connection)?;
    Ok(match open.as_slice() {
        [(case, updated_at)] if *updated_at >= since => Some(*case),
        _ => None,
    })
}
