//! What was said on a case, in and out, as one list: when, by which way, and whether it arrived.

use diesel::prelude::*;
use serde::Serialize;

use super::ItemState;
use crate::db::DbConnection;
use crate::db::schema::{intake_items as i, messages as m, outbox as o};
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, GatewayId, IntakeItemId, MessageId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::confidentiality::Disclosure;
use crate::domain::gateways;
use crate::domain::masking::{Known, Masker};
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Hold;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::sms::replies;
use crate::domain::text::mask;
use crate::domain::vault::field;
use crate::error::{Language, Result};
use crate::text_enum;

/// One communication of a case.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CommunicationView {
    /// When the channel got it, or when it was queued.
    pub at: Time,
    /// `in` or `out`.
    pub direction: String,
    /// `filing`, `message`, `notice`, or `answer` to an SMS.
    pub what: &'static str,
    pub channel: String,
    /// By which gateway or mailbox it came or went.
    pub gateway: Option<String>,
    /// Where it went, all but its end masked.
    pub address: Option<String>,
    /// The template of what went out.
    pub template: Option<String>,
    /// How far it got; `received` for what came in.
    pub state: String,
    /// When that was known for good.
    pub settled_at: Option<Time>,
    #[serde(flatten)]
    pub sending: Option<SendingView>,
    pub message_id: Option<MessageId>,
    /// The item of the communication log, where it came by the door.
    pub item_id: Option<IntakeItemId>,
}

/// How the sending of a notice goes on.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SendingView {
    /// How often it was tried.
    pub attempts: i32,
    /// What the last try ended with, without addresses.
    pub error: Option<String>,
    /// What it waits for; none where nothing more comes.
    pub waits_for: Option<WaitsFor>,
    /// When it is tried next.
    pub next_at: Option<Time>,
    /// The message that reached nobody before, in whose place it goes by another way.
    pub fallback_of: Option<MessageId>,
    /// Whether the reader may have it sent again.
    pub may_resend: bool,
}

text_enum! {
    /// What keeps a notice from being known to have arrived.
    pub enum WaitsFor {
        /// A worker takes it up in a moment.
        Sending = "sending",
        /// The end of the hours in which no telephone is made to ring.
        QuietHours = "quiet_hours",
        /// Its turn at a gateway that takes so many a minute.
        Turn = "turn",
        /// Another try, since the last one failed.
        Retry = "retry",
        /// People who print and post it.
        Printing = "printing",
        /// The carrier, who has not told yet whether it arrived.
        Report = "report",
    }
}

type Waiting = (MessageId, Time, Option<Hold>);
type Inbound = (
    IntakeItemId,
    String,
    Option<String>,
    Option<GatewayId>,
    ItemState,
    Option<MessageId>,
    Time,
    Option<Time>,
);

#[derive(Queryable, Selectable)]
#[diesel(table_name = m)]
struct Message {
    id: MessageId,
    direction: String,
    channel: String,
    template: Option<String>,
    address: Option<Sealed>,
    state: DeliveryState,
    attempts: i32,
    error: Option<String>,
    fallback_of: Option<MessageId>,
    created_at: Time,
    settled_at: Option<Time>,
    gateway: Option<String>,
}

impl Message {
    fn sending(
        &mut self,
        waiting: Option<&Waiting>,
        may_resend: bool,
        masker: &mut Masker,
    ) -> Option<SendingView> {
        if self.direction != "out" {
            return None;
        }
        Some(SendingView {
            attempts: self.attempts,
            error: self.error.take().map(|words| masker.mask(&words)),
            waits_for: self.waits_for(waiting),
            next_at: waiting.map(|(_, next_at, _)| *next_at),
            fallback_of: self.fallback_of,
            may_resend: may_resend && waiting.is_none() && self.template.is_some(),
        })
    }

    fn waits_for(&self, waiting: Option<&Waiting>) -> Option<WaitsFor> {
        match (waiting, self.state) {
            (Some((_, _, Some(Hold::QuietHours))), _) => Some(WaitsFor::QuietHours),
            (Some((_, _, Some(Hold::Turn))), _) => Some(WaitsFor::Turn),
            (Some(_), _) if self.attempts > 0 => Some(WaitsFor::Retry),
            (Some(_), _) => Some(WaitsFor::Sending),
            (None, DeliveryState::Queued) => Some(WaitsFor::Printing),
            (None, DeliveryState::Sent | DeliveryState::AtCarrier) if self.channel != "email" => {
                Some(WaitsFor::Report)
            }
            (None, _) => None,
        }
    }
}

/// Everything said on a case, oldest first; addresses only where its words are shown.
pub fn of_case(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    disclosed: &Disclosure,
) -> Result<Vec<CommunicationView>> {
    let shows_words = disclosed.still(connection, act, row)?.shows_words(row.id);
    let mut all = inbound(connection, row.id)?;
    let by_item: Vec<MessageId> = all.iter().filter_map(|one| one.message_id).collect();
    if !all.iter().any(|one| one.what == "filing") {
        all.push(filing(row));
    }
    let rows: Vec<Message> = m::table
        .filter(m::case_id.eq(row.id).and(m::audience.eq("citizen")))
        .order(m::id)
        .select(Message::as_select())
        .load(connection)?;
    let ids: Vec<MessageId> = rows.iter().map(|row| row.id).collect();
    let waiting: Vec<Waiting> = o::table
        .filter(o::message_id.eq_any(ids))
        .select((o::message_id, o::next_at, o::held))
        .load(connection)?;
    let may_resend = policy::allow_anywhere(act, Verb::Resend).is_ok();
    // a carrier likes to quote the address
    let mut masker = Masker::new(&Known::default(), Language::En);
    for mut row in rows.into_iter().filter(|row| !by_item.contains(&row.id)) {
        let address = row.address.take().filter(|_| shows_words);
        let address = act.vault.open_some(connection, field!(messages::address), row.id, address.as_ref())?;
        let waits = waiting.iter().find(|(id, ..)| *id == row.id);
        all.push(CommunicationView {
            what: if row.direction == "in" { "message" } else { "notice" },
            address: address.map(|address| mask(&address, 4)),
            sending: row.sending(waits, may_resend, &mut masker),
            gateway: row.gateway,
            message_id: Some(row.id),
            item_id: None,
            at: row.created_at,
            direction: row.direction,
            channel: row.channel,
            template: row.template,
            state: row.state.to_string(),
            settled_at: row.settled_at,
        });
    }
    all.extend(replies::of_case(connection, row.id)?.into_iter().map(answered));
    all.sort_by_key(|one| (one.at, one.message_id));
    Ok(all)
}

fn inbound(connection: &mut DbConnection, case: CaseId) -> Result<Vec<CommunicationView>> {
    let rows: Vec<Inbound> = i::table
        .filter(i::case_id.eq(case))
        .order(i::id)
        .select((
            i::id,
            i::channel,
            i::gateway,
            i::gateway_id,
            i::state,
            i::message_id,
            i::received_at,
            i::settled_at,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, channel, gateway, gateway_id, state, message_id, at, settled_at)| {
            let by_key = gateway_id.map(|id| gateways::name(connection, id)).transpose()?;
            Ok(CommunicationView {
                direction: "in".into(),
                what: if state == ItemState::Registered { "filing" } else { "message" },
                gateway: gateway.or(by_key),
                address: None,
                template: None,
                state: "received".into(),
                sending: None,
                item_id: Some(id),
                at,
                channel,
                settled_at,
                message_id,
            })
        })
        .collect()
}

/// An answer by SMS to a word that was no part of the case, such as the question how far it is.
fn answered((template, state, at, settled_at): replies::Said) -> CommunicationView {
    CommunicationView {
        at,
        direction: "out".into(),
        what: "answer",
        channel: "sms".into(),
        gateway: None,
        address: None,
        template: Some(template),
        state: state.to_string(),
        settled_at,
        sending: None,
        message_id: None,
        item_id: None,
    }
}

/// The filing of a case that came before there was a log.
fn filing(row: &CaseRow) -> CommunicationView {
    CommunicationView {
        at: row.received_at,
        direction: "in".into(),
        what: "filing",
        channel: row.channel.to_string(),
        gateway: None,
        address: None,
        template: None,
        state: "received".into(),
        settled_at: Some(row.registered_at),
        sending: None,
        message_id: None,
        item_id: None,
    }
}
