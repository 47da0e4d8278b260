//! Receive: known before? → thread or register → keep, in one transaction with everything that follows from it.

use super::automatic;
use super::inbound::{Content, Enclosed, Inbound};
use super::received::Received;
use super::sender;
use super::take::{self, Taken, take};
use super::visit;
use crate::db::DbConnection;
use crate::db::types::{IntakeItemId, OfficeId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::Channel;
use crate::domain::cases::attach::StoredFile;
use crate::domain::cases::register::{self, Register, Registered};
use crate::domain::intake::steps::Step;
use crate::domain::intake::{
    FileRole, Form, ItemState, Kept, Marks, New, Outcome, StepKind, files, items, steps,
};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::sms::dialogues;
use crate::domain::text::search_key;
use crate::error::{Code, Error, Result};

/// Takes in what a channel hands over. Its files must lie in the storage already.
///
/// # Errors
/// Whatever keeps it from being taken; nothing of it is written then, and [`super::refuse`] keeps it.
pub fn receive(connection: &mut DbConnection, act: &Act, inbound: &Inbound) -> Result<Received> {
    let office = office_of(act, inbound.channel)?;
    let window = window(act)?;
    let marks = marks(act, inbound, office, window)?;
    items::one_at_a_time(connection, &marks)?;
    let known = items::known(connection, act, &marks, window)?;
    if let Some(known) = &known {
        // the same id with other words: its sender mended what could not be taken
        let is_mended = known.state == ItemState::Failed && known.content_hash != marks.content;
        if !is_mended {
            steps::add(connection, act, known.id, &[(StepKind::Deduplicated, None)])?;
            return Received::again(connection, known);
        }
    }
    let mut log = vec![(StepKind::Received, None)];
    let taken = take(connection, act, inbound, &mut log)?;
    let content = serde_json::to_string(inbound).map_err(Error::internal)?;
    let id = match known {
        Some(item) => {
            items::replace(connection, act, item.id, &content, &marks.content)?;
            items::settle(connection, act, item.id, taken.state(), &taken.outcome()?)?;
            files::clear(connection, item.id)?;
            item.id
        }
        None => {
            let id: IntakeItemId = act.id();
            let new = new(act, inbound, id, office, &marks, Some(content));
            items::insert(connection, act, &new, taken.state(), &taken.outcome()?)?;
            id
        }
    };
    files::add(connection, act, id, &kept(inbound)?)?;
    automatic::note(connection, act, id, inbound, taken.case())?;
    visit::note(connection, act, id, office, inbound, taken.case())?;
    finish(connection, act, id, taken, log)
}

/// Lays the files with the case, writes the steps, and tells the result.
pub(super) fn finish(
    connection: &mut DbConnection,
    act: &Act,
    id: IntakeItemId,
    taken: Taken,
    log: Vec<Step>,
) -> Result<Received> {
    match &taken {
        Taken::Held { dialogue, part } => dialogues::hold(connection, *dialogue, id, *part)?,
        taken => {
            taken.case().map_or(Ok(()), |case| take::attach_files(connection, act, id, case))?;
        }
    }
    steps::add(connection, act, id, &log)?;
    Ok(taken.received(id))
}

/// Registers what was filled into a form (`POST /cases`, `POST /public/cases`): whoever filled it in says that it is a
/// new case, so it joins no other; the same `external_id` is the same case, as [`register::register`] tells.
///
/// # Errors
/// Those of [`register::register`].
pub fn file(connection: &mut DbConnection, act: &Act, form: Form, wish: &Register) -> Result<Registered> {
    let done = register::register(connection, act, wish)?;
    if done.access_code.is_none() {
        if let Some(item) = items::of_case(connection, done.row.id)? {
            steps::add(connection, act, item, &[(StepKind::Deduplicated, None)])?;
        }
        return Ok(done);
    }
    let mut log = vec![(StepKind::Received, None)];
    take::log_registered(&done, &mut log);
    let outcome = Outcome { case: Some(done.row.id), ..Outcome::default() };
    let marks = filing_marks(act, wish)?;
    let failed = match marks.identity {
        Some(_) => items::known(connection, act, &marks, 0)?,
        None => None,
    };
    let id = match failed {
        Some(item) => {
            items::settle(connection, act, item.id, ItemState::Registered, &outcome)?;
            item.id
        }
        None => {
            let id: IntakeItemId = act.id();
            let new = filing(form, wish, id, done.row.intake_office_id, &marks, done.row.received_at);
            items::insert(connection, act, &new, ItemState::Registered, &outcome)?;
            id
        }
    };
    steps::add(connection, act, id, &log)?;
    Ok(done)
}

/// The item of a filing; what it says is said by the case.
pub(super) fn filing<'a>(
    form: Form,
    wish: &'a Register,
    id: IntakeItemId,
    office: OfficeId,
    marks: &'a Marks,
    received_at: crate::db::types::Time,
) -> New<'a> {
    New {
        id,
        form,
        channel: wish.channel.parse().unwrap_or(Channel::Api),
        gateway: None,
        office,
        external_id: wish.external_id.as_deref(),
        marks,
        content: None,
        raw: None,
        received_at,
    }
}

/// What a filing is known by: its id, which is one for the whole channel.
pub(super) fn filing_marks(act: &Act, wish: &Register) -> Result<Marks> {
    let id = wish.external_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    let identity = id.map(|id| act.keys.digest("intake-filing", &[&wish.channel, id]));
    let has_id = identity.is_some();
    let words = serde_json::to_string(wish).map_err(Error::internal)?;
    Ok(Marks { identity, content: act.keys.digest("intake-content", &["filing", &words]), has_id })
}

/// In whose name something is taken in on this channel; who may not do that is refused.
pub(super) fn office_of(act: &Act, channel: Channel) -> Result<OfficeId> {
    match &act.actor {
        Actor::Staff(_) => policy::allow_anywhere(act, Verb::Register),
        Actor::Gateway { office, channels, .. } => {
            let is_own = channels.iter().any(|own| own == "*" || own == channel.as_str());
            if is_own { Ok(*office) } else { Err(Error::Forbidden(Code::Forbidden)) }
        }
        Actor::System => Ok(act.rules.offices.centre()),
        Actor::Citizen { .. } | Actor::Public => Err(Error::Forbidden(Code::Forbidden)),
    }
}

/// Seconds within which the same content is the same delivery.
pub(super) fn window(act: &Act) -> Result<i64> {
    Ok(act.rules.number("intake_repeat_minutes")?.max(1) * 60)
}

/// What an item is known by. Ids of two gateways may be equal by chance, and so may registry numbers of two offices.
pub(super) fn marks(act: &Act, inbound: &Inbound, office: OfficeId, window: i64) -> Result<Marks> {
    let scope = match (&act.actor, &inbound.gateway) {
        (Actor::Gateway { id, .. }, _) => format!("gateway:{id}"),
        (_, Some(name)) => format!("name:{name}"),
        (_, None) => format!("office:{office}"),
    };
    let content = content_mark(act, inbound)?;
    let id = inbound.external_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    let identity = match id {
        Some(id) => act.keys.digest("intake-id", &[inbound.channel.as_str(), &scope, id]),
        None => {
            let bucket = act.now.as_microsecond().div_euclid(1_000_000 * window).to_string();
            act.keys.digest("intake-bucket", &[&content, &bucket])
        }
    };
    Ok(Marks { identity: Some(identity), content, has_id: id.is_some() })
}

fn content_mark(act: &Act, inbound: &Inbound) -> Result<String> {
    let (from, _) = sender::told(&inbound.sender, None);
    let from =
        [from.mobile, from.phone, from.email, from.national_id, from.name].map(Option::unwrap_or_default);
    let words = search_key(&format!("{} {}", inbound.subject.as_deref().unwrap_or_default(), inbound.text));
    // a sender that cannot be read still tells two apart
    let raw_from = inbound.sender.number.clone().unwrap_or_default();
    let mut parts = vec![inbound.channel.as_str(), words.as_str(), raw_from.as_str()];
    parts.extend(from.iter().map(String::as_str));
    let digests = inbound.enclosed.iter().map(|file| stored(file).map(|file| file.sha256));
    let digests: Vec<String> = digests.collect::<Result<_>>()?;
    parts.extend(digests.iter().map(String::as_str));
    Ok(act.keys.digest("intake-content", &parts))
}

/// The item of an inbound.
pub(super) fn new<'a>(
    act: &Act,
    inbound: &'a Inbound,
    id: IntakeItemId,
    office: OfficeId,
    marks: &'a Marks,
    content: Option<String>,
) -> New<'a> {
    New {
        id,
        form: inbound.form,
        channel: inbound.channel,
        gateway: inbound.gateway.as_deref(),
        office,
        external_id: inbound.external_id.as_deref().map(str::trim).filter(|id| !id.is_empty()),
        marks,
        content,
        raw: None,
        received_at: take::received_at(act, inbound),
    }
}

/// The files of an inbound, as they are kept with its item.
pub(super) fn kept(inbound: &Inbound) -> Result<Vec<Kept>> {
    let of = |role| move |file: &Enclosed| Ok(Kept { role, file: stored(file)? });
    let attached = inbound.enclosed.iter().map(of(FileRole::Attachment));
    attached.chain(inbound.raw.iter().map(of(FileRole::Raw))).collect()
}

fn stored(file: &Enclosed) -> Result<StoredFile> {
    let Content::Stored { sha256, size, media_type } = &file.content else {
        return Err(Error::internal("a file of intake was not put into the storage"));
    };
    let name = file.name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    let name = if name.trim().is_empty() { "file".to_owned() } else { name.trim().to_owned() };
    Ok(StoredFile { name, media_type: media_type.clone(), size: *size, sha256: sha256.clone() })
}
