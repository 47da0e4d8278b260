//! A finished call as the agent or the exchange hands it over: what was said, or the recording of a voicemail.

use serde::{Deserialize, Serialize};

use super::door::office_of;
use super::form::{Raw, Scan, enclosed, json};
use super::inbound::{Inbound, Matter, Particulars, Sender, Vouch};
use crate::db::DbConnection;
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::Channel;
use crate::domain::cases::register::Place;
use crate::domain::intake::Form;
use crate::domain::phone::{self, Finished};
use crate::error::{Fields, Result};

/// A finished call.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Call {
    /// The exchange's id of the call; the same call is taken once.
    pub call_id: Option<String>,
    /// Number of the caller.
    pub from: Option<String>,
    /// The line called.
    pub to: Option<String>,
    pub received_at: Option<Time>,
    pub queue: Option<String>,
    pub waited_seconds: Option<u32>,
    pub length_seconds: Option<u32>,
    /// The caller left a recorded message.
    pub voicemail: bool,
    pub name: Option<String>,
    pub national_id: Option<String>,
    pub subject: Option<String>,
    /// What was said, as the agent or a transcriber wrote it; without it a recording waits to be keyed.
    pub text: Option<String>,
    /// Audio files.
    pub recordings: Vec<Scan>,
    /// Code of the kind; a request when missing.
    pub kind: Option<String>,
    pub category: Option<String>,
    pub place: Option<Place>,
    /// Why it is registered although the citizen reached the day's cap.
    pub override_reason: Option<String>,
}

/// Ties a case to the finished call that it was told in; anything else is no call.
pub(super) fn tie(connection: &mut DbConnection, act: &Act, inbound: &Inbound, case: CaseId) -> Result<()> {
    let Particulars::Call { queue, waited_seconds, length_seconds } = &inbound.particulars else {
        return Ok(());
    };
    let seconds = |told: Option<u32>| told.and_then(|seconds| i32::try_from(seconds).ok());
    let kept = |text: &Option<String>| {
        let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        text.map(|text| text.chars().take(200).collect::<String>())
    };
    let told = Finished {
        external_id: kept(&inbound.external_id),
        number: inbound.sender.number.clone(),
        line: kept(&inbound.recipient),
        queue: kept(queue),
        waited: seconds(*waited_seconds),
        length: seconds(*length_seconds),
        at: inbound.received_at,
    };
    let call = phone::finished(connection, act, office_of(act, inbound.channel)?, &told)?;
    phone::tie(connection, act, case, &call).map(drop)
}

/// Reads a finished call.
pub(super) fn read(raw: &Raw) -> Result<Inbound> {
    let call: Call = json(raw)?;
    let mut fields = Fields::default();
    let files = enclosed("recordings", &call.recordings, &mut fields);
    fields.finish()?;
    let channel = if call.voicemail { Channel::Voicemail } else { Channel::Phone };
    let (kind, category, place) = (call.kind, call.category, call.place);
    Ok(Inbound {
        external_id: call.call_id,
        received_at: call.received_at,
        sender: Sender {
            number: call.from,
            name: call.name,
            national_id: call.national_id,
            vouch: Vouch::Channel,
            ..Sender::default()
        },
        recipient: call.to,
        subject: call.subject,
        text: call.text.unwrap_or_default(),
        enclosed: files,
        particulars: Particulars::Call {
            queue: call.queue,
            waited_seconds: call.waited_seconds,
            length_seconds: call.length_seconds,
        },
        matter: Matter { kind, category, place, override_reason: call.override_reason },
        ..Inbound::new(Form::Call, channel)
    })
}
