//! A visit as the desk enters it: a counter, a people's desk, a public meeting, a provincial trip.

use serde::{Deserialize, Serialize};

use super::form::{Raw, Scan, enclosed, json};
use super::inbound::{Inbound, Matter, Particulars, Sender};
use crate::db::DbConnection;
use crate::db::types::{CaseId, IntakeItemId, OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::Channel;
use crate::domain::cases::register::Place;
use crate::domain::input;
use crate::domain::intake::Form;
use crate::domain::visits::sheet_lines::{self, Line};
use crate::domain::visits::tickets;
use crate::error::{Error, FieldError, Fields, Result};

/// A visit.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Visit {
    /// The queue's or batch's own id of it.
    pub external_id: Option<String>,
    /// Where: `visit` (counter), `desk`, `meeting` or `trip`; `visit` when missing.
    pub channel: Option<String>,
    /// Ticket of the queue.
    pub ticket: Option<String>,
    /// Name or number of the desk.
    pub desk: Option<String>,
    /// The official who was met.
    pub official: Option<String>,
    pub received_at: Option<Time>,
    pub name: Option<String>,
    pub national_id: Option<String>,
    pub mobile: Option<String>,
    pub address: Option<String>,
    pub subject: Option<String>,
    /// What the visitor said; without it a paper form waits to be keyed from its scans.
    pub text: Option<String>,
    pub scans: Vec<Scan>,
    /// Code of the kind; a request when missing.
    pub kind: Option<String>,
    pub category: Option<String>,
    pub place: Option<Place>,
    /// Why it is registered although the citizen reached the day's cap.
    pub override_reason: Option<String>,
}

/// Reads a visit.
pub(super) fn read(raw: &Raw) -> Result<Inbound> {
    inbound(json(raw)?)
}

/// A paper form of a people's desk: it is taken once, by its number in the stack.
///
/// # Errors
/// `Invalid` with every wrong field.
pub fn form_of_sheet(visit: Visit, line: Line, channel: Channel) -> Result<Inbound> {
    let read = inbound(Visit { channel: None, ..visit })?;
    let Particulars::Visit { ticket, desk, official, .. } = read.particulars else {
        return Err(Error::internal("a visit lost what it is"));
    };
    Ok(Inbound {
        channel,
        external_id: Some(line.external_id()),
        particulars: Particulars::Visit { ticket, desk, official, form: Some(line) },
        ..read
    })
}

fn inbound(visit: Visit) -> Result<Inbound> {
    let mut fields = Fields::default();
    let channel = fields.take(place_of(visit.channel.as_deref())).unwrap_or(Channel::Visit);
    let files = enclosed("scans", &visit.scans, &mut fields);
    fields.finish()?;
    let (kind, category, place) = (visit.kind, visit.category, visit.place);
    Ok(Inbound {
        external_id: visit.external_id,
        received_at: visit.received_at,
        sender: Sender {
            name: visit.name,
            national_id: visit.national_id,
            mobile: visit.mobile,
            address: visit.address,
            ..Sender::default()
        },
        subject: visit.subject,
        text: visit.text.unwrap_or_default(),
        enclosed: files,
        particulars: Particulars::Visit {
            ticket: visit.ticket,
            desk: visit.desk,
            official: visit.official,
            form: None,
        },
        matter: Matter { kind, category, place, override_reason: visit.override_reason },
        ..Inbound::new(Form::Visit, channel)
    })
}

/// What a visit is besides what was said: the ticket is served, the form is a line of its stack.
pub(super) fn note(
    connection: &mut DbConnection,
    act: &Act,
    item: IntakeItemId,
    office: OfficeId,
    inbound: &Inbound,
    case: Option<CaseId>,
) -> Result<()> {
    let Particulars::Visit { ticket, desk, form, .. } = &inbound.particulars else { return Ok(()) };
    if let Some(line) = form {
        let kind = inbound.matter.kind.as_deref().unwrap_or("request");
        sheet_lines::keyed(connection, act, *line, item, kind)?;
    }
    if let (Some(number), Some(desk)) = (ticket, desk) {
        tickets::served(connection, act, office, desk, number, case)?;
    }
    Ok(())
}

fn place_of(told: Option<&str>) -> Result<Channel, FieldError> {
    let channel = told.map_or(Ok(Channel::Visit), |code| input::choice::<Channel>("channel", code))?;
    match channel {
        Channel::Visit | Channel::Desk | Channel::Meeting | Channel::Trip => Ok(channel),
        _ => Err(FieldError::new(
            "channel",
            "unknown",
            "یکی از این‌ها: visit، desk، meeting، trip",
            "Must be one of: visit, desk, meeting, trip.",
        )),
    }
}
