//! Items that wait: tried again, keyed by a person, or set aside.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use diesel::prelude::*;

use super::automatic;
use super::codes::codes_in;
use super::door::{finish, kept};
use super::form::Raw;
use super::inbound::Inbound;
use super::received::Received;
use super::take::{self, Taken, take};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, IntakeItemId};
use crate::domain::actor::Act;
use crate::domain::cases::ask::{self, Reply};
use crate::domain::cases::register::{self, Register, Registered};
use crate::domain::intake::{
    DiscardReason, FileRole, Form, Item, ItemState, Outcome, Refusal, StepKind, files, items, steps,
};
use crate::error::{Code, Error, FieldError, Result};

/// What a waiting item says.
#[derive(Debug, Clone)]
pub enum Told {
    Words(Box<Inbound>),
    Filing(Box<Register>),
}

/// Where another try begins.
#[derive(Debug, Clone)]
pub enum Waiting {
    /// It was read before.
    Told(Told),
    /// Nothing was read of it: these bytes go through the reader of its form again.
    Raw(Raw),
    /// The same, from the storage under this digest.
    Stored { form: Form, gateway: Option<String>, media_type: String, sha256: String },
    /// It does not wait for another try; this became of it.
    Settled(Box<Received>),
}

/// What another try of an item begins with.
pub fn waiting(connection: &mut DbConnection, act: &Act, id: IntakeItemId) -> Result<Waiting> {
    let item = items::find(connection, id)?;
    if item.state != ItemState::Failed {
        return Received::again(connection, &item).map(|received| Waiting::Settled(Box::new(received)));
    }
    if let Some(json) = item.content(connection, act)? {
        return told(item.form, &json).map(Waiting::Told);
    }
    let (form, gateway) = (item.form, item.gateway.clone());
    let media_type = item.raw_type.clone().unwrap_or_default();
    if let Some(raw) = item.raw(connection, act)? {
        let bytes = BASE64_STANDARD.decode(raw).map_err(Error::internal)?;
        return Ok(Waiting::Raw(Raw { form, gateway, media_type, bytes }));
    }
    let file = files::of_item(connection, act, id)?.into_iter().find(|file| file.role == FileRole::Raw);
    let file = file.ok_or_else(|| Error::internal(format!("item {id} has neither content nor raw bytes")))?;
    let (media_type, sha256) = (file.file.media_type, file.file.sha256);
    Ok(Waiting::Stored { form, gateway, media_type, sha256 })
}

fn told(form: Form, json: &str) -> Result<Told> {
    match form {
        Form::Case | Form::PublicCase => {
            serde_json::from_str(json).map(|wish| Told::Filing(Box::new(wish))).map_err(Error::internal)
        }
        Form::Sms | Form::Fax | Form::Letter | Form::Visit | Form::Call | Form::Email => {
            serde_json::from_str(json).map(|inbound| Told::Words(Box::new(inbound))).map_err(Error::internal)
        }
    }
}

/// Takes a failed item once more, in the name of whoever handed it over; one that does not wait any more stays as it is.
///
/// # Errors
/// Whatever keeps it from being taken; [`still_failed`] then notes that.
pub fn retry(connection: &mut DbConnection, act: &Act, id: IntakeItemId, told: &Told) -> Result<Received> {
    let item = items::lock(connection, id)?;
    if item.state != ItemState::Failed {
        return Received::again(connection, &item);
    }
    let in_name = Act { actor: item.actor(), ..act.clone() };
    let mut log = vec![(StepKind::Reprocessed, None)];
    let taken = match told {
        Told::Words(inbound) => {
            if item.content(connection, act)?.is_none() {
                let content = serde_json::to_string(inbound).map_err(Error::internal)?;
                items::replace(connection, act, id, &content, &item.content_hash)?;
                files::add(connection, act, id, &kept(inbound)?)?;
            }
            let taken = take(connection, &in_name, inbound, &mut log)?;
            automatic::note(connection, act, id, inbound, taken.case())?;
            taken
        }
        Told::Filing(wish) => {
            let done = register::register(connection, &in_name, wish)?;
            take::log_registered(&done, &mut log);
            Taken::Registered(Box::new(done))
        }
    };
    items::settle(connection, act, id, taken.state(), &taken.outcome()?)?;
    finish(connection, act, id, taken, log)
}

/// Notes that another try failed.
pub fn still_failed(
    connection: &mut DbConnection,
    act: &Act,
    id: IntakeItemId,
    refusal: &Refusal,
) -> Result<Received> {
    let item = items::lock(connection, id)?;
    if item.state != ItemState::Failed {
        return Received::again(connection, &item);
    }
    items::settle(connection, act, id, ItemState::Failed, &Outcome::refused(refusal)?)?;
    let log = [(StepKind::Reprocessed, None), (StepKind::Failed, Some(refusal.reason.clone()))];
    steps::add(connection, act, id, &log)?;
    Ok(Received::waits(id, ItemState::Failed, refusal.clone()))
}

fn open(connection: &mut DbConnection, id: IntakeItemId) -> Result<Item> {
    let item = items::lock(connection, id)?;
    match item.state {
        ItemState::Failed | ItemState::ToKey => Ok(item),
        ItemState::Registered
        | ItemState::Joined
        | ItemState::Discarded
        | ItemState::Asked
        | ItemState::Answered => Err(Error::Conflict(Code::AlreadyDone)),
    }
}

/// Registers what a person keyed from an item, with its channel, its time and its files.
///
/// # Errors
/// `already_done` where it became a case already or was set aside; those of [`register::register`].
pub fn key(
    connection: &mut DbConnection,
    act: &Act,
    id: IntakeItemId,
    keyed: &Register,
) -> Result<Registered> {
    let item = open(connection, id)?;
    let wish = Register {
        channel: item.channel.to_string(),
        received_at: keyed.received_at.or(Some(item.received_at)),
        external_id: None,
        ..keyed.clone()
    };
    let done = register::register(connection, act, &wish)?;
    let outcome = Outcome { case: Some(done.row.id), ..Outcome::default() };
    items::settle(connection, act, id, ItemState::Registered, &outcome)?;
    take::attach_files(connection, act, id, done.row.id)?;
    let mut log = vec![(StepKind::Keyed, None)];
    take::log_registered(&done, &mut log);
    steps::add(connection, act, id, &log)?;
    Ok(done)
}

/// Lays what a person read in an item with a case that exists, as words of its citizen, with the item's files.
///
/// `case` is the id or the tracking code of a case that the person sees.
///
/// # Errors
/// `already_done` where it became something already or was set aside; those of [`ask::reply`].
pub fn join(
    connection: &mut DbConnection,
    act: &Act,
    id: IntakeItemId,
    case: &str,
    text: &str,
) -> Result<Item> {
    let item = open(connection, id)?;
    let case = case_of(connection, case)?;
    let reply = Reply { text: text.to_owned(), channel: Some(item.channel.to_string()) };
    let (docket, message) = match ask::reply(connection, act, case, &reply) {
        Err(Error::NotFound) => return Err(unknown_case()),
        done => done?,
    };
    let outcome = Outcome { case: Some(docket.row.id), message: Some(message), ..Outcome::default() };
    items::settle(connection, act, id, ItemState::Joined, &outcome)?;
    take::attach_files(connection, act, id, docket.row.id)?;
    steps::add(connection, act, id, &[(StepKind::Keyed, None), (StepKind::Joined, Some("person".into()))])?;
    items::find(connection, id)
}

fn case_of(connection: &mut DbConnection, told: &str) -> Result<CaseId> {
    let Some(code) = codes_in(told).into_iter().next() else {
        return told.parse().map_err(|_| unknown_case());
    };
    let found =
        cases::table.filter(cases::tracking_code.eq(code.as_str())).select(cases::id).first(connection);
    found.optional()?.ok_or_else(unknown_case)
}

fn unknown_case() -> Error {
    let (fa, en) =
        ("شناسه یا کد رهگیری پرونده‌ای که می‌بینید.", "The id or tracking code of a case that you see.");
    Error::field(FieldError::new("case", "unknown", fa, en))
}

/// Sets a waiting item aside; it is kept and counted.
///
/// # Errors
/// `already_done` where it does not wait any more.
pub fn discard(
    connection: &mut DbConnection,
    act: &Act,
    id: IntakeItemId,
    reason: DiscardReason,
) -> Result<Item> {
    open(connection, id)?;
    items::discard(connection, act, id, reason)?;
    steps::add(connection, act, id, &[(StepKind::Discarded, Some(reason.to_string()))])?;
    items::find(connection, id)
}
