//! Notices to citizens and offices: queued in the transaction of the event that causes them.
//!
//! Nothing is rendered here; a row says which template with which facts. Workers render and send later, so
//! a gateway that is away delays a notice and never a case.

pub mod outbox;
pub mod reference;
mod render;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

pub use render::{Filled, Links, Rendered, SMS_VALUES, date, render};

use crate::db::DbConnection;
use crate::db::schema::{cases, messages, outbox as waiting};
use crate::db::sealed::Sealed;
use crate::db::types::{AnswerId, CaseId, CitizenId, EventId, MessageId, OfficeId, QuestionId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::AppealResult;
use crate::domain::cases::{CaseRow, Channel, last_event};
use crate::domain::citizens::{self, Citizen};
use crate::domain::conflict::Conflict;
use crate::domain::vault::{Vault, field};
use crate::error::{Error, Result};
use crate::text_enum;

text_enum! {
    /// How far a message got (design §4).
    pub enum DeliveryState {
        Queued = "queued", Sent = "sent", AtCarrier = "at_carrier", Delivered = "delivered",
        Undelivered = "undelivered", Failed = "failed", Blocked = "blocked", Unknown = "unknown",
        /// An inbound message.
        Received = "received",
    }
}

text_enum! {
    /// By which way a notice goes out.
    pub enum Outlet {
        Sms = "sms", Email = "email",
        /// To the fixed line that a fax came from.
        Fax = "fax",
        /// Printed and posted by people; it never lies in the outbox.
        Letter = "letter",
    }
}

/// What a template may need; only what the event knows is filled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<OfficeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How an appeal was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<AppealResult>,
    /// The tracking codes of the parts of a letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<String>,
    /// Leaves the row when the message is settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_code: Option<String>,
    /// A former contact, to which the notice goes by this outlet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<(Outlet, String)>,
}

impl Facts {
    /// As they are stored with a message.
    fn sealed(&self, vault: &Vault, message: MessageId) -> Result<Sealed> {
        let json = serde_json::to_string(self).map_err(|error| Error::Internal(Box::new(error)))?;
        vault.seal(field!(messages::facts), message, &json)
    }

    /// As they were stored with a message.
    fn open(
        connection: &mut DbConnection,
        vault: &Vault,
        message: MessageId,
        sealed: &Sealed,
    ) -> Result<Self> {
        let json = vault.open(connection, field!(messages::facts), message, sealed)?;
        serde_json::from_str(&json).map_err(|error| Error::Internal(Box::new(error)))
    }
}

/// Where a notice goes.
#[derive(Debug, Clone, Copy)]
enum Audience {
    Citizen(CitizenId),
    Office(OfficeId),
}

impl Outlet {
    /// Whether a gateway carries it; a letter waits for people.
    pub fn is_electronic(self) -> bool {
        self != Outlet::Letter
    }
}

/// The outlets that reach a citizen, best first: the preferred one, then the one the case came by. Paper is the last,
/// unless it is preferred.
pub fn outlets(citizen: &Citizen, channel: Channel) -> Vec<Outlet> {
    let by_channel = match channel {
        Channel::Email | Channel::Web | Channel::Api => Outlet::Email,
        _ => Outlet::Sms,
    };
    let preferred = match citizen.preferred_channel.as_deref() {
        Some("email") => Outlet::Email,
        Some("sms") => Outlet::Sms,
        Some("letter") => Outlet::Letter,
        Some(_) | None => by_channel,
    };
    let mut order = vec![preferred];
    order.extend(Outlet::ALL.iter().copied().filter(|outlet| *outlet != preferred));
    // a fixed line is a fax only where a fax came from
    order.retain(|outlet| *outlet != Outlet::Fax || channel == Channel::Fax);
    order.retain(|outlet| address(citizen, *outlet).is_some());
    order
}

/// The notice whose code proves the citizen to staff: nobody of staff may hold it in the hand.
const NEVER_ON_PAPER: &str = "export_code";

/// The outlets that one notice may take, best first.
fn ways(citizen: &Citizen, channel: Channel, template: Option<&str>) -> Vec<Outlet> {
    let mut ways = outlets(citizen, channel);
    ways.retain(|outlet| outlet.is_electronic() || template != Some(NEVER_ON_PAPER));
    ways
}

/// The citizen's address for an outlet.
pub fn address(citizen: &Citizen, outlet: Outlet) -> Option<&str> {
    match outlet {
        Outlet::Sms => citizen.mobile.as_deref(),
        Outlet::Email => citizen.email.as_deref(),
        Outlet::Fax => citizen.phone.as_deref(),
        Outlet::Letter => citizen.address.as_deref(),
    }
}

/// Queues the acknowledgement of a new case.
pub fn registered(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    citizen: Option<&Citizen>,
    event: EventId,
    facts: &Facts,
    is_downgraded: bool,
) -> Result<()> {
    let Some(citizen) = citizen else { return Ok(()) };
    queue_for(connection, act, row, citizen, event, "case_registered", facts)?;
    if is_downgraded {
        queue_for(connection, act, row, citizen, event, "case_downgraded", facts)?;
    }
    Ok(())
}

/// Queues a notice to the citizen of a case, where one can be reached.
pub fn to_citizen(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    event: EventId,
    template: &str,
    facts: &Facts,
) -> Result<()> {
    let Some(id) = row.citizen_id else { return Ok(()) };
    let citizen = citizens::load(connection, &act.vault, id)?;
    queue_for(connection, act, row, &citizen, event, template, facts)
}

/// The same for a case by its id, under its latest event.
pub fn to_citizen_of(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    template: &str,
    facts: &Facts,
) -> Result<()> {
    let row: CaseRow = cases::table.find(case).select(CaseRow::as_select()).first(connection)?;
    let event = last_event(connection, case)?;
    to_citizen(connection, act, &row, event, template, facts)
}

/// Queues a notice to a contact that the citizen of a case had before.
pub fn to_former(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    event: EventId,
    template: &str,
    language: &str,
    former: (Outlet, String),
) -> Result<()> {
    let Some(id) = row.citizen_id else { return Ok(()) };
    let outlet = former.0;
    let facts = Facts { former: Some(former), ..Facts::default() };
    queue(connection, act, row, event, Audience::Citizen(id), outlet, template, language, &facts)
}

/// By which way one notice goes: the answer to a letter is a letter and to a fax a fax, unless its writer prefers another
/// way.
fn outlet_for(citizen: &Citizen, channel: Channel, template: &str, facts: &Facts) -> Option<Outlet> {
    let outlets = ways(citizen, channel, Some(template));
    let same = match channel {
        Channel::Letter => Some(Outlet::Letter),
        Channel::Fax => Some(Outlet::Fax),
        _ => None,
    };
    let is_written = citizen.preferred_channel.is_none() && facts.answer.is_some();
    let same = same.filter(|outlet| is_written && outlets.contains(outlet));
    same.or_else(|| outlets.first().copied())
}

fn queue_for(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    citizen: &Citizen,
    event: EventId,
    template: &str,
    facts: &Facts,
) -> Result<()> {
    match outlet_for(citizen, row.channel, template, facts) {
        Some(outlet) => {
            let to = Audience::Citizen(citizen.id);
            queue(connection, act, row, event, to, outlet, template, &citizen.language, facts)
        }
        None => Ok(()),
    }
}

/// Queues a notice to an office that has an e-mail address and no conflict of interest.
pub fn to_office(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    event: EventId,
    office: OfficeId,
    template: &str,
    facts: &Facts,
) -> Result<()> {
    let has_address = act.rules.offices.get(office).is_some_and(|office| office.email.is_some());
    // nobody hears by mail of a case that is about them (tag S4.7)
    if !has_address || Conflict::of(connection, &act.rules, row)?.bars_office(&act.rules.offices, office) {
        return Ok(());
    }
    queue(connection, act, row, event, Audience::Office(office), Outlet::Email, template, "fa", facts)
}

#[expect(clippy::too_many_arguments, reason = "one column each of the row that is queued")]
fn queue(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    event: EventId,
    to: Audience,
    outlet: Outlet,
    template: &str,
    language: &str,
    facts: &Facts,
) -> Result<()> {
    use messages as m;
    let id: MessageId = act.id();
    let facts = facts.sealed(&act.vault, id)?;
    let (audience, citizen, office) = match to {
        Audience::Citizen(citizen) => ("citizen", Some(citizen), None),
        Audience::Office(office) => ("office", None, Some(office)),
    };
    diesel::insert_into(m::table)
        .values((
            (m::id.eq(id), m::case_id.eq(row.id), m::event_id.eq(event), m::direction.eq("out")),
            (m::audience.eq(audience), m::citizen_id.eq(citizen), m::office_id.eq(office)),
            (m::channel.eq(outlet), m::template.eq(template), m::language.eq(language), m::facts.eq(facts)),
            (m::state.eq(DeliveryState::Queued), m::attempts.eq(0), m::created_at.eq(act.now)),
        ))
        .execute(connection)?;
    if outlet.is_electronic() { enqueue(connection, id, act.now) } else { Ok(()) }
}

/// Puts a message into the outbox, to be sent from `next_at` on.
pub fn enqueue(connection: &mut DbConnection, message: MessageId, next_at: Time) -> Result<()> {
    diesel::insert_into(waiting::table)
        .values((waiting::message_id.eq(message), waiting::next_at.eq(next_at)))
        .execute(connection)?;
    Ok(())
}
