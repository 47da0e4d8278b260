//! What was said on a case, in and out, as one list: when, by which way, and whether it arrived.

use diesel::prelude::*;
use serde::Serialize;

use super::ItemState;
use crate::db::DbConnection;
use crate::db::schema::{intake_items as i, messages as m};
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, GatewayId, IntakeItemId, MessageId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::confidentiality::Disclosure;
use crate::domain::gateways;
use crate::domain::sms::replies;
use crate::domain::text::mask;
use crate::domain::vault::field;
use crate::error::Result;

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
    /// By which gateway or mailbox it came.
    pub gateway: Option<String>,
    /// Where it went, all but its end masked.
    pub address: Option<String>,
    /// The template of what went out.
    pub template: Option<String>,
    /// How far it got; `received` for what came in.
    pub state: String,
    /// When that was known for good.
    pub settled_at: Option<Time>,
    pub message_id: Option<MessageId>,
    /// The item of the communication log, where it came by the door.
    pub item_id: Option<IntakeItemId>,
}

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
type Message = (MessageId, String, String, Option<String>, Option<Sealed>, String, Time, Option<Time>);

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
        .select((
            m::id,
            m::direction,
            m::channel,
            m::template,
            m::address,
            m::state,
            m::created_at,
            m::settled_at,
        ))
        .load(connection)?;
    for (id, direction, channel, template, address, state, at, settled_at) in rows {
        if by_item.contains(&id) {
            continue;
        }
        let address = address.filter(|_| shows_words);
        let address = act.vault.open_some(connection, field!(messages::address), id, address.as_ref())?;
        all.push(CommunicationView {
            what: if direction == "in" { "message" } else { "notice" },
            address: address.map(|address| mask(&address, 4)),
            gateway: None,
            message_id: Some(id),
            item_id: None,
            at,
            direction,
            channel,
            template,
            state,
            settled_at,
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
        message_id: None,
        item_id: None,
    }
}
